// Tango's optional access control: a service of the control system says who may write. It is the client that obeys.
// Source of truth: what native clients ask (cppTango, AccessProxy) and the class TangoAccessControl.

import { networkInterfaces, userInfo } from 'node:os'
import { type DevFailed, devFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { OrbClient } from '../orb/orb-client.ts'
import type { DatabaseClient } from './database.ts'
import { executeCommand } from './operations.ts'
import type { DeviceConnection } from './reconnect.ts'

/** What this user may do with a device. */
export type AccessRight = 'READ' | 'WRITE'

/** The right, and why it is no better when the service could not be asked. */
export interface Access {
  readonly right: AccessRight
  readonly why?: DevFailed
}

/** The service is looked for again after this time, so that a service that is added later is obeyed. */
const SERVICE_LIFE_MS = 10_000
const TIMEOUT_MS = 3000
const WRITE: Access = { right: 'WRITE' }

/** What access control needs of its control system. */
export interface AccessHost {
  readonly client: OrbClient
  readonly database: DatabaseClient
  readonly clock: { monotonic(): number }
  /** Connection to a device of the control system. */
  device(name: string): DeviceConnection
}

/** Rights in one control system. */
export class AccessControl {
  readonly #host: AccessHost
  readonly #allowed = new Map<string, Promise<ReadonlySet<string>>>()
  #service: Promise<string | undefined> | undefined
  #last: { readonly service: string | undefined } | undefined
  #serviceUntilMs = 0

  constructor(host: AccessHost) {
    this.#host = host
  }

  /** What this user may do with the device from this machine; without a service everything. */
  async access(device: string): Promise<Access> {
    const service = await this.#find()
    if (service === undefined || service.toLowerCase() === device.toLowerCase()) return WRITE
    try {
      const { username } = userInfo()
      for (const address of addresses()) {
        const args = [username, address, device.toLowerCase()]
        const answer = await this.#ask(service, 'GetAccess', { type: 'DevVarStringArray', value: args })
        if (typeof answer === 'string' && answer.toLowerCase() === 'write') return WRITE
      }
      return { right: 'READ' }
    } catch (error) {
      // a service that does not answer must not open the doors
      return { right: 'READ', why: toDevFailed(error) }
    }
  }

  /** Whether a command may be executed with the right to read. */
  async allows(device: string, command: string): Promise<boolean> {
    const service = await this.#find()
    if (service === undefined) return true
    const className = /^dserver\//i.test(device) ? 'DServer' : await this.#host.database.classOfDevice(device)
    const key = className.toLowerCase()
    const known = this.#allowed.get(key)
    const asked = known ?? this.#askAllowed(service, className)
    if (known === undefined) this.#allowed.set(key, asked)
    try {
      return (await asked).has(command.toLowerCase())
    } catch {
      // the service is silent: nothing is allowed now, and the next command asks again
      this.#allowed.delete(key)
      return false
    }
  }

  async #askAllowed(service: string, className: string): Promise<ReadonlySet<string>> {
    const answer = await this.#ask(service, 'GetAllowedCommands', { type: 'DevString', value: className })
    return new Set(Array.isArray(answer) ? answer.map((name) => String(name).toLowerCase()) : [])
  }

  #find(): Promise<string | undefined> {
    const now = this.#host.clock.monotonic()
    if (this.#service === undefined || now >= this.#serviceUntilMs) {
      this.#serviceUntilMs = now + SERVICE_LIFE_MS
      this.#service = this.#look()
    }
    return this.#service
  }

  async #look(): Promise<string | undefined> {
    try {
      const services = await this.#host.database.services('AccessControl')
      this.#allowed.clear()
      this.#last = { service: services[0]?.device }
      return this.#last.service
    } catch (error) {
      this.#service = undefined
      // a database that is gone for a while changes nothing for those who worked before
      if (this.#last !== undefined) return this.#last.service
      throw error
    }
  }

  async #ask(
    service: string,
    command: string,
    argument:
      | { readonly type: 'DevVarStringArray'; readonly value: string[] }
      | { readonly type: 'DevString'; readonly value: string },
  ): Promise<unknown> {
    const { client } = this.#host
    const options = { timeoutMs: TIMEOUT_MS }
    const result = await this.#host
      .device(service)
      .run('always', (target) => executeCommand({ orb: client, target, options }, command, argument))
    return result.value
  }
}

/** The refusal that users see. */
export function readOnly(what: string, access: Access): DevFailed {
  const hint = access.why === undefined ? 'access control grants reading only' : 'access control does not answer'
  return devFailed('API_ReadOnlyMode', `${what} is not authorized: ${hint}`, {
    origin: 'DeviceProxy',
    ...(access.why === undefined ? {} : { cause: access.why }),
  })
}

/** IPv4 addresses of this machine, real ones first. */
function addresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? [])
  const ipv4 = all.filter(({ family }) => family === 'IPv4')
  return [...ipv4.filter(({ internal }) => !internal), ...ipv4.filter(({ internal }) => internal)].map(
    ({ address }) => address,
  )
}
