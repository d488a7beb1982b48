// One request on its way through a servant, and the ways to answer it.

import type { DevFailed } from '../errors/dev-failed.ts'
import { MultiDevFailed } from '../errors/dev-failed.ts'
import type { CdrReader, CdrWriter } from '../wire/cdr.ts'
import type { Codec } from '../wire/codec.ts'
import { beginReply, COMPLETED, endMessage, REPLY, writeSystemException } from '../wire/giop.ts'
import { EXCEPTION_IDS } from '../wire/operations.ts'
import { devErrorList, namedDevErrorList } from '../wire/tango-basic.ts'

/** Who calls. One object for each connection, so it may be a key of a WeakMap. */
export interface Caller {
  /** Address of the peer; `localhost` for a local socket, `local` within the process. */
  readonly host: string
  readonly port?: number
  readonly transport: 'tcp' | 'unix' | 'memory'
  /** Identity of the connection. */
  readonly connection: object
  /** Aborted when the connection closes. */
  readonly signal: AbortSignal
}

/** What an invocation needs from its connection. */
export interface ReplyChannel {
  readonly caller: Caller
  /** An empty writer for one message. */
  writer(): CdrWriter
  /** Sends what the writer holds. */
  send(writer: CdrWriter): void
  /** One request less is under way, for which {@link Invocation.hold} noted so many octets. */
  answered(held: number): void
}

/** Numbers of the completion status of a system exception. */
export const COMPLETION = { YES: 0, NO: 1, MAYBE: 2 } as const

/**
 * A request. It is answered once, at any time; a second answer, and one after the connection has closed, is dropped.
 * `args` reads from a buffer that is used again: decode before returning from `invoke`.
 */
export class Invocation {
  readonly operation: string
  readonly args: CdrReader
  readonly responseExpected: boolean
  readonly #channel: ReplyChannel
  readonly #minor: number
  readonly #requestId: number
  #answered = false
  #held = 0

  constructor(
    channel: ReplyChannel,
    request: { readonly operation: string; readonly requestId: number; readonly responseExpected: boolean },
    args: CdrReader,
    minor: number,
  ) {
    this.operation = request.operation
    this.args = args
    this.responseExpected = request.responseExpected
    this.#channel = channel
    this.#minor = minor
    this.#requestId = request.requestId
  }

  get caller(): Caller {
    return this.#channel.caller
  }

  /** Whether an answer was given. */
  get answered(): boolean {
    return this.#answered
  }

  /** Notes what the arguments take while the answer is not there, for the limits of the server. */
  hold(octets: number): void {
    this.#held = octets
  }

  /**
   * Answers with a result.
   * @param write adds the result; when it throws, nothing is sent and the request is still open
   */
  reply(write?: (w: CdrWriter) => void): void {
    if (this.#settled()) return
    const w = this.#channel.writer()
    const mark = beginReply(w, this.#minor, this.#requestId, REPLY.noException)
    write?.(w)
    this.#finish(w, mark)
  }

  /** Answers with a result; the same as `reply` without a closure for each call. */
  replyWith<T>(codec: Codec<T>, value: T): void {
    if (this.#settled()) return
    const w = this.#channel.writer()
    const mark = beginReply(w, this.#minor, this.#requestId, REPLY.noException)
    codec.encode(w, value)
    this.#finish(w, mark)
  }

  /** Answers with an exception of the interface. */
  userException(repositoryId: string, write: (w: CdrWriter) => void): void {
    if (this.#settled()) return
    const w = this.#channel.writer()
    const mark = beginReply(w, this.#minor, this.#requestId, REPLY.userException)
    w.string(repositoryId)
    write(w)
    this.#finish(w, mark)
  }

  /** Answers with DevFailed or MultiDevFailed; the latter only for operations that raise it. */
  devFailed(error: DevFailed, multi = false): void {
    if (multi && error instanceof MultiDevFailed) {
      this.userException(EXCEPTION_IDS.MultiDevFailed, (w) => namedDevErrorList.encode(w, error.failures))
    } else this.userException(EXCEPTION_IDS.DevFailed, (w) => devErrorList.encode(w, error.errors))
  }

  /** Answers with an exception of the ORB; `completed` is 0 yes, 1 no, 2 maybe. */
  systemException(name: string, minor: number, completed: 0 | 1 | 2): void {
    if (this.#settled()) return
    const w = this.#channel.writer()
    writeSystemException(w, this.#minor, this.#requestId, { name, minor, completed: COMPLETED[completed] })
    this.#settle()
    this.#channel.send(w)
  }

  /** True when nothing is to be sent (any more). */
  #settled(): boolean {
    if (this.#answered) return true
    if (this.responseExpected) return false
    this.#settle()
    return true
  }

  #finish(w: CdrWriter, mark: number): void {
    endMessage(w, this.#minor, mark)
    this.#settle()
    this.#channel.send(w)
  }

  #settle(): void {
    this.#answered = true
    this.#channel.answered(this.#held)
  }
}
