// Tango class MotorGroup: several moveables as one.

import { motorGroup } from '#interfaces/motor-group'
import {
  type CallContext,
  Device,
  type DevState,
  type DoubleStringArray,
  devFailed,
  deviceClass,
  type Serves,
} from '#tango'
import { abort, type MotionPlan, move, planMotion, positions, states, stop } from '../motion.ts'
import { poolOf } from './pool-of.ts'

/** Class `MotorGroup`. */
export class MotorGroup extends Device<typeof motorGroup> implements Serves<typeof motorGroup> {
  #plan: MotionPlan | undefined
  #moving = 0

  override async init(): Promise<void> {
    const pool = poolOf(this)
    await pool.ready()
    const elements = this.properties.elements.map((id) => {
      const element = pool.elements.byId(Number(id))
      if (element === undefined)
        throw devFailed(
          'Element_Unknown',
          `${this.name}: no element with id ${id}; delete the group and create it again`,
        )
      return element
    })
    this.#plan = planMotion(elements, pool.proxies)
    this.setState('ON')
  }

  /** The worst of the members while idle, so that a motor moved alone shows. */
  override async stateRead(): Promise<DevState> {
    if (this.#moving > 0) return 'MOVING'
    const found = await states(this.#motion())
    for (const state of ['FAULT', 'UNKNOWN', 'MOVING', 'ALARM'] as const) if (found.includes(state)) return state
    return 'ON'
  }

  readElementList(): string[] {
    return this.#motion().elements.map((e) => e.name)
  }

  async readPosition() {
    return { value: await positions(this.#motion()), quality: this.#moving > 0 ? 'CHANGING' : 'VALID' } as const
  }

  /** Starts the motion and returns; a refusal is the error of the write. */
  async writePosition(targets: Float64Array): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#run(targets, undefined, resolve).then(
        () => resolve(),
        (error: unknown) => {
          this.log.warn('motion failed', { error: String(error) })
          reject(error)
        },
      )
    })
  }

  async moveTo(targets: Float64Array, call: CallContext): Promise<DoubleStringArray> {
    return await this.#run(targets, call.signal)
  }

  async stop(): Promise<void> {
    await stop(this.#motion())
  }
  async abort(): Promise<void> {
    await abort(this.#motion())
  }
  async release(): Promise<void> {
    await abort(this.#motion())
    this.#moving = 0
    this.setState('ON')
  }
  restore(): void {
    // the members restore themselves
  }

  async #run(targets: ArrayLike<number>, signal?: AbortSignal, started?: () => void): Promise<DoubleStringArray> {
    const plan = this.#motion()
    this.#moving += 1
    this.setState('MOVING')
    const watch = this.every(200, () => void this.#pushPosition('CHANGING'))
    try {
      const result = await move(plan, targets, signal, started)
      this.push('position', { value: result.dvalue, quality: 'VALID' })
      return result
    } finally {
      watch.stop()
      this.#moving = Math.max(0, this.#moving - 1)
      if (this.#moving === 0) this.setState('ON')
    }
  }

  async #pushPosition(quality: 'CHANGING' | 'VALID'): Promise<void> {
    try {
      this.push('position', { value: await positions(this.#motion()), quality })
    } catch (error) {
      this.log.debug('no position', { error: String(error) })
    }
  }

  #motion(): MotionPlan {
    if (this.#plan === undefined) throw devFailed('Element_Unknown', `${this.name} has no elements: ${this.status}`)
    return this.#plan
  }
}

export default deviceClass(motorGroup, MotorGroup)
