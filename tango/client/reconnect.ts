// One device as a client sees it through restarts: where it is, how it is found again, and which failed calls may be
// repeated. Shared by all proxies of a process that name the same device.

import type { Clock } from '../clock.ts'
import { SystemException } from '../orb/system-exception.ts'
import type { ObjectReference } from '../wire/ior.ts'
import type { Access } from './access-control.ts'
import type { AttributeShape } from './attribute-values.ts'

/** A device that was found. */
export interface Target {
  readonly reference: ObjectReference
  /** Interface level, 1 to 5. */
  readonly level: number
  /** `domain/family/member`; the real name of an alias. */
  readonly device: string
}

/** Types of one command. */
export interface CommandTypes {
  readonly inType: number
  readonly outType: number
}

/** Which failed calls may be sent a second time: all, only those that were certainly not executed, or none. */
export type Repeatable = 'always' | 'unexecuted' | 'never'

/** After a repetition has failed, further ones wait this long. */
const REPEAT_INTERVAL_MS = 1000

/** What a {@link DeviceConnection} is made of. */
export interface ConnectionOptions {
  /** Name as the user wrote it, for messages. */
  readonly name: string
  readonly clock: Pick<Clock, 'monotonic'>
  /** Looks the device up; called once per (re)connection. */
  readonly find: () => Promise<Target>
  /** `host:port` in the names of events: of the database, or of the device itself without one. */
  readonly tangoHost: string
  /** Complete name of another device of the same control system, such as the admin device. */
  readonly sibling: (device: string) => string
  /** Whether the device is known to a database. */
  readonly database: boolean
}

/** A device, found when first needed and again after its server was restarted. */
export class DeviceConnection {
  readonly name: string
  readonly tangoHost: string
  readonly sibling: (device: string) => string
  /** Whether the device is known to a database; without one there are no properties, locks and access control. */
  readonly database: boolean
  /** What access control grants, once somebody has asked. */
  access: Access | undefined
  /** Command types learnt from the device, by lower-case name. */
  readonly commandTypes = new Map<string, CommandTypes>()
  /** Attribute types learnt from the device, by lower-case name. */
  readonly attributeShapes = new Map<string, AttributeShape>()
  readonly #find: () => Promise<Target>
  readonly #clock: Pick<Clock, 'monotonic'>
  #target: Target | undefined
  #finding: Promise<Target> | undefined
  #repeatAfterMs = 0
  #adminName: string | undefined

  constructor(options: ConnectionOptions) {
    this.name = options.name
    this.tangoHost = options.tangoHost
    this.sibling = options.sibling
    this.database = options.database
    if (!options.database) this.access = { right: 'WRITE' }
    this.#find = options.find
    this.#clock = options.clock
  }

  /** Name of the admin device, once somebody has asked for it. */
  get adminName(): string | undefined {
    return this.#adminName
  }

  set adminName(name: string) {
    this.#adminName = name
  }

  /** The device, looked up if that has not happened yet; callers at the same time share one look-up. */
  async target(): Promise<Target> {
    if (this.#target !== undefined) return this.#target
    this.#finding ??= this.#lookUp()
    return this.#finding
  }

  /**
   * Runs a call. When the device was not there, it is looked up again and the call repeated once, if `repeatable`
   * allows; at most one such repetition per second while they fail. A call that fails so leaves the look-up to the next.
   */
  async run<R>(repeatable: Repeatable, call: (target: Target) => Promise<R>): Promise<R> {
    const target = this.#target ?? (await this.target())
    try {
      return await call(target)
    } catch (error) {
      if (!isGone(error)) throw error
      // the next call looks the device up again, so that it is found as soon as it is back
      this.forget(target)
      // one repetition per second while they fail
      if (!mayRepeat(error, repeatable) || this.#clock.monotonic() < this.#repeatAfterMs) throw error
    }
    const found = await this.target()
    try {
      return await call(found)
    } catch (error) {
      if (isGone(error)) {
        this.forget(found)
        this.#repeatAfterMs = this.#clock.monotonic() + REPEAT_INTERVAL_MS
      }
      throw error
    }
  }

  /** Drops what is known of the device (or of this `target`, if that is still current). */
  forget(target: Target | undefined = this.#target): void {
    if (target !== this.#target) return
    this.#target = undefined
    this.#adminName = undefined
    this.commandTypes.clear()
    this.attributeShapes.clear()
  }

  async #lookUp(): Promise<Target> {
    try {
      const target = await this.#find()
      this.#target = target
      return target
    } finally {
      this.#finding = undefined
    }
  }
}

/** Whether the error says that the device is not (any more) where the call went. */
function isGone(error: unknown): error is SystemException {
  if (!(error instanceof SystemException)) return false
  if (error.exception === 'OBJECT_NOT_EXIST') return true
  // a call that timed out or an answer that cannot be read says nothing about where the device is
  if (error.exception !== 'TRANSIENT' && error.exception !== 'COMM_FAILURE') return false
  return !error.has('API_DeviceTimedOut')
}

function mayRepeat(error: SystemException, repeatable: Repeatable): boolean {
  if (repeatable === 'never') return false
  // a lost connection leaves open whether the request was executed
  return error.exception === 'OBJECT_NOT_EXIST' || error.completed === 'NO' || repeatable === 'always'
}
