// Writes HDF5 files through a worker thread. The worker starts with the first file (or `warm`), and is ended and
// replaced after any error, because the library cannot be trusted then: all files that were open are lost to it.

import { Worker } from 'node:worker_threads'
import { workerUrl } from '#tango'
import { devFailed } from '#tango/pure'
import type { H5Block, H5Group } from './h5-tree.ts'
import type { WriterAnswer, WriterReply, WriterRequest } from './writer-protocol.ts'

/** How long one request may take before the worker counts as stuck, ms. */
const REQUEST_TIMEOUT_MS = 60_000

interface Pending {
  readonly resolve: (answer: WriterAnswer) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** A worker and what it owes. */
interface Generation {
  readonly worker: Worker
  readonly pending: Map<number, Pending>
  /** Why it cannot be used any more. */
  broken: Error | undefined
}

/** Link to be added to a master file. */
export interface MasterLink {
  readonly path: string
  readonly isNew: boolean
  readonly name: string
  readonly target: { readonly file: string; readonly path: string }
  readonly attributes: NonNullable<H5Group['attributes']>
  readonly mark: { readonly attribute: string; readonly value: string }
}

/** Writes HDF5 files, one worker for all. */
export class H5Writer implements AsyncDisposable {
  #generation: Generation | undefined
  #lastId = 0
  #lastFile = 0
  #closed = false

  /** Loads the library now, so that the first file need not wait. */
  warm(): void {
    this.#current()
  }

  /**
   * Makes a file, overwriting one of the same name, and writes its first content; it can be read on return.
   * @throws DevFailed `Recorder_Failed`
   */
  async create(path: string, root: H5Group): Promise<H5File> {
    const generation = this.#current()
    this.#lastFile += 1
    const file = this.#lastFile
    await this.#ask(generation, { op: 'create', file, path, root })
    return {
      append: (first, blocks) => this.#ask(generation, { op: 'append', file, first, blocks }),
      merge: async (more) => void (await this.#ask(generation, { op: 'merge', file, root: more })),
      flush: async () => void (await this.#ask(generation, { op: 'flush', file })),
      close: async () => void (await this.#ask(generation, { op: 'close', file })),
    }
  }

  /**
   * Adds an external link to the root of a file.
   * @returns its name; undefined when the file lacks the mark and was left as it is
   * @throws DevFailed `Recorder_Failed`
   */
  async link(link: MasterLink): Promise<string | undefined> {
    return (await this.#ask(this.#current(), { op: 'link', ...link })).link
  }

  /** Ends the worker; files that are open stay as they were flushed last. */
  async close(): Promise<void> {
    this.#closed = true
    const generation = this.#generation
    if (generation !== undefined) await this.#end(generation, devFailed('Recorder_Failed', 'the HDF5 writer is closed'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #current(): Generation {
    if (this.#closed) throw devFailed('Recorder_Failed', 'the HDF5 writer is closed')
    if (this.#generation !== undefined) return this.#generation
    const worker = new Worker(workerUrl(import.meta.url, './h5-writer.worker'))
    const generation: Generation = { worker, pending: new Map(), broken: undefined }
    this.#generation = generation
    const fail = (message: string): void => {
      void this.#end(generation, devFailed('Recorder_Failed', `HDF5 writer: ${message}`)) // reports to the waiting calls
    }
    worker.on('message', (reply: WriterReply) => {
      if (reply.kind === 'broken') return fail(reply.message)
      const waiting = generation.pending.get(reply.id)
      if (waiting === undefined) return
      if (reply.kind === 'failed') return fail(reply.message)
      clearTimeout(waiting.timer)
      generation.pending.delete(reply.id)
      if (generation.pending.size === 0) worker.unref()
      waiting.resolve(reply.value)
    })
    worker.on('error', (error) => fail(error.message))
    worker.on('exit', (code) => fail(`its thread ended with code ${code}`))
    worker.unref() // only requests keep the process alive
    return generation
  }

  #ask(generation: Generation, request: WriterRequest): Promise<WriterAnswer> {
    return new Promise((resolve, reject) => {
      if (generation.broken !== undefined) return reject(generation.broken)
      this.#lastId += 1
      const id = this.#lastId
      const timer = setTimeout(() => {
        void this.#end(
          generation,
          devFailed('Recorder_Failed', `HDF5 writer: no answer to '${request.op}' in a minute`),
        )
      }, REQUEST_TIMEOUT_MS)
      generation.pending.set(id, { resolve, reject, timer })
      generation.worker.ref()
      generation.worker.postMessage({ id, request })
    })
  }

  async #end(generation: Generation, error: Error): Promise<void> {
    if (generation.broken === undefined) {
      generation.broken = error
      if (this.#generation === generation) this.#generation = undefined
      for (const { reject, timer } of generation.pending.values()) {
        clearTimeout(timer)
        reject(error)
      }
      generation.pending.clear()
    }
    await generation.worker.terminate()
  }
}

/** A file that is being written; after an error it is lost and must be made again. */
export interface H5File {
  /**
   * Appends rows that begin with row `first`; rows that the file has already are left out.
   * @returns how many texts were cut because they are longer than their column
   */
  append(first: number, blocks: readonly H5Block[]): Promise<{ readonly cut?: number }>
  /** Adds to the content: groups are merged, texts of fixed width replaced. */
  merge(root: H5Group): Promise<void>
  /** Hands everything to the operating system, so that readers see it. */
  flush(): Promise<void>
  /** Flushes and closes. */
  close(): Promise<void>
}
