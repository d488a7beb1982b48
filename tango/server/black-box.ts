// The last requests of a device, kept cheaply and formatted only when somebody reads them.

import type { DevError } from '../errors/dev-failed.ts'
import { DevFailed } from '../errors/dev-failed.ts'
import type { ClntIdent } from '../wire/tango-basic.ts'

/** Requests that are kept unless the property `blackbox_depth` says otherwise. */
const DEPTH = 50
const MAX_DEPTH = 10_000
/** A request may name thousands of attributes; the box keeps the beginning. */
const MAX_DETAIL = 1000

/** What comes behind the operation, such as ` (cmd = Stop)`; a function is called when somebody reads it. */
export type Detail = string | (() => string)

interface Entry {
  time: number
  operation: string
  detail: Detail
  host: string
  client: ClntIdent | undefined
}

/** Ring of the last requests. */
export class BlackBox {
  readonly #entries: Entry[] = []
  readonly #depth: number
  #next = 0

  /** @param depth text of the property `blackbox_depth` */
  constructor(depth?: string) {
    const wanted = Math.floor(Number(depth ?? DEPTH))
    this.#depth = wanted >= 1 ? Math.min(wanted, MAX_DEPTH) : DEPTH
  }

  /**
   * Notes a request.
   * @param time seconds since 1970
   * @param text what comes behind the operation, such as ` (cmd = Stop)`; may be empty
   * @param host address of the caller
   */
  note(time: number, operation: string, text: Detail, host: string, client: ClntIdent | undefined): void {
    const detail = typeof text === 'string' && text.length > MAX_DETAIL ? beginning(text) : text
    const entry = this.#entries[this.#next]
    if (entry === undefined) this.#entries[this.#next] = { time, operation, detail, host, client }
    else {
      entry.time = time
      entry.operation = operation
      entry.detail = detail
      entry.host = host
      entry.client = client
    }
    this.#next = (this.#next + 1) % this.#depth
  }

  /**
   * The newest `count` requests, newest first.
   * @throws DevFailed `API_BlackBoxArgument`, `API_BlackBoxEmpty`
   */
  read(count: number): string[] {
    if (count <= 0) throw failure('API_BlackBoxArgument', 'Argument to read black box out of range')
    if (this.#entries.length === 0) throw failure('API_BlackBoxEmpty', 'Nothing stored yet in black-box')
    const lines: string[] = []
    for (let back = 1; back <= Math.min(count, this.#entries.length); back += 1) {
      const entry = this.#entries[(this.#next - back + this.#depth) % this.#depth]
      if (entry !== undefined) lines.push(format(entry))
    }
    return lines
  }
}

/** A copy, not a slice: that would keep the whole text in memory. */
function beginning(text: string): string {
  return `${[...text.slice(0, MAX_DETAIL)].join('')} ...`
}

function failure(reason: string, desc: string): DevFailed {
  const error: DevError = { reason, severity: 'ERR', desc, origin: 'BlackBox::read' }
  return new DevFailed([error])
}

function format(entry: Entry): string {
  const date = new Date(entry.time * 1000)
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0')
  const day = `${two(date.getDate())}/${two(date.getMonth() + 1)}/${date.getFullYear()}`
  const time = [date.getHours(), date.getMinutes(), date.getSeconds(), date.getMilliseconds() / 10].map(two).join(':')
  const { operation, client } = entry
  const detail = typeof entry.detail === 'string' ? entry.detail : entry.detail()
  // names as native servers find them for the addresses of this machine
  const host = entry.host === '127.0.0.1' || entry.host === '::1' ? 'localhost' : entry.host
  const who =
    client === undefined
      ? ''
      : client.language === 'CPP'
        ? ` (CPP/Python client with PID ${client.pid})`
        : ` (Java client with main class ${client.mainClass})`
  // reading a readonly attribute of the interface is no operation in the eyes of native servers
  const what = operation.startsWith('_get_') ? `Attribute ${operation.slice(5)}` : `Operation ${operation}`
  return `${day} ${time} : ${what}${detail} requested from ${host}${who}`
}
