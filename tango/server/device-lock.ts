// The lock that a client may hold on a device (Tango's locking): only writing requests of others are refused.

import { DevFailed } from '../errors/dev-failed.ts'
import type { Caller } from '../orb/invocation.ts'
import type { ClntIdent } from '../wire/tango-basic.ts'

/** Who calls: the identity that newer operations carry, and the address of the connection. */
export interface Client {
  readonly ident: ClntIdent | undefined
  readonly caller: Caller
}

/** Seconds for which a lock holds without being renewed, if the client says nothing. */
export const DEFAULT_VALIDITY_S = 10
/** Shorter ones are lengthened to this. */
export const MIN_VALIDITY_S = 2

/** Lock of one device. */
export class DeviceLock {
  readonly #device: string
  /** Milliseconds that never go backwards. */
  readonly #now: () => number
  #holder: Client | undefined
  /** Whose lock was taken by force and who has not been told yet. */
  #robbed: Client | undefined
  #validityMs = 0
  #until = 0
  #count = 0

  constructor(device: string, now: () => number) {
    this.#device = device
    this.#now = now
  }

  /** Who holds the lock at present. */
  get holder(): Client | undefined {
    if (this.#holder !== undefined && this.#now() > this.#until) this.#free()
    return this.#holder
  }

  /**
   * Takes the lock, or takes it once more for the same client.
   * @throws DevFailed `API_DeviceLocked`
   */
  lock(client: Client, validityS: number): void {
    const holder = this.holder
    if (holder !== undefined && !same(holder, client)) {
      throw failure(
        'API_DeviceLocked',
        `Device ${this.#device} is already locked by another client`,
        'Device_Impl::lock',
      )
    }
    this.#holder = client
    this.#robbed = undefined
    this.#validityMs = Math.max(MIN_VALIDITY_S, validityS) * 1000
    this.#until = this.#now() + this.#validityMs
    this.#count += 1
  }

  /**
   * Renews the lock.
   * @throws DevFailed `API_DeviceUnlocked`, `API_DeviceLocked`
   */
  relock(client: Client): void {
    const holder = this.holder
    const origin = 'Device_Impl::relock'
    if (holder === undefined) {
      const desc = `${this.#device}: Device ${this.#device} is not locked. Can't re-lock it`
      throw failure('API_DeviceNotLocked', desc, origin)
    }
    if (!same(holder, client)) {
      throw failure('API_DeviceLocked', `Device ${this.#device} is already locked by another client`, origin)
    }
    this.#until = this.#now() + this.#validityMs
  }

  /**
   * Gives the lock back.
   * @param force even if another client holds it
   * @returns how many times the client holds it still
   * @throws DevFailed `API_DeviceLocked`
   */
  unlock(client: Client, force: boolean): number {
    const holder = this.holder
    if (holder === undefined) return 0
    if (!force && !same(holder, client)) {
      const desc = `Device ${this.#device} is locked by another client, can't unlock it`
      throw failure('API_DeviceLocked', desc, 'Device_Impl::unlock')
    }
    if (force && !same(holder, client)) this.#robbed = holder
    this.#count = force ? 0 : this.#count - 1
    const left = this.#count
    if (left <= 0) this.#free()
    return left
  }

  /**
   * Refuses the request of a client that does not hold the lock, or lost it by force: that one is told once.
   * @throws DevFailed `API_DeviceLocked`, `API_DeviceUnlocked`
   */
  check(client: Client, origin: string): void {
    if (this.#robbed !== undefined && same(this.#robbed, client)) {
      this.#robbed = undefined
      const desc = `Device ${this.#device} has been unlocked by an administrative client!!!`
      throw failure('API_DeviceUnlocked', desc, origin)
    }
    if (this.#holder === undefined) return
    const holder = this.holder
    if (holder === undefined || same(holder, client)) return
    throw failure('API_DeviceLocked', `Device ${this.#device} is locked by another client`, origin)
  }

  /** Answer of the admin command DevLockStatus. */
  status(): { lvalue: Int32Array; svalue: string[] } {
    const holder = this.holder
    const ident = holder?.ident
    if (holder === undefined || ident === undefined) {
      return {
        lvalue: new Int32Array(6),
        svalue: [`Device ${this.#device} is not locked`, 'Not defined', 'Not defined'],
      }
    }
    const who = clientText(ident)
    const text = `Device ${this.#device} is locked by ${who} from host ${holder.caller.host}`
    const { transport, host, port } = holder.caller
    const endpoint = `giop:${transport}:${host}${port === undefined ? '' : `:${port}`}`
    if (ident.language === 'CPP') {
      return { lvalue: Int32Array.of(1, ident.pid, 0, 0, 0, 0), svalue: [text, endpoint, 'Not defined'] }
    }
    const words = ident.uuid.flatMap((half) => [Number(half & 0xffffffffn) | 0, Number(half >> 32n) | 0])
    return { lvalue: Int32Array.of(1, 0, ...words), svalue: [text, endpoint, ident.mainClass] }
  }

  #free(): void {
    this.#holder = undefined
    this.#count = 0
  }
}

/** The client in words. */
export function clientText(ident: ClntIdent): string {
  return ident.language === 'CPP'
    ? `CPP or Python client with PID ${ident.pid}`
    : `JAVA client with main class ${ident.mainClass}`
}

function same(a: Client, b: Client): boolean {
  if (a.caller.host !== b.caller.host || a.ident === undefined || b.ident === undefined) return false
  if (a.ident.language === 'CPP') return b.ident.language === 'CPP' && a.ident.pid === b.ident.pid
  return (
    b.ident.language === 'JAVA' &&
    a.ident.mainClass === b.ident.mainClass &&
    a.ident.uuid.every((half, i) => b.ident?.language === 'JAVA' && half === b.ident.uuid[i])
  )
}

function failure(reason: string, desc: string, origin: string): DevFailed {
  return new DevFailed([{ reason, severity: 'ERR', desc, origin }])
}
