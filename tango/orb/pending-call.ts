// One call that waits for its reply.

import { DevFailed, devFailed, MultiDevFailed } from '../errors/dev-failed.ts'
import type { CdrReader, CdrWriter } from '../wire/cdr.ts'
import { CdrError } from '../wire/cdr.ts'
import { beginRequest, endMessage, REPLY, readSystemException } from '../wire/giop.ts'
import type { ObjectReference } from '../wire/ior.ts'
import { decodeReference } from '../wire/ior.ts'
import type { Operation } from '../wire/operations.ts'
import { EXCEPTION_IDS } from '../wire/operations.ts'
import { devErrorList, namedDevErrorList } from '../wire/tango-basic.ts'
import { marshalFailed, remoteException } from './system-exception.ts'

/** A call whose types are known only to itself. */
export interface AnyCall {
  /** When it has waited long enough, on the scale of `performance.now()`. */
  readonly deadline: number
  readonly timeoutMs: number
  readonly operationName: string
  /** Whether it was sent again after a connection closed in good order. */
  resent: boolean
  readonly settled: boolean
  write(w: CdrWriter, requestId: number): void
  /** Takes the reply. */
  answer(status: number, result: CdrReader, address: string): void
  fail(error: unknown): void
  /** Called once it is settled, for whichever reason. */
  onSettled: (() => void) | undefined
}

/** Finds the way to an object. */
export interface Router {
  submit(reference: ObjectReference, call: AnyCall): void
}

/** One call with its types. */
export class PendingCall<In extends readonly unknown[], Out> implements AnyCall {
  readonly deadline: number
  readonly timeoutMs: number
  resent = false
  onSettled: (() => void) | undefined
  readonly #router: Router
  #reference: ObjectReference
  readonly #operation: Operation<In, Out>
  readonly #args: In
  readonly #resolve: (value: Out) => void
  readonly #reject: (error: unknown) => void
  #forwarded = false
  #settled = false

  constructor(
    router: Router,
    reference: ObjectReference,
    operation: Operation<In, Out>,
    args: In,
    timeoutMs: number,
    resolve: (value: Out) => void,
    reject: (error: unknown) => void,
  ) {
    this.#router = router
    this.#reference = reference
    this.#operation = operation
    this.#args = args
    this.timeoutMs = timeoutMs
    this.deadline = performance.now() + timeoutMs
    this.#resolve = resolve
    this.#reject = reject
  }

  get operationName(): string {
    return this.#operation.name
  }

  get settled(): boolean {
    return this.#settled
  }

  write(w: CdrWriter, requestId: number): void {
    writeRequest(w, requestId, this.#reference, this.#operation, this.#args, true)
  }

  answer(status: number, result: CdrReader, address: string): void {
    const failed = { operation: this.#operation.name, address }
    try {
      switch (status) {
        case REPLY.noException: {
          const value = this.#operation.out.decode(result)
          this.#settle()
          this.#resolve(value)
          return
        }
        case REPLY.userException:
          this.fail(readUserException(result))
          return
        case REPLY.systemException:
          this.fail(remoteException(failed, readSystemException(result)))
          return
        case REPLY.locationForward:
        case REPLY.locationForwardPerm:
          this.#follow(decodeReference(result))
          return
        default:
          throw new CdrError('bad', `reply status ${status} is not supported`)
      }
    } catch (error) {
      this.fail(error instanceof CdrError ? marshalFailed(failed, error.message) : error)
    }
  }

  fail(error: unknown): void {
    if (this.#settled) return
    this.#settle()
    this.#reject(error)
  }

  /** Fails the call when the signal is aborted. */
  abortBy(signal: AbortSignal): void {
    const onAbort = (): void => {
      const desc = `operation ${this.#operation.name} on ${this.#reference.host} was given up by the caller`
      const { reason } = signal
      this.fail(reason instanceof DevFailed ? reason : devFailed('API_CommunicationFailed', desc, { cause: reason }))
    }
    if (signal.aborted) {
      onAbort()
      return
    }
    if (this.#settled) return
    signal.addEventListener('abort', onAbort, { once: true })
    const before = this.onSettled
    this.onSettled = () => {
      signal.removeEventListener('abort', onAbort)
      before?.()
    }
  }

  #follow(reference: ObjectReference): void {
    if (this.#forwarded) throw new CdrError('bad', 'forwarded more than once')
    this.#forwarded = true
    this.#reference = reference
    this.#router.submit(reference, this)
  }

  #settle(): void {
    this.#settled = true
    this.onSettled?.()
  }
}

/** Writes a whole request in an empty writer. */
export function writeRequest<In extends readonly unknown[]>(
  w: CdrWriter,
  requestId: number,
  reference: ObjectReference,
  operation: Operation<In, unknown>,
  args: In,
  responseExpected: boolean,
): void {
  const { giopMinor: minor, objectKey } = reference
  const mark = beginRequest(w, { minor, requestId, objectKey, operation: operation.name, responseExpected })
  operation.in.encode(w, args)
  endMessage(w, minor, mark)
}

function readUserException(r: CdrReader): DevFailed {
  const id = r.string()
  switch (id) {
    case EXCEPTION_IDS.DevFailed:
      return new DevFailed(devErrorList.decode(r))
    case EXCEPTION_IDS.MultiDevFailed:
      return new MultiDevFailed(namedDevErrorList.decode(r))
    default:
      throw new CdrError('bad', `exception ${id} is not Tango's`)
  }
}
