// IcePAP wire text: bytes -> commands, answers -> text. Pure, no socket, no motor.
// Framing as recorded from a published client: CR ends a command, binary blocks follow keywords that start with '*'.

/** One command as received. */
export interface IcepapCommand {
  /** The client wants `OK` or `ERROR` for an action (`#`). */
  readonly acknowledge: boolean
  /** Board number, `broadcast` for a bare colon, undefined for a system command. */
  readonly address: number | 'broadcast' | undefined
  readonly query: boolean
  /** A binary block follows (`*`). */
  readonly binary: boolean
  /** In capitals, without `#`, address, `?` and `*`. */
  readonly keyword: string
  /** The words behind the keyword, as received. */
  readonly args: readonly string[]
}

/** A binary block: 16-bit words, or what was wrong with it. */
export type IcepapBlock =
  | { readonly ok: true; readonly words: Uint16Array }
  | { readonly ok: false; readonly problem: string }

/** What an action or query gives: nothing (`OK`), one line of values, or several lines. */
export type IcepapAnswer = undefined | string | readonly string[]

/** A refusal whose text goes to the client behind `ERROR`. */
export class IcepapError extends Error {}

/** Error texts of the IcePAP firmware. */
export const ICEPAP_ERRORS = {
  unknown: 'Command not recognised',
  broadcastQuery: 'Cannot broadcast a query',
  broadcastAcknowledge: 'Cannot acknowledge a broadcast',
  parameters: 'Wrong parameter(s)',
  parameterCount: 'Wrong number of parameter(s)',
  tooMany: 'Too many parameters',
  range: 'Out of range parameter(s)',
  controller: 'Command or option not valid in controller boards',
  address: 'Bad board address',
  absent: 'Board is not present in the system',
} as const

/** Reads one command; undefined for an empty one. Text that is no command has an empty keyword. */
export function parseCommand(text: string): IcepapCommand | undefined {
  const trimmed = text.trim()
  if (trimmed === '') return undefined
  const match = /^(#?)\s*(?:(\d*):)?\s*([?*]?)\s*(\S*)\s*(.*)$/s.exec(trimmed)
  const [, hash, address, mark, keyword, rest] = match ?? []
  return {
    acknowledge: hash === '#',
    address: address === undefined ? undefined : address === '' ? 'broadcast' : Number(address),
    query: mark === '?',
    binary: mark === '*',
    keyword: (keyword ?? '').toUpperCase(),
    args: rest === undefined || rest === '' ? [] : rest.split(/\s+/),
  }
}

/** The text of an answer, line ends included, or undefined when this command gets none. */
export function formatAnswer(command: IcepapCommand, answer: IcepapAnswer | IcepapError): string | undefined {
  const token = answerToken(command)
  if (answer instanceof IcepapError) {
    return command.query || command.acknowledge ? `${token} ERROR ${answer.message}\r\n` : undefined
  }
  if (!command.query) return command.acknowledge ? `${token} OK\r\n` : undefined
  if (answer === undefined || answer === '') return `${token}\r\n`
  if (typeof answer === 'string') return `${token} ${answer}\r\n`
  return `${token} $\r\n${answer.map((line) => `${line}\r\n`).join('')}$\r\n`
}

function answerToken({ address, query, keyword }: IcepapCommand): string {
  const prefix = address === undefined ? '' : address === 'broadcast' ? ':' : `${address}:`
  return `${prefix}${query ? '?' : ''}${keyword}`
}

const BLOCK_MARK = 0xa5aa555a
const BLOCK_HEADER_SIZE = 12
const CR = 0x0d
/** Longest command line; more is thrown away up to the next CR. */
const MAX_LINE = 8192
/** Largest table of the hardware is below 50 000 words; firmware images are larger. 8 MiB bounds a client gone mad. */
const MAX_WORDS = 4 * 1024 * 1024

/** Cuts a client's bytes, in any pieces, into command texts and binary blocks. */
export class IcepapStream {
  readonly #onCommand: (command: IcepapCommand) => void
  readonly #onBlock: (command: IcepapCommand, block: IcepapBlock) => void
  #bytes = Buffer.alloc(0)
  #awaiting: IcepapCommand | undefined

  /** @param onBlock called with the command that announced the block, which is not passed to `onCommand` */
  constructor(
    onCommand: (command: IcepapCommand) => void,
    onBlock: (command: IcepapCommand, block: IcepapBlock) => void,
  ) {
    this.#onCommand = onCommand
    this.#onBlock = onBlock
  }

  /** Takes the next bytes and calls back for everything that is complete. */
  receive(bytes: Uint8Array): void {
    this.#bytes = this.#bytes.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#bytes, bytes])
    while (this.#awaiting === undefined ? this.#takeLine() : this.#takeBlock(this.#awaiting)) {
      // Each turn takes one line or one block.
    }
  }

  #takeLine(): boolean {
    const end = this.#bytes.indexOf(CR)
    if (end < 0) {
      if (this.#bytes.length > MAX_LINE) this.#bytes = this.#bytes.subarray(0, MAX_LINE + 1)
      return false
    }
    const line = this.#bytes.subarray(0, end).toString('latin1')
    this.#bytes = this.#bytes.subarray(end + 1)
    if (line.length > MAX_LINE) return true
    for (const text of line.split(';')) {
      const command = parseCommand(text)
      if (command === undefined) continue
      if (command.binary) this.#awaiting = command
      else this.#onCommand(command)
    }
    return true
  }

  #takeBlock(command: IcepapCommand): boolean {
    if (this.#bytes.length < 4) return false
    if (this.#bytes.readUInt32LE(0) !== BLOCK_MARK) {
      // Not a block after all: go on with lines, so that a slip of the client costs one command only.
      this.#finishBlock(command, { ok: false, problem: 'no start mark' }, 0)
      return true
    }
    if (this.#bytes.length < BLOCK_HEADER_SIZE) return false
    const count = this.#bytes.readUInt32LE(4)
    if (count > MAX_WORDS) {
      this.#finishBlock(command, { ok: false, problem: `${count} words` }, BLOCK_HEADER_SIZE)
      return true
    }
    const end = BLOCK_HEADER_SIZE + 2 * count
    if (this.#bytes.length < end + 1) return false
    const words = new Uint16Array(count)
    let sum = 0
    for (let i = 0; i < count; i++) {
      const word = this.#bytes.readUInt16LE(BLOCK_HEADER_SIZE + 2 * i)
      words[i] = word
      sum = (sum + word) >>> 0
    }
    const good = sum === this.#bytes.readUInt32LE(8) && this.#bytes[end] === CR
    this.#finishBlock(command, good ? { ok: true, words } : { ok: false, problem: 'wrong checksum or end' }, end + 1)
    return true
  }

  #finishBlock(command: IcepapCommand, block: IcepapBlock, taken: number): void {
    this.#bytes = this.#bytes.subarray(taken)
    this.#awaiting = undefined
    this.#onBlock(command, block)
  }
}
