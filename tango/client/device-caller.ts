// How everything of one proxy calls its device: time-out, source, rules of repetition, access control, admin device.

import type { AnyValue } from '../wire/any.ts'
import { type Access, readOnly } from './access-control.ts'
import { bareName, findAdmin } from './admin-device.ts'
import type { ClientHost } from './client-host.ts'
import { type Call, executeCommand, withLevel } from './operations.ts'
import type { CommandOptions, ReadSource, Reconnection } from './proxy-types.ts'
import type { DeviceConnection, Repeatable } from './reconnect.ts'

/** Wait for a reply unless told otherwise, as native clients do. */
const DEFAULT_TIMEOUT_MS = 3000

/** What the parts of a proxy share. */
export class DeviceCaller {
  readonly name: string
  readonly host: ClientHost
  readonly connection: DeviceConnection
  timeoutMs = DEFAULT_TIMEOUT_MS
  source: ReadSource = 'CACHE_DEV'
  reconnection: Reconnection = 'safe'

  /** @throws DevFailed `API_WrongDeviceNameSyntax`, `API_UnsupportedDBaseModifier` */
  constructor(host: ClientHost, name: string) {
    this.name = name
    this.host = host
    this.connection = host.connections.device(name)
  }

  /** Calls the device; `repeatable` says whether a call that may have been executed can be sent again. */
  run<R>(repeatable: Repeatable, call: (call: Call) => Promise<R>, options?: CommandOptions): Promise<R> {
    const callOptions = { timeoutMs: this.timeoutMs, ...options }
    const orb = this.host.client
    const rule = this.reconnection
    const repeat = rule === 'safe' ? repeatable : rule
    return this.connection.run(repeat, (target) => call({ orb, target, options: callOptions }))
  }

  /** Calls the device for something that changes nothing; failures get a level that says what was wanted. */
  async ask<R>(what: string, call: (call: Call) => Promise<R>): Promise<R> {
    try {
      return await this.run('always', call)
    } catch (error) {
      throw withLevel(error, 'API_CommandFailed', `${this.name}: ${what} failed`, 'DeviceProxy')
    }
  }

  /** Calls the device for a change; failures get a level that says what was wanted. */
  async change<R>(what: string, call: (call: Call) => Promise<R>): Promise<R> {
    try {
      await this.mayWrite(what)
      return await this.run('unexecuted', call)
    } catch (error) {
      throw withLevel(error, 'API_CommandFailed', `${this.name}: ${what} failed`, 'DeviceProxy')
    }
  }

  /**
   * Whether the user may change the device: undefined when that is known already, so that nobody waits for it.
   * @throws DevFailed `API_ReadOnlyMode`
   */
  mayWrite(what: string): Promise<void> | undefined {
    return this.connection.access?.right === 'WRITE' ? undefined : this.#checkWrite(what)
  }

  /**
   * Whether the user may execute a command: undefined when that is known already.
   * @throws DevFailed `API_ReadOnlyMode`
   */
  mayExecute(command: string): Promise<void> | undefined {
    return this.connection.access?.right === 'WRITE' ? undefined : this.#checkCommand(command)
  }

  /** What access control lets this user do with the device. */
  async access(): Promise<Access> {
    const known = this.connection.access
    if (known !== undefined) return known
    const access = await this.host.connections.access(this.connection)
    // a refusal for want of an answer is asked again
    if (access.why === undefined) this.connection.access = access
    return access
  }

  /** A caller of the admin device behind this device. */
  async admin(): Promise<DeviceCaller> {
    const admin = new DeviceCaller(this.host, await findAdmin(this.host.client, this.connection))
    admin.timeoutMs = this.timeoutMs
    admin.reconnection = this.reconnection
    return admin
  }

  /** Name of the device as its server and admin device know it. */
  async deviceName(): Promise<string> {
    return bareName((await this.connection.target()).device)
  }

  /**
   * A command of the admin device.
   * @param what completes the sentence "<device>: ... failed"
   */
  async adminCommand(what: string, command: string, argument: AnyValue): Promise<AnyValue> {
    try {
      const admin = await this.admin()
      return await admin.execute(command, argument, READING.has(command) ? 'always' : 'unexecuted')
    } catch (error) {
      throw withLevel(error, 'API_CommandFailed', `${this.name}: ${what} failed`, 'DeviceProxy')
    }
  }

  /** A command of the device whose types are known. */
  async execute(command: string, argument: AnyValue, repeatable: Repeatable = 'unexecuted'): Promise<AnyValue> {
    await this.mayExecute(command)
    return this.run(repeatable, (call) => executeCommand(call, command, argument, this.source))
  }

  async #checkWrite(what: string): Promise<void> {
    const access = await this.access()
    if (access.right === 'READ') throw readOnly(`${this.name}: ${what}`, access)
  }

  async #checkCommand(command: string): Promise<void> {
    const access = await this.access()
    if (access.right === 'WRITE') return
    if (await this.host.connections.allows(this.connection, command)) return
    throw readOnly(`${this.name}: the command ${command}`, access)
  }
}

/** Commands of admin devices that change nothing. */
const READING: ReadonlySet<string> = new Set([
  'DevPollStatus',
  'PolledDevice',
  'GetLoggingLevel',
  'GetLoggingTarget',
  'DevLockStatus',
  'QueryClass',
  'QueryDevice',
])
