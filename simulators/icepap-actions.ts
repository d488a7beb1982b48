// IcePAP actions and settings of one board: keyword -> what it does. Many of them also take axes in system form.
import type { IcepapAxis } from './icepap-axis.ts'
import { type IcepapBoard, OUTPUTS, SETTINGS } from './icepap-board.ts'
import { jog, move, moveAlongPath, moveToParameter, updateMove } from './icepap-moves.ts'
import { ICEPAP_ERRORS, type IcepapBlock, IcepapError } from './icepap-protocol.ts'
import { decodePath, decodeValues } from './icepap-tables.ts'
import { configName, inRange, integer, number, register, sign, word } from './icepap-words.ts'

/** Carries out one action on one board at one time. */
export type BoardAction = (board: IcepapBoard, args: readonly string[], tS: number) => void

/** Actions and settings, `n:KEYWORD`. */
export const BOARD_ACTIONS: Readonly<Record<string, BoardAction>> = {
  MODE: ({ axis }, [mode]) => {
    axis.mode = word(mode, ['CONFIG', 'OPER', 'PROG', 'TEST'])
  },
  NAME: (board, args) => {
    board.name = args.join(' ')
  },
  POS: ({ axis }, args, tS) => {
    const name = register(args.length > 1 ? args[0] : undefined)
    axis.setRegister(name, integer(args.at(-1)), tS)
  },
  ENC: ({ axis }, args, tS) => {
    const name = register(args.length > 1 ? args[0] : undefined)
    axis.setRegister(name, Math.round(integer(args.at(-1)) / axis.encoderRatio(name)), tS)
  },
  VELOCITY: ({ axis }, [text]) => {
    axis.velocity = inRange(number(text), axis.options.minVelocity, axis.options.maxVelocity)
  },
  ACCTIME: ({ axis }, [text]) => {
    axis.acctime = inRange(number(text), 0.0001, 1000)
  },
  MOVE: (board, [steps], tS) => move([{ board, axisSteps: integer(steps) }], tS),
  RMOVE: (board, [steps], tS) => {
    move([{ board, axisSteps: board.axis.register('AXIS', tS) + integer(steps) }], tS)
  },
  CMOVE: (board, [steps], tS) => {
    move([{ board, axisSteps: integer(steps) }], tS, { group: false, strict: true }, 'CONFIG')
  },
  UMOVE: (board, [steps], tS) => updateMove({ board, axisSteps: integer(steps) }, tS),
  JOG: (board, [speed], tS) => jog(board, number(speed), tS),
  CJOG: (board, [speed], tS) => jog(board, number(speed), tS, 'CONFIG'),
  MOVEL: (board, [index], tS) => {
    const axisSteps = board.list?.values[integer(index)]
    if (axisSteps === undefined) throw new IcepapError(ICEPAP_ERRORS.range)
    move([{ board, axisSteps: Math.round(axisSteps) }], tS)
  },
  MOVEP: (board, [parameter], tS) => moveToParameter([board], number(parameter), tS),
  PMOVE: (board, [parameter], tS) => moveAlongPath([board], number(parameter), tS),
  STOP: (board, _args, tS) => {
    board.tracking = undefined
    board.axis.stop(tS)
  },
  ABORT: (board, _args, tS) => {
    board.tracking = undefined
    board.axis.abort(tS)
  },
  HOME: ({ axis }, [text], tS) => {
    const direction = text === undefined || Number(text) === 0 ? 1 : sign(text)
    startSearch(axis, axis.options.home - direction * axis.options.homeHalfWidth, direction, tS)
  },
  SRCH: ({ axis }, args, tS) => {
    const [signal, edge, direction] = args
    const heading = sign(direction)
    startSearch(axis, edgePosition(axis, signal, edge, heading), heading, tS)
  },
  ESYNC: ({ axis }, _args, tS) => axis.setRegister('AXIS', axis.register('MEASURE', tS), tS),
  CTRLRST: ({ axis }, _args, tS) => axis.setRegister('CTRLENC', axis.register('AXIS', tS), tS),
  POWER: ({ axis }, [state], tS) => axis.setPower(word(state, ['ON', 'OFF']) === 'ON', tS),
  CFG: ({ axis }, args) => {
    const [name, ...values] = args
    if (axis.mode !== 'CONFIG') throw new IcepapError('Axis is not in CONFIG mode')
    if (name === undefined || values.length === 0) throw new IcepapError(ICEPAP_ERRORS.parameterCount)
    if (name.toUpperCase().includes('TURN') || name.toUpperCase().endsWith('STEP'))
      inRange(number(values[0]), 1, 2 ** 31)
    axis.config.set(configName(axis, name), values.join(' ').toUpperCase())
  },
  CONFIG: (board, args) => {
    if (args.length === 0) {
      board.axis.mode = 'CONFIG'
      return
    }
    if (board.axis.mode !== 'CONFIG') throw new IcepapError('Axis is not in CONFIG mode')
    board.signature = args.join(' ')
    board.axis.mode = 'OPER'
  },
  SYNCRES: (board, [text]) => {
    board.syncResolution = inRange(integer(text), 1, 2 ** 31)
  },
  TRACK: (board, args) => track(board, 'TRACK', args),
  PTRACK: (board, args) => track(board, 'PTRACK', args),
  LTRACK: (board, args) => track(board, 'LTRACK', args),
  BLINK: (_board, [seconds]) => {
    number(seconds)
  },
  ECAMDAT: (board, args) => {
    word(args[0], ['CLEAR'])
    board.ecam = undefined
  },
  LISTDAT: (board, args) => {
    word(args[0], ['CLEAR'])
    board.list = undefined
  },
  PARDAT: (board, args) => {
    word(args[0], ['CLEAR'])
    board.path = undefined
  },
  PARVEL: (board, [text]) => {
    board.parameterSpeed = inRange(number(text), 0, 1e9)
  },
  PARACCT: (board, [text]) => {
    board.parameterRampS = inRange(number(text), 0.0001, 1000)
  },
  ...Object.fromEntries(
    Object.entries(SETTINGS).map(([name, { words }]): [string, BoardAction] => [
      name,
      ({ settings }, [value]) => {
        settings.set(name, word(value, words))
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(OUTPUTS).map(([name, sources]): [string, BoardAction] => [
      name,
      ({ outputs }, [source, polarity]) => {
        outputs.set(name, `${word(source, sources)} ${word(polarity ?? 'NORMAL', ['NORMAL', 'INVERTED'])}`)
      },
    ]),
  ),
}

/** Binary tables, `n:*KEYWORD …` and a block. Never answered; a bad block leaves the old table. */
export function loadTable(board: IcepapBoard, keyword: string, args: readonly string[], block: IcepapBlock): void {
  if (!block.ok) return
  const [first, second] = args.map((text) => text.toUpperCase())
  if (keyword === 'ECAMDAT') {
    const values = decodeValues(block.words, second ?? 'FLOAT')
    if (values !== undefined) board.ecam = { source: first ?? 'AXIS', values }
  } else if (keyword === 'LISTDAT') {
    const values = decodeValues(block.words, second ?? 'FLOAT')
    if (values !== undefined) board.list = { cyclic: first === 'CYCLIC', values }
  } else if (keyword === 'PARDAT') {
    const kind = first === 'SPLINE' || first === 'CYCLIC' ? first : 'LINEAR'
    board.path = decodePath(block.words, kind) ?? board.path
  }
}

function startSearch(axis: IcepapAxis, edge: number | undefined, direction: 1 | -1, tS: number): void {
  const reason = axis.refusal(direction, tS)
  if (reason !== undefined) throw new IcepapError(reason)
  axis.search(edge, direction, tS)
}

/** Motor position where an axis running in `direction` meets the wanted edge; undefined for signals that never come. */
function edgePosition(axis: IcepapAxis, signal: string | undefined, edge: string | undefined, direction: 1 | -1) {
  const name = word(signal, ['LIM+', 'LIM-', 'HOME', 'ENCAUX', 'INPAUX'])
  const entering = word(edge, ['POSEDGE', 'NEGEDGE']) === 'POSEDGE'
  const { lowerLimit, upperLimit, home, homeHalfWidth } = axis.options
  switch (name) {
    case 'LIM+':
      return entering === direction > 0 ? upperLimit : undefined
    case 'LIM-':
      return entering === direction < 0 ? lowerLimit : undefined
    case 'HOME':
      return home + (entering ? -direction : direction) * homeHalfWidth
    case 'ENCAUX':
    case 'INPAUX':
      return undefined
  }
}

function track(board: IcepapBoard, keyword: string, args: readonly string[]): void {
  board.tracking = [keyword, ...args].join(' ').toUpperCase()
}
