// Synchronous calls of the thread that talks to MariaDB or MySQL.

import { randomInt } from 'node:crypto'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { workerUrl } from '#tango'
import type { MysqlAddress } from './mysql-address.ts'
import type { BatchMode, LinkReply, LinkRequest, StatementResult, WireResult } from './mysql-protocol.ts'

/** Longest wait for the database, a new connection included, ms. */
export const DEADLINE_MS = 5000

/** The thread keeps the deadline; should it be stuck itself, this ends the wait, ms. */
const STUCK_MS = DEADLINE_MS + 10_000

type Reply = LinkReply<WireResult>

type Call = (request: LinkRequest) => Promise<Reply>

/** One connection. Each method waits; a failure is part of the reply. */
export class MysqlLink {
  readonly #call: (request: LinkRequest) => Reply
  readonly #link: number

  constructor() {
    // loaded here: whoever has the database in a file does without
    const synckit: typeof import('synckit') = createRequire(import.meta.url)('synckit')
    // threads that begin from now on: a young generation of 3 x 1 MB instead of 3 x 16 saves memory
    setFlagsFromString('--max-semi-space-size=1')
    // one thread serves all links of the process
    this.#call = synckit.createSyncFn<Call>(fileURLToPath(workerUrl(import.meta.url, './mysql.worker')), STUCK_MS)
    this.#link = randomInt(2 ** 47)
  }

  open(address: MysqlAddress, deadlineMs: number = DEADLINE_MS): LinkReply {
    return this.#asked({ kind: 'open', link: this.#link, address, deadlineMs })
  }

  /** Executes statements, joined by semicolons, in one message. */
  batch(text: string, mode: BatchMode): LinkReply {
    return this.#asked({ kind: 'batch', link: this.#link, text, mode })
  }

  close(): void {
    this.#asked({ kind: 'close', link: this.#link })
  }

  #asked(request: LinkRequest): LinkReply {
    try {
      const reply = this.#call(request)
      return { ...reply, results: reply.results.map(resultOf) }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      return { results: [], failure: { kind: 'silent', text, errno: 0 } }
    }
  }
}

function resultOf(result: WireResult): StatementResult {
  if (result.kind !== 'rows') return result
  const { columns, cells } = result
  const rows = Array.from({ length: columns === 0 ? 0 : cells.length / columns }, (_, i) =>
    cells.slice(i * columns, (i + 1) * columns),
  )
  return { kind: 'rows', columns, rows }
}
