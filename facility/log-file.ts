// The log of one child process. A disk that is full costs lines of the log, never the facility.

import { appendFile } from 'node:fs/promises'

/** Appends in order; what cannot be written is dropped. */
export class LogFile {
  readonly #path: string
  #tail: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  append(text: Uint8Array): void {
    this.#tail = this.#tail.then(() => appendFile(this.#path, text)).catch(() => undefined)
  }

  /** Resolves when everything so far is written or dropped. */
  flush(): Promise<void> {
    return this.#tail
  }
}
