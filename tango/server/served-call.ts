// What a handler learns about its call, with what only the framework's own devices look at.

import type { CallContext } from '../types/device-spec.ts'
import type { Client } from './device-lock.ts'

/** The context of every call; the admin device also looks at the client. */
export class ServedCall implements CallContext {
  readonly signal: AbortSignal
  readonly client: Client

  constructor(client: Client, signal: AbortSignal) {
    this.client = client
    this.signal = signal
  }

  get host(): string {
    return this.client.caller.host
  }
}

/** The client behind a call context. */
export function clientOf(call: CallContext): Client {
  if (call instanceof ServedCall) return call.client
  throw new Error('unreachable: a call without a client')
}
