// The lock of one device: while one client holds it, the others may only read.

import { hostname, networkInterfaces } from 'node:os'
import { devFailed } from '../errors/dev-failed.ts'
import type { DeviceCaller } from './device-caller.ts'

/** For how long a lock holds when its client is gone, if nothing else is said. */
const DEFAULT_VALIDITY_S = 10
const MIN_VALIDITY_S = 2

/** Who holds the lock of a device. */
export interface LockStatus {
  readonly locked: boolean
  /** Whether this process holds it. */
  readonly byMe: boolean
  /** The server's sentence about it. */
  readonly text: string
  /** Process of a C++, Python or TypeScript client. */
  readonly pid?: number
  /** Machine or end point of the client. */
  readonly host?: string
  /** Main class of a Java client. */
  readonly mainClass?: string
}

/** Takes and gives back the lock of a device; part of a proxy. */
export class LockControl {
  readonly #caller: DeviceCaller

  constructor(caller: DeviceCaller) {
    this.#caller = caller
  }

  /**
   * Takes the lock, or takes it once more. It is renewed until it has been given back as many times as it was taken,
   * and given back when the process closes.
   * @param options.validityS how long it holds when this client is gone, at least 2 s, 10 s when absent
   * @param options.keep `false`: the caller calls {@link renew} in time, or the lock ends by itself
   * @throws DevFailed `API_DeviceLocked` when another client holds it, `API_DeviceUnlockable` for admin devices
   */
  async take(options: { readonly validityS?: number; readonly keep?: boolean } = {}): Promise<void> {
    const validityS = options.validityS ?? DEFAULT_VALIDITY_S
    if (!Number.isInteger(validityS) || validityS < MIN_VALIDITY_S) {
      const desc = `${this.#caller.name}: a lock holds for ${MIN_VALIDITY_S} or more whole seconds, not for ${validityS}`
      throw devFailed('API_MethodArgument', desc)
    }
    const device = await this.#caller.deviceName()
    const value = { lvalue: Int32Array.of(validityS), svalue: [device] }
    await this.#caller.adminCommand('locking', 'LockDevice', { type: 'DevVarLongStringArray', value })
    if (options.keep !== false) this.#caller.host.locks.add(await this.#caller.admin(), device, validityS)
  }

  /**
   * Renews the lock once.
   * @throws DevFailed `API_DeviceNotLocked`, `API_DeviceLocked` when another client holds it
   */
  async renew(): Promise<void> {
    const value = [await this.#caller.deviceName()]
    await this.#caller.adminCommand('renewing the lock', 'ReLockDevices', { type: 'DevVarStringArray', value })
  }

  /**
   * Gives the lock back.
   * @param options.force also when another client holds it
   * @returns how many times this client holds it still
   * @throws DevFailed `API_DeviceLocked` when another client holds it
   */
  async release(options: { readonly force?: boolean } = {}): Promise<number> {
    const device = await this.#caller.deviceName()
    const value = { lvalue: Int32Array.of(options.force === true ? 1 : 0), svalue: [device] }
    const result = await this.#caller.adminCommand('unlocking', 'UnLockDevice', {
      type: 'DevVarLongStringArray',
      value,
    })
    const left = result.type === 'DevLong' ? result.value : 0
    if (left <= 0) this.#caller.host.locks.remove(await this.#caller.admin(), device)
    return Math.max(0, left)
  }

  /** Who holds the lock. */
  async status(): Promise<LockStatus> {
    const device = await this.#caller.deviceName()
    const argument = { type: 'DevString', value: device } as const
    const result = await this.#caller.adminCommand('lock status', 'DevLockStatus', argument)
    if (result.type !== 'DevVarLongStringArray') {
      throw devFailed('API_NotSupported', `${this.#caller.name}: the lock status is of type ${result.type}`)
    }
    const [locked = 0, pid = 0] = result.value.lvalue
    const [text = '', host = '', mainClass = ''] = result.value.svalue
    if (locked === 0) return { locked: false, byMe: false, text }
    return {
      locked: true,
      byMe: pid === process.pid && isHere(host),
      text,
      ...(pid === 0 ? {} : { pid }),
      ...(host === UNDEFINED ? {} : { host }),
      ...(mainClass === UNDEFINED ? {} : { mainClass }),
    }
  }
}

/** What servers say where there is nothing. */
const UNDEFINED = 'Not defined'

/** Whether an address or end point such as `giop:tcp:127.0.0.1:4711` is on this machine. */
function isHere(endpoint: string): boolean {
  if (/^giop:(unix|memory):|^local/i.test(endpoint)) return true
  const host = /^giop:tcp:\[?(.+?)\]?(?::\d*)?$/i.exec(endpoint)?.[1] ?? endpoint
  const own = Object.values(networkInterfaces()).flatMap((entries) => (entries ?? []).map(({ address }) => address))
  const bare = host.replace(/^::ffff:/, '')
  return own.includes(bare) || bare.split('.')[0] === hostname().split('.')[0]
}
