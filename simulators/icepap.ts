// An IcePAP rack on TCP: master controller and driver boards, as published clients talk to it.
// Addressing and system commands; the wire is in icepap-protocol.ts, one board's commands in icepap-queries.ts and
// icepap-actions.ts.

import { BOARD_ACTIONS, loadTable } from './icepap-actions.ts'
import { DEFAULT_AXIS, type IcepapAxisOptions } from './icepap-axis.ts'
import { IcepapBoard } from './icepap-board.ts'
import { move, moveAlongPath, moveToParameter } from './icepap-moves.ts'
import {
  formatAnswer,
  ICEPAP_ERRORS,
  type IcepapAnswer,
  type IcepapCommand,
  IcepapError,
  IcepapStream,
} from './icepap-protocol.ts'
import { BOARD_QUERIES, version } from './icepap-queries.ts'
import { hex, integer, number, word } from './icepap-words.ts'
import type { Client, Session } from './line-server.ts'

/** Monotonic seconds. */
export type Now = () => number

/** What a rack holds; board numbers are 10·rack + slot with rack 0-15 and slot 1-8. */
export interface IcepapOptions {
  readonly axes: Readonly<Record<number, Partial<IcepapAxisOptions>>>
}

/** Queries that take a list of axes in system form. */
const LIST_QUERIES = new Set('STATUS FSTATUS _FSTATUS POS FPOS ENC VELOCITY ACCTIME POWER STOPCODE MODE'.split(' '))
/** Actions that take pairs of axis and value in system form. */
const PAIR_ACTIONS = new Set('POS ENC VELOCITY ACCTIME UMOVE CMOVE JOG HOME'.split(' '))
/** Actions that take a list of axes in system form. */
const LIST_ACTIONS = new Set('STOP ABORT ESYNC CTRLRST POWER MODE'.split(' '))
const MOVE_ACTIONS = new Set(['MOVE', 'RMOVE', 'MOVEP', 'PMOVE'])
/** Words that stand before the axes of a list; registers and kinds of speed have them too. */
const NUMBER = /^[+-]?\d/

/** The rack: state shared by all clients. */
export class IcepapRack {
  readonly #now: Now
  readonly #options: IcepapOptions
  #boards: ReadonlyMap<number, IcepapBoard>
  #mode = 'OPER'
  #routes: string[] = []

  /** @throws Error naming the number when an axis address does not exist */
  constructor(options: IcepapOptions, now: Now) {
    this.#now = now
    this.#options = options
    this.#boards = makeBoards(options)
  }

  /** One client's conversation. */
  open(client: Client): Session {
    const stream = new IcepapStream(
      (command) => {
        const text = formatAnswer(command, this.execute(command))
        if (text !== undefined) client.send(text)
      },
      (command, block) => {
        const board = typeof command.address === 'number' ? this.#boards.get(command.address) : undefined
        if (board !== undefined) loadTable(board, command.keyword, command.args, block)
      },
    )
    return { receive: (bytes) => stream.receive(bytes) }
  }

  /** Carries out one command now; refusals come back as values. */
  execute(command: IcepapCommand): IcepapAnswer | IcepapError {
    try {
      if (command.address === 'broadcast') return this.#broadcast(command)
      if (command.address === undefined) return this.#system(command)
      return this.#addressed(command, command.address)
    } catch (error) {
      if (error instanceof IcepapError) return error
      throw error
    }
  }

  /** Position of an axis in motor steps, not rounded, whatever its registers say; undefined without such a board. */
  physicalAt(address: number, tS: number): number | undefined {
    return this.#boards.get(address)?.axis.physicalAt(tS)
  }

  /** Back to the state of power-up. */
  reset(): void {
    this.#boards = makeBoards(this.#options)
    this.#routes = []
    this.#mode = 'OPER'
  }

  #broadcast(command: IcepapCommand): IcepapAnswer {
    if (command.query) throw new IcepapError(ICEPAP_ERRORS.broadcastQuery)
    if (command.acknowledge) throw new IcepapError(ICEPAP_ERRORS.broadcastAcknowledge)
    const action = lookUp(BOARD_ACTIONS, command.keyword)
    const tS = this.#now()
    for (const board of this.#boards.values()) action(board, command.args, tS)
    return undefined
  }

  #addressed(command: IcepapCommand, address: number): IcepapAnswer {
    const { keyword, query, args } = command
    if (address % 10 === 0 && address <= 150) {
      if (!this.#racks().includes(address / 10)) throw new IcepapError(ICEPAP_ERRORS.absent)
      if (query && keyword === 'VER') return version(args)
      if (query && keyword === 'MODE') return this.#mode
      if (query && keyword === 'ADDR') return String(address)
      throw new IcepapError(
        keyword in BOARD_QUERIES || keyword in BOARD_ACTIONS ? ICEPAP_ERRORS.controller : ICEPAP_ERRORS.unknown,
      )
    }
    if (query) return lookUp(BOARD_QUERIES, keyword)(this.#board(address), args, this.#now())
    lookUp(BOARD_ACTIONS, keyword)(this.#board(address), args, this.#now())
    return undefined
  }

  #system(command: IcepapCommand): IcepapAnswer {
    const { keyword, query, args } = command
    const own = query ? this.#systemQuery(keyword, args) : this.#systemAction(keyword, args)
    if (own !== undefined) return own.answer
    if (query) return this.#listQuery(keyword, args, this.#now())
    return this.#listAction(keyword, args, this.#now())
  }

  #listQuery(keyword: string, args: readonly string[], tS: number): IcepapAnswer {
    const query = lookUp(BOARD_QUERIES, keyword)
    if (!LIST_QUERIES.has(keyword)) throw new IcepapError(ICEPAP_ERRORS.address)
    const { words, rest } = splitWords(args)
    return this.#list(rest)
      .map((board) => onAxis(board, () => query(board, words, tS)))
      .join(' ')
  }

  #listAction(keyword: string, args: readonly string[], tS: number): undefined {
    const action = lookUp(BOARD_ACTIONS, keyword)
    if (MOVE_ACTIONS.has(keyword)) return this.#move(keyword, args, tS)
    const { words, rest } = splitWords(args)
    if (PAIR_ACTIONS.has(keyword)) {
      for (const { board, value } of this.#pairs(rest)) onAxis(board, () => action(board, [...words, value], tS))
    } else if (LIST_ACTIONS.has(keyword)) {
      for (const board of this.#list(rest)) onAxis(board, () => action(board, words, tS))
    } else {
      throw new IcepapError(ICEPAP_ERRORS.address)
    }
    return undefined
  }

  /** Queries to the system as a whole; undefined for all others. */
  #systemQuery(keyword: string, args: readonly string[]): { answer: IcepapAnswer } | undefined {
    const racks = () => (args.length === 0 ? this.#racks() : args.map(integer))
    switch (keyword) {
      case 'VER':
        return { answer: version(args) }
      case 'MODE':
        return args.length === 0 ? { answer: this.#mode } : undefined
      case 'SYSSTAT':
        return { answer: args.length === 0 ? this.#rackMask() : this.#boardMasks(integer(args[0])) }
      case 'RID':
        return {
          answer: racks()
            .map(() => '0000.0000.0000')
            .join(' '),
        }
      case 'RTEMP':
        return {
          answer: racks()
            .map(() => '30.0')
            .join(' '),
        }
      case 'PMUX':
        return { answer: this.#routes }
      case 'LINKED':
        return { answer: [] }
      case 'HELP':
        return { answer: [...new Set([...Object.keys(BOARD_QUERIES), ...Object.keys(BOARD_ACTIONS)])].sort() }
      case 'PROG':
      case '_PROG':
        return { answer: 'OFF' }
      default:
        return undefined
    }
  }

  /** Actions on the system as a whole; undefined for all others. */
  #systemAction(keyword: string, args: readonly string[]): { answer: undefined } | undefined {
    switch (keyword) {
      case 'PMUX':
        this.#route(args)
        return { answer: undefined }
      case 'MODE':
        if (args.length !== 1) return undefined
        this.#mode = word(args[0], ['CONFIG', 'OPER', 'PROG', 'TEST'])
        return { answer: undefined }
      case 'RESET':
      case 'REBOOT':
        this.reset()
        return { answer: undefined }
      case 'PROG':
        return { answer: undefined }
      default:
        return undefined
    }
  }

  #move(keyword: string, args: readonly string[], tS: number): undefined {
    const { words, rest } = splitWords(args)
    const flags = words.map((flag) => flag.toUpperCase())
    if (flags.some((flag) => flag !== 'GROUP' && flag !== 'STRICT')) throw new IcepapError(ICEPAP_ERRORS.parameters)
    const options = { group: flags.includes('GROUP'), strict: flags.includes('STRICT') }
    if (keyword === 'MOVEP' || keyword === 'PMOVE') {
      const [parameter, ...axes] = rest
      const start = keyword === 'MOVEP' ? moveToParameter : moveAlongPath
      start(this.#list(axes), number(parameter), tS, options)
      return
    }
    const targets = this.#pairs(rest).map(({ board, value }) => {
      const from = keyword === 'RMOVE' ? board.axis.register('AXIS', tS) : 0
      return { board, axisSteps: from + integer(value) }
    })
    move(targets, tS, options)
  }

  #route(args: readonly string[]): void {
    const [first, ...others] = args.map((text) => text.toUpperCase())
    if (first === undefined) throw new IcepapError(ICEPAP_ERRORS.parameterCount)
    if (first === 'REMOVE') {
      const destination = others[0]
      this.#routes = destination === undefined ? [] : this.#routes.filter((route) => !route.endsWith(` ${destination}`))
    } else {
      this.#routes.push([first, ...others].join(' '))
    }
  }

  #board(address: number): IcepapBoard {
    if (!isBoardAddress(address)) throw new IcepapError(ICEPAP_ERRORS.address)
    const board = this.#boards.get(address)
    if (board === undefined) throw new IcepapError(ICEPAP_ERRORS.absent)
    return board
  }

  #list(texts: readonly string[]): IcepapBoard[] {
    if (texts.length === 0) throw new IcepapError(ICEPAP_ERRORS.parameterCount)
    const boards = texts.map((text) => this.#board(integer(text)))
    if (new Set(boards).size < boards.length) throw new IcepapError(ICEPAP_ERRORS.parameters)
    return boards
  }

  #pairs(texts: readonly string[]): { board: IcepapBoard; value: string }[] {
    if (texts.length % 2 !== 0) throw new IcepapError(ICEPAP_ERRORS.parameterCount)
    const boards = this.#list(texts.filter((_, i) => i % 2 === 0))
    return boards.map((board, i) => ({ board, value: texts[2 * i + 1] ?? '' }))
  }

  #racks(): number[] {
    return [...new Set([...this.#boards.keys()].map((address) => Math.floor(address / 10)))].sort((a, b) => a - b)
  }

  #rackMask(): string {
    return hex(
      this.#racks().reduce((mask, rack) => mask | (1 << rack), 0),
      4,
    )
  }

  #boardMasks(rack: number): string {
    const slots = [...this.#boards.keys()].filter((address) => Math.floor(address / 10) === rack)
    if (slots.length === 0) throw new IcepapError(ICEPAP_ERRORS.absent)
    const mask = hex(
      slots.reduce((bits, address) => bits | (1 << ((address % 10) - 1)), 0),
      2,
    )
    return `${mask} ${mask}`
  }
}

/** Board numbers are 10·rack + slot. */
export function isBoardAddress(address: number): boolean {
  const slot = address % 10
  return Number.isInteger(address) && address >= 1 && address <= 158 && slot >= 1 && slot <= 8
}

function makeBoards({ axes }: IcepapOptions): ReadonlyMap<number, IcepapBoard> {
  return new Map(
    Object.entries(axes).map(([text, options]) => {
      const address = Number(text)
      if (!isBoardAddress(address)) throw new Error(`icepap: axis ${text} does not exist; take 10 x rack + slot (1-8)`)
      return [address, new IcepapBoard(address, { ...DEFAULT_AXIS, ...options })]
    }),
  )
}

function lookUp<H>(table: Readonly<Record<string, H>>, keyword: string): H {
  const handler = Object.hasOwn(table, keyword) ? table[keyword] : undefined
  if (handler === undefined) throw new IcepapError(ICEPAP_ERRORS.unknown)
  return handler
}

/** Leading words that are no numbers, and the rest. */
function splitWords(args: readonly string[]): { words: readonly string[]; rest: readonly string[] } {
  const first = args.findIndex((text) => NUMBER.test(text))
  return first < 0 ? { words: args, rest: [] } : { words: args.slice(0, first), rest: args.slice(first) }
}

function onAxis<T>(board: IcepapBoard, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (error instanceof IcepapError) throw new IcepapError(`Axis ${board.axis.address}: ${error.message}`)
    throw error
  }
}
