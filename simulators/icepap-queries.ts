// IcePAP queries of one board: keyword -> answer. Many of them also take a list of axes in system form.
import type { IcepapAxis, Register } from './icepap-axis.ts'
import { type IcepapBoard, OUTPUTS, SETTINGS } from './icepap-board.ts'
import { parameterAt } from './icepap-moves.ts'
import { ICEPAP_ERRORS, type IcepapAnswer, IcepapError } from './icepap-protocol.ts'
import { pathPosition } from './icepap-tables.ts'
import { configName, decimal, hex, integer, number, register, word } from './icepap-words.ts'

/** Answers one query of one board at one time. */
export type BoardQuery = (board: IcepapBoard, args: readonly string[], tS: number) => IcepapAnswer

const ICEPAP_VERSION = '3.23'

const VERSION_LINES: readonly string[] = [
  `SYSTEM     : ${ICEPAP_VERSION} : Mon Jan 01 00:00:00 2024`,
  `   CONTROLLER : ${ICEPAP_VERSION}`,
  `      DSP        : ${ICEPAP_VERSION}`,
  `      FPGA       : 1.00`,
  `      PCB        : 1.0`,
  `      MCPU0      : 1.19`,
  `      MCPU1      : 1.19`,
  `      MCPU2      : 1.125`,
  `   DRIVER     : ${ICEPAP_VERSION}`,
]

const MEASURES: Readonly<Record<string, number>> = {
  VCC: 80.2,
  VM: 40.1,
  I: 0.5,
  IA: 0.35,
  IB: -0.35,
  IC: 0,
  T: 31.5,
  RT: 31.5,
}

/** Queries, `n:?KEYWORD`. */
export const BOARD_QUERIES: Readonly<Record<string, BoardQuery>> = {
  VER: (_board, args) => version(args),
  MODE: ({ axis }) => axis.mode,
  ADDR: ({ axis }) => String(axis.address),
  ACTIVE: () => 'YES',
  NAME: ({ name }) => name,
  ID: (_board, [kind]) => (kind?.toUpperCase() === 'SN' ? '0000' : '0000.0000.0000'),
  POST: () => '0',
  ALARM: () => 'NO',
  WARNING: () => 'NONE',
  WTEMP: () => '45',
  STATUS: ({ axis }, _args, tS) => hex(axis.status(tS), 8),
  FSTATUS: ({ axis }, _args, tS) => hex(axis.status(tS), 8),
  _FSTATUS: ({ axis }, _args, tS) => hex(axis.status(tS), 8),
  VSTATUS: ({ axis }, _args, tS) => statusLines(axis, tS),
  STOPCODE: ({ axis }, _args, tS) => hex(axis.stopCode(tS), 4),
  VSTOPCODE: ({ axis }, _args, tS) => STOP_TEXTS[axis.stopCode(tS)] ?? 'Unknown',
  POS: ({ axis }, args, tS) => String(axis.register(register(args[0]), tS)),
  FPOS: ({ axis }, args, tS) => String(axis.register(register(args[0]), tS)),
  ENC: ({ axis }, args, tS) => {
    const name = register(args[0])
    return String(Math.round(axis.register(name, tS) * axis.encoderRatio(name)))
  },
  VELOCITY: ({ axis }, args, tS) => decimal(velocityKind(axis, args, tS)),
  ACCTIME: ({ axis }, args) => decimal(acctimeKind(axis, args)),
  JOG: ({ axis }, _args, tS) => decimal(axis.speedAt(tS)),
  HOMESTAT: ({ axis }, _args, tS) => searchText(axis, tS),
  SRCHSTAT: ({ axis }, _args, tS) => searchText(axis, tS),
  HOMEPOS: ({ axis }, args, tS) => searchPosition(axis, register(args[0]), tS),
  SRCHPOS: ({ axis }, args, tS) => searchPosition(axis, register(args[0]), tS),
  HOMEENC: ({ axis }, args, tS) => searchPosition(axis, register(args[0]), tS, 'encoder'),
  SRCHENC: ({ axis }, args, tS) => searchPosition(axis, register(args[0]), tS, 'encoder'),
  POWER: ({ axis }) => (axis.power ? 'ON' : 'OFF'),
  CFG: ({ axis }, [name]) => {
    if (name === undefined || name.toUpperCase() === 'DEFAULT') return [...axis.config].map((pair) => pair.join(' '))
    return `${name.toUpperCase()} ${configValue(axis, name)}`
  },
  CFGINFO: ({ axis }, [name]) =>
    name === undefined ? [...axis.config.keys()].map((key) => `${key} STRING`) : `${configName(axis, name)} STRING`,
  CONFIG: ({ signature }) => signature,
  MEAS: (_board, [kind]) => {
    const value = MEASURES[kind?.toUpperCase() ?? '']
    if (value === undefined) throw new IcepapError(ICEPAP_ERRORS.parameters)
    return String(value)
  },
  SYNCRES: ({ syncResolution }) => String(syncResolution),
  ECAMDAT: ({ ecam }, [count, start]) => tableLines(ecam?.values ?? [], count, start),
  LISTDAT: ({ list }, [count, start]) => tableLines(list?.values ?? [], count, start),
  PARDAT: ({ path }, [kind]) => {
    if (kind?.toUpperCase() === 'NPTS') return String(path?.points.length ?? 0)
    return (path?.points ?? []).map(({ parameter, position, slope }) => `${parameter} ${position} ${slope ?? 0}`)
  },
  PARVEL: ({ parameterSpeed }) => String(parameterSpeed),
  PARACCT: ({ parameterRampS }) => String(parameterRampS),
  PARPOS: (board, _args, tS) => {
    const parameter = parameterAt(board, tS)
    if (parameter === undefined) throw new IcepapError('Axis is not on its trajectory')
    return decimal(parameter)
  },
  PARVAL: ({ path }, [text]) => {
    const value = path === undefined ? undefined : pathPosition(path, number(text))
    if (value === undefined) throw new IcepapError(ICEPAP_ERRORS.range)
    return decimal(value)
  },
  ...Object.fromEntries(
    Object.keys(SETTINGS).map((name): [string, BoardQuery] => [name, ({ settings }) => settings.get(name) ?? '']),
  ),
  ...Object.fromEntries(
    Object.keys(OUTPUTS).map((name): [string, BoardQuery] => [name, ({ outputs }) => outputs.get(name) ?? '']),
  ),
}

/** Answer to `?VER [INFO|SAVED]`: the version in use, or the report of all parts. */
export function version(args: readonly string[]): IcepapAnswer {
  return /^(INFO|SAVED)$/i.test(args[0] ?? '') ? VERSION_LINES : ICEPAP_VERSION
}

const STOP_TEXTS: Readonly<Record<number, string>> = {
  0: 'No abnormal stop condition',
  1: 'Stop',
  2: 'Abort',
  3: 'Limit+ reached',
  4: 'Limit- reached',
  6: 'Axis disabled',
}

function velocityKind(axis: IcepapAxis, args: readonly string[], tS: number): number {
  switch (word(args[0] ?? 'NOMINAL', ['NOMINAL', 'MIN', 'MAX', 'DEFAULT', 'CURRENT'])) {
    case 'NOMINAL':
      return axis.velocity
    case 'MIN':
      return axis.options.minVelocity
    case 'MAX':
      return axis.options.maxVelocity
    case 'DEFAULT':
      return axis.options.defaultVelocity
    case 'CURRENT':
      return axis.speedAt(tS)
  }
}

function acctimeKind(axis: IcepapAxis, args: readonly string[]): number {
  switch (word(args[0] ?? 'NOMINAL', ['NOMINAL', 'STEPS', 'DEFAULT'])) {
    case 'NOMINAL':
      return axis.acctime
    case 'STEPS':
      return Math.round((axis.velocity * axis.acctime) / 2)
    case 'DEFAULT':
      return axis.options.defaultAcctime
  }
}

function searchText(axis: IcepapAxis, tS: number): string {
  const found = axis.searchState(tS)
  return found === undefined ? 'NOTFOUND 0' : `${found.state} ${found.direction}`
}

function searchPosition(axis: IcepapAxis, name: Register, tS: number, unit: 'steps' | 'encoder' = 'steps'): string {
  const position = axis.searchPosition(name, tS)
  if (position === undefined) throw new IcepapError('Signal not found')
  return String(unit === 'steps' ? position : Math.round(position * axis.encoderRatio(name)))
}

function configValue(axis: IcepapAxis, name: string): string {
  return axis.config.get(configName(axis, name)) ?? ''
}

function tableLines(values: readonly number[], count: string | undefined, start: string | undefined): string[] {
  const first = start === undefined ? 0 : integer(start)
  const length = count === undefined ? values.length : integer(count)
  const last = values.length - 1
  return values.slice(first, first + length).map((value, i) => `${first + i}/${last} : ${first + i} : ${value}`)
}

function statusLines(axis: IcepapAxis, tS: number): string[] {
  const { lower, upper, home } = axis.limits(tS)
  const yesNo = (on: boolean) => (on ? 'YES' : 'NO')
  return [
    `PRESENT    : YES`,
    `ALIVE      : YES`,
    `MODE       : ${axis.mode}`,
    `MOVING     : ${yesNo(axis.moving(tS))}`,
    `STOPCODE   : ${STOP_TEXTS[axis.stopCode(tS)] ?? 'Unknown'}`,
    `LIM+       : ${yesNo(upper)}`,
    `LIM-       : ${yesNo(lower)}`,
    `HOME       : ${yesNo(home)}`,
    `POWERON    : ${yesNo(axis.power)}`,
  ]
}
