// From a request to its answer: decode, run, encode, and what becomes of errors. The operations themselves are in
// value-operations.ts and info-operations.ts.

import { DevFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { Invocation } from '../orb/invocation.ts'
import type { Codec } from '../wire/codec.ts'
import type { Operation } from '../wire/operations.ts'
import type { ClntIdent } from '../wire/tango-basic.ts'
import type { Detail } from './black-box.ts'
import type { Client } from './device-lock.ts'
import type { HostedDevice } from './hosted-device.ts'

/** A result now or later. */
export type Answer<T> = T | Promise<T>

/** Serves one operation. */
export type Handler = (device: HostedDevice, invocation: Invocation) => void

/** Decodes, runs, answers; in one go unless the handler returns a promise. */
export function serve<In extends readonly unknown[], Out>(
  operation: Operation<In, Out>,
  handle: (device: HostedDevice, args: In, client: Client) => Answer<Out>,
  /** Text behind the operation in the black box. */
  detail: ((args: In) => Detail) | 'unnoted' = noDetail,
): [string, Handler] {
  const handler: Handler = (device, invocation) => {
    const args = operation.in.decode(invocation.args)
    const last = args[args.length - 1]
    const ident = isIdent(last) ? last : undefined
    const client: Client = { ident, caller: invocation.caller }
    if (detail !== 'unnoted') {
      device.blackBox.note(device.now(), operation.name, detail(args), invocation.caller.host, ident)
    }
    try {
      const answer = handle(device, args, client)
      if (answer instanceof Promise) void answerLater(operation, device, invocation, answer)
      else invocation.replyWith(operation.out, answer)
    } catch (error) {
      fail(operation, device, invocation, error)
    }
  }
  return [operation.name, handler]
}

/** Never rejects. */
async function answerLater<Out>(
  operation: { readonly name: string; readonly out: Codec<Out>; readonly raises: readonly string[] },
  device: HostedDevice,
  invocation: Invocation,
  answer: Promise<Out>,
): Promise<void> {
  try {
    const result = await answer
    invocation.replyWith(operation.out, result)
  } catch (error) {
    fail(operation, device, invocation, error)
  }
}

function fail(
  operation: { readonly name: string; readonly raises: readonly string[] },
  device: HostedDevice,
  invocation: Invocation,
  error: unknown,
): void {
  if (!(error instanceof DevFailed)) device.logDefect(operation.name, error)
  try {
    if (operation.raises.length > 0) {
      invocation.devFailed(toDevFailed(error), operation.raises.includes('MultiDevFailed'))
      return
    }
  } catch (defect) {
    // an error that cannot be written, such as one without a description from a handler in plain JavaScript
    device.logDefect(`the error of ${operation.name}`, defect)
  }
  invocation.systemException('UNKNOWN', 0, 2)
}

function noDetail(): string {
  return ''
}

/** Applies a function to a result; at once if it is there. */
export function mapAnswer<A, B>(answer: Answer<A>, convert: (value: A) => B): Answer<B> {
  return answer instanceof Promise ? mapLater(answer, convert) : convert(answer)
}

async function mapLater<A, B>(answer: Promise<A>, convert: (value: A) => B): Promise<B> {
  return convert(await answer)
}

function isIdent(value: unknown): value is ClntIdent {
  return typeof value === 'object' && value !== null && 'language' in value
}
