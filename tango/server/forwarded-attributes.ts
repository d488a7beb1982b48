// Finds the roots of the forwarded attributes of a device; those that cannot be found keep it in ALARM and are tried
// again.

import type { LockControl } from '../client/lock-control.ts'
import { type DevFailed, toDevFailed } from '../errors/dev-failed.ts'
import { tangoName } from '../types/device-spec.ts'
import { MIN_VALIDITY_S } from './device-lock.ts'
import { addAttribute } from './device-members.ts'
import { ForwardedAttribute, forwardedSpec, parseRoot } from './forwarded-attribute.ts'
import type { HostedDevice } from './hosted-device.ts'
import type { DeviceContent } from './server-store.ts'

/** Attribute property with the name of the root. */
const ROOT_PROPERTY = '__root_att'
const RETRY_MS = 10_000

/** The forwarded attributes of one device. */
export class ForwardedAttributes {
  readonly #host: HostedDevice
  readonly #found: ForwardedAttribute[] = []
  #cancelRetry: (() => void) | undefined
  #closed = false

  constructor(host: HostedDevice) {
    this.#host = host
  }

  /** Looks for the roots that are not known yet. Never rejects: what is wrong is told by State and Status. */
  async start(content: DeviceContent): Promise<void> {
    const wanted = Object.entries(this.#host.spec.forwarded ?? {})
    if (wanted.length === 0) return
    const missing = await Promise.all(
      wanted.map(async ([key, { name: given, label, root: fromCode }]) => {
        const name = tangoName(key, given === undefined ? {} : { name: given }, this.#host.spec.naming)
        const lower = name.toLowerCase()
        if (this.#host.attributes.find(name) !== undefined) return false
        const stored = content.attributes.get(lower) ?? content.classAttributes.get(lower)
        const root = stored?.get(ROOT_PROPERTY)?.[0] ?? fromCode
        return !(await this.#connect(key, name, stored?.get('label')?.[0] ?? label, root))
      }),
    )
    if (this.#closed || !missing.includes(true)) return
    this.#cancelRetry = this.#host.clock.setTimer(RETRY_MS, () => void this.start(content))
  }

  /**
   * Locks the devices of all roots along with this one, for as long; see {@link renewRoots}.
   * @throws DevFailed `API_DeviceLocked` when another client holds one; none is locked then
   */
  async lockRoots(validityS: number): Promise<void> {
    const locked: LockControl[] = []
    try {
      for (const lock of this.#rootLocks()) {
        await lock.take({ validityS: Math.max(MIN_VALIDITY_S, validityS), keep: false })
        locked.push(lock)
      }
    } catch (error) {
      await Promise.allSettled(locked.map((lock) => lock.release()))
      throw error
    }
  }

  /** Renews the locks of the roots: they end by themselves when the client that wants them is gone. */
  async renewRoots(): Promise<void> {
    await Promise.all(this.#rootLocks().map((lock) => lock.renew()))
  }

  /** Gives the locks of the roots back. */
  async unlockRoots(force: boolean): Promise<void> {
    await Promise.all(this.#rootLocks().map((lock) => lock.release({ force })))
  }

  /** Ends what was begun. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancelRetry?.()
    await Promise.all(this.#found.map((forwarded) => forwarded.close()))
  }

  #rootLocks(): LockControl[] {
    const devices = new Set(this.#found.map(({ rootDevice }) => rootDevice))
    return [...devices].map((device) => this.#host.tango.proxy(device).lock)
  }

  /** @returns whether there is nothing to try again */
  async #connect(key: string, name: string, label: string | undefined, root: string | undefined): Promise<boolean> {
    const trouble = name.toLowerCase()
    let forwarded: ForwardedAttribute
    try {
      forwarded = new ForwardedAttribute(this.#host, parseRoot(root, this.#host.name))
    } catch (error) {
      this.#report(trouble, name, root, toDevFailed(error))
      return true
    }
    try {
      const config = await forwarded.config()
      if (this.#closed) return true
      this.#host.stateOf.removeTrouble(trouble)
      const spec = forwardedSpec(name, label, config)
      // reading goes by the table, which knows the source that the client wants
      const handlers = { read: () => undefined, write: (value: unknown) => forwarded.write(value) }
      const entry = addAttribute(this.#host, NOTHING_STORED, key, spec, handlers, false)
      entry.attribute.config.follow(config, forwarded.rootName)
      forwarded.attach(entry)
      this.#found.push(forwarded)
      this.#host.interfaceChanges.changed()
      await this.#followConfiguration(forwarded)
      return true
    } catch (error) {
      this.#report(trouble, name, root, toDevFailed(error), 'Wrong root device')
      return false
    }
  }

  async #followConfiguration(forwarded: ForwardedAttribute): Promise<void> {
    try {
      await forwarded.follow('attr_conf')
    } catch (error) {
      this.#host.log.warn('the configuration of a root attribute cannot be followed', {
        root: forwarded.rootName,
        error,
      })
    }
  }

  #report(trouble: string, name: string, root: string | undefined, error: DevFailed, problem?: string): void {
    const text = problem ?? error.errors[0]?.desc ?? ''
    const where = root === undefined ? 'Root attribute not defined' : `Root attribute name = ${root}`
    const line = `Forwarded attribute ${name} is not correctly configured!\n${where}\nError: ${text}`
    this.#host.stateOf.addTrouble(trouble, line)
    this.#host.log.warn('a forwarded attribute is not available', { attribute: name, root, error: error.message })
  }
}

/** All but the label comes from the root. */
const NOTHING_STORED: DeviceContent = {
  properties: new Map(),
  classProperties: new Map(),
  attributes: new Map(),
  classAttributes: new Map(),
  pipes: new Map(),
  classPipes: new Map(),
}
