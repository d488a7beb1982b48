// Synchronous calls of the thread that talks to MariaDB or MySQL.

import { randomInt } from 'node:crypto'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { workerUrl } from '#tango'
import type { MysqlAddress } from './mysql-address.ts'
import type { BatchMode, LinkReply, LinkRequest } from './mysql-protocol.ts'

/** Longest wait for the database, a new connection included, ms. */
export const DEADLINE_MS = 5000

/** The thread keeps the deadline; should it be stuck itself, this ends the wait, ms. */
const STUCK_MS = DEADLINE_MS + 10_000

type Call = (request: LinkRequest) => Promise<LinkReply>

/** One connection. Each method waits; a failure is part of the reply. */
export class MysqlLink {
  readonly #call: (request: LinkRequest) => LinkReply
  readonly #link: number

  constructor() {
    // loaded here: whoever has the database in a file does without
    const synckit: typeof import('synckit') = createRequire(import.meta.url)('synckit')
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
      return this.#call(request)
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      return { results: [], failure: { kind: 'silent', text, errno: 0 } }
    }
  }
}
