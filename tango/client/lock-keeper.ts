// The locks that this process holds on devices: renewed in time, all devices of one server with one call.
// Source of truth: admin commands LockDevice, ReLockDevices, UnLockDevice of Tango 9.

import type { Clock } from '../clock.ts'
import { DevFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { Logger } from '../log.ts'
import type { DeviceCaller } from './device-caller.ts'

/** Renewal comes this much before a lock would end, as with native clients. */
const MARGIN_MS = 500
/** Between attempts while a server cannot be reached. */
const RETRY_MS = 500

interface HeldLock {
  /** Name as the server knows it. */
  readonly device: string
  readonly validityMs: number
}

/** Locks at one admin device. */
interface ServerLocks {
  readonly admin: DeviceCaller
  readonly held: Map<string, HeldLock>
  cancel: (() => void) | undefined
}

/** Renews locks until they are given back or lost. One for each process. */
export class LockKeeper {
  readonly #clock: Clock
  readonly #log: Logger
  readonly #servers = new Map<string, ServerLocks>()
  readonly #running = new Set<Promise<void>>()
  #closed = false

  constructor(host: { readonly clock: Clock; readonly log: Logger }) {
    this.#clock = host.clock
    this.#log = host.log
  }

  /** Number of devices whose locks are renewed. */
  get count(): number {
    return [...this.#servers.values()].reduce((sum, { held }) => sum + held.size, 0)
  }

  /** Renews the lock of a device from now on. */
  add(admin: DeviceCaller, device: string, validityS: number): void {
    if (this.#closed) return
    const key = admin.name.toLowerCase()
    const server = this.#servers.get(key) ?? { admin, held: new Map<string, HeldLock>(), cancel: undefined }
    this.#servers.set(key, server)
    server.held.set(device.toLowerCase(), { device, validityMs: validityS * 1000 })
    this.#schedule(key, server)
  }

  /** The lock is not renewed any more. */
  remove(admin: DeviceCaller, device: string): void {
    const key = admin.name.toLowerCase()
    const server = this.#servers.get(key)
    if (server === undefined) return
    server.held.delete(device.toLowerCase())
    this.#schedule(key, server)
  }

  /** Gives all locks back; servers that are gone are left alone. */
  async close(): Promise<void> {
    this.#closed = true
    const servers = [...this.#servers.values()]
    this.#servers.clear()
    for (const server of servers) server.cancel?.()
    await Promise.all(this.#running)
    await Promise.allSettled(
      servers.flatMap(({ admin, held }) => [...held.values()].map(({ device }) => giveBack(admin, device))),
    )
  }

  #schedule(key: string, server: ServerLocks, delayMs?: number): void {
    server.cancel?.()
    server.cancel = undefined
    if (server.held.size === 0) {
      if (this.#servers.get(key) === server) this.#servers.delete(key)
      return
    }
    const shortest = Math.min(...[...server.held.values()].map(({ validityMs }) => validityMs))
    server.cancel = this.#clock.setTimer(delayMs ?? Math.max(MARGIN_MS, shortest - MARGIN_MS), () => {
      server.cancel = undefined
      const work = this.#renew(key, server)
      this.#running.add(work)
      // never rejects
      void work.then(() => this.#running.delete(work))
    })
  }

  /** Never rejects. */
  async #renew(key: string, server: ServerLocks): Promise<void> {
    const locks = [...server.held.values()]
    try {
      await relock(server.admin, locks)
      this.#again(key, server)
    } catch (error) {
      // one lost lock fails the whole call: the others are renewed one by one
      const reachable = await this.#renewEach(server, locks, toDevFailed(error))
      this.#again(key, server, reachable ? undefined : RETRY_MS)
    }
  }

  #again(key: string, server: ServerLocks, delayMs?: number): void {
    if (!this.#closed) this.#schedule(key, server, delayMs)
  }

  /** @returns whether the server answers */
  async #renewEach(server: ServerLocks, locks: readonly HeldLock[], failed: DevFailed): Promise<boolean> {
    if (!isRefusal(failed)) return false
    for (const lock of locks) {
      const key = lock.device.toLowerCase()
      if (server.held.get(key) !== lock) continue
      try {
        await relock(server.admin, [lock])
      } catch (error) {
        const reason = toDevFailed(error)
        if (!isRefusal(reason)) return false
        server.held.delete(key)
        this.#log.warn('a lock was lost', { device: lock.device, error: reason.message })
      }
    }
    return true
  }
}

/** Unlocks as many times as it was locked. By force would be shorter, but tells the device that others did it. */
async function giveBack(admin: DeviceCaller, device: string): Promise<void> {
  const value = { lvalue: Int32Array.of(0), svalue: [device] }
  for (;;) {
    const left = await admin.execute('UnLockDevice', { type: 'DevVarLongStringArray', value })
    if (left.type !== 'DevLong' || left.value <= 0) return
  }
}

function relock(admin: DeviceCaller, locks: readonly HeldLock[]): Promise<unknown> {
  return admin.execute('ReLockDevices', { type: 'DevVarStringArray', value: locks.map(({ device }) => device) })
}

/** Whether the server has answered, however unwelcome. */
function isRefusal(error: DevFailed): boolean {
  return error instanceof DevFailed && !error.has('API_CorbaException') && !error.has('API_DeviceNotExported')
}
