// Motions of the axes of one box: checks, starts axes together, watches them to their end, stops. The engine waits here
// for replies; what watchers see goes out through the axes.

import type { Clock } from '#tango'
import { type DevFailed, devFailed, toDevFailed } from '#tango/pure'
import type { AxisStatus, MotorDriver } from '../driver.ts'
import type { MotorAxis } from './axis.ts'
import type { Box } from './box.ts'
import { Motion, type Outcome, type StopKind } from './motion.ts'
import { backlashLeg, rampedDurationMs } from './scale.ts'
import { after, type MaybePromise, recover } from './sooner-or-later.ts'

/** How a motion ended: reason is `normal`, `stopped`, `aborted`, `limit` or `fault: text`. */
export interface MotionEnd {
  readonly position: number
  readonly reason: string
}

/** What motions need from their controller. */
export interface MotionsOptions {
  readonly name: string
  readonly clock: Clock
  readonly box: Box<MotorDriver>
  /** @throws DevFailed `Controller_AxisUnknown` */
  axis(number: number): MotorAxis
}

/** Time between two positions for watchers. */
const PROGRESS_MS = 100
/** The motions of one controller. */
export class Motions {
  readonly #options: MotionsOptions
  readonly #active = new Map<number, Motion>()
  /** Ends that nobody has asked for yet. */
  readonly #unclaimed = new Map<number, Outcome>()
  /** Steps where axes rested last, to foretell how long the next motion takes. */
  readonly #rested = new Map<number, number>()
  #watching = false
  #wakeUp: () => void = () => {}
  #nextProgressMs = 0

  constructor(options: MotionsOptions) {
    this.#options = options
  }

  /** Whether the axis is in a motion, also between the legs of one. */
  isMoving(axis: number): boolean {
    return this.#active.has(axis)
  }

  /**
   * Checks targets (user positions) as a start would; an axis may stand several times.
   * @throws DevFailed `Controller_AxisUnknown`, `Motion_LimitExceeded`
   */
  check(targets: readonly (readonly [axis: number, user: number])[]): void {
    for (const [axis, user] of targets) this.#options.axis(axis).targetSteps(user)
  }

  /**
   * Checks all targets (user positions), then starts all axes.
   * @returns expected end of each motion, s since 1970
   * @throws DevFailed `Controller_AxisUnknown`, `Element_InUse`, `Motion_LimitExceeded`, `Controller_NotConnected`,
   *   `Motion_Failed` when the box refuses; nothing moves then
   */
  start(targets: readonly (readonly [axis: number, user: number])[]): MaybePromise<number[]> {
    const { driver } = this.#options.box
    const motions = targets.map(([axis, user]) => this.#plan(axis, user))
    const numbers = motions.map(({ axis }) => axis.axis)
    if (new Set(numbers).size !== numbers.length) {
      throw devFailed('API_InvalidArgs', `${this.#options.name}: an axis is named twice in ${numbers.join(', ')}`)
    }
    // from here on the axes are taken, also while the box has not answered yet
    for (const motion of motions) {
      this.#active.set(motion.axis.axis, motion)
      this.#unclaimed.delete(motion.axis.axis)
    }
    return recover(
      () =>
        after(this.#withBacklash(driver, motions), () =>
          after(driver.start(motions.map(({ move }) => move)), (durations) => this.#started(motions, durations)),
        ),
      (error) => {
        for (const motion of motions) this.#release(motion)
        if (error instanceof Refusal) throw error.cause
        const names = motions.map(({ axis }) => axis.elementName).join(', ')
        throw devFailed('Motion_Failed', `${this.#options.name}: the motion of ${names} was not started`, {
          cause: error,
        })
      },
    )
  }

  /**
   * Waits until the axes rest.
   * @param signal ends their motions when it aborts
   * @throws DevFailed `Motion_Failed` when the box cannot be asked how a motion ended
   */
  await(numbers: readonly number[], signal: AbortSignal): MaybePromise<MotionEnd[]> {
    const axes = numbers.map((number) => this.#options.axis(number))
    const pending = axes.filter(({ axis }) => this.#active.has(axis))
    if (pending.length > 0) return this.#waitFor(axes, pending, signal)
    const outcomes = new Map(this.#unclaimed)
    for (const number of numbers) this.#unclaimed.delete(number)
    const unknown = numbers.filter((number) => !outcomes.has(number))
    if (unknown.length === 0) return this.#ends(axes, outcomes)
    // an axis that has not moved since it was asked last: all there is to say is where it is
    return after(this.steps(unknown), (steps) => {
      unknown.forEach((number, index) => {
        outcomes.set(number, { steps: steps[index] ?? Number.NaN, reason: 'normal' })
      })
      return this.#ends(axes, outcomes)
    })
  }

  /**
   * Ends motions; axes that rest are told too, since somebody else may have started them.
   * @throws DevFailed `Controller_NotConnected`, or what the box says
   */
  stop(numbers: readonly number[], how: StopKind): MaybePromise<void> {
    const { driver } = this.#options.box
    const now = this.#options.clock.monotonic()
    for (const number of numbers) {
      const motion = this.#active.get(this.#options.axis(number).axis)
      motion?.end(how, now)
    }
    return after(how === 'stopped' ? driver.stop(numbers) : driver.abort(numbers), () => {
      this.#wakeUp()
    })
  }

  /** Gives up motions that do not end; the box is not asked. */
  release(numbers: readonly number[]): void {
    for (const number of numbers) {
      const motion = this.#active.get(number)
      if (motion !== undefined)
        this.#fail(motion, devFailed('Motion_Failed', `${motion.axis.elementName}: the motion was released`))
    }
  }

  /** States of axes as the box tells them now, MOVING between two legs. */
  states(numbers: readonly number[]): MaybePromise<string[]> {
    return after(this.status(numbers), (statuses) =>
      statuses.map(({ state }, index) => (this.#active.has(numbers[index] ?? -1) ? 'MOVING' : state)),
    )
  }

  /** Statuses of axes as the box tells them now. */
  status(numbers: readonly number[]): MaybePromise<readonly AxisStatus[]> {
    for (const number of numbers) this.#options.axis(number)
    return this.#options.box.driver.status(numbers)
  }

  /** Steps of axes as the box tells them now. */
  steps(numbers: readonly number[]): MaybePromise<readonly number[]> {
    for (const number of numbers) this.#options.axis(number)
    return this.#options.box.driver.position(numbers)
  }

  /** User positions of axes as the box tells them now. */
  positions(numbers: readonly number[]): MaybePromise<number[]> {
    return after(this.steps(numbers), (steps) =>
      numbers.map((number, index) => this.#options.axis(number).userPosition(steps[index] ?? Number.NaN)),
    )
  }

  /** Somebody has declared where the axis is. */
  defined(number: number, steps: number): void {
    this.#rested.set(number, steps)
    this.#unclaimed.delete(number)
  }

  /** Looks at resting axes: motions that somebody else started, switches, power. */
  async refresh(numbers: readonly number[]): Promise<void> {
    const resting = numbers.filter((number) => !this.#active.has(number))
    if (resting.length === 0) return
    const statuses = await this.status(resting)
    resting.forEach((number, index) => {
      const status = statuses[index]
      // a motion may have been started while the box was answering
      if (status === undefined || this.#active.has(number)) return
      const axis = this.#options.axis(number)
      if (status.state === 'MOVING') this.#adopt(axis)
      else axis.rests(status)
    })
  }

  /** The box is lost: nothing is known of motions under way. */
  lost(reason: string): void {
    for (const motion of this.#active.values()) {
      if (!motion.underWay) continue
      const desc = `${motion.axis.elementName}: the motion was lost from sight: ${reason}`
      this.#fail(motion, devFailed('Motion_Failed', desc, { cause: devFailed('Controller_NotConnected', reason) }))
    }
  }

  #plan(number: number, user: number): Motion {
    const axis = this.#options.axis(number)
    if (this.#active.has(number)) {
      throw devFailed('Element_InUse', `${axis.elementName} is already in motion; wait for its end or stop it`)
    }
    return new Motion(axis, axis.targetSteps(user))
  }

  #withBacklash(driver: MotorDriver, motions: readonly Motion[]): MaybePromise<void> {
    const concerned = motions.filter(({ axis }) => axis.backlash !== 0)
    if (concerned.length === 0) return
    return after(driver.position(concerned.map(({ axis }) => axis.axis)), (positions) => {
      concerned.forEach((motion, index) => {
        const { target, axis } = motion
        const from = positions[index]
        if (target === undefined || from === undefined) return
        const leg = backlashLeg(from, target, axis.backlash)
        if (leg === undefined) return
        refuse(() => axis.checkSteps(leg, 'the way around for backlash'))
        motion.nextTarget = target
        motion.target = leg
      })
    })
  }

  #started(motions: readonly Motion[], durations: readonly number[] | undefined): number[] {
    const { clock } = this.#options
    const nowMs = clock.monotonic()
    const now = clock.now()
    let longest = 0
    const ends = motions.map((motion, index) => {
      const durationMs = this.#underWay(motion, durations?.[index], nowMs)
      longest = Math.max(longest, durationMs)
      if (this.#active.get(motion.axis.axis) === motion) motion.axis.started()
      return now + durationMs / 1000
    })
    if (!this.#watching) this.#nextProgressMs = nowMs + PROGRESS_MS
    this.#watch()
    return ends
  }

  /** Notes that a leg is under way; returns its expected duration. */
  #underWay(motion: Motion, told: number | undefined, nowMs: number): number {
    const durationMs = told ?? this.#estimate(motion)
    motion.begin(nowMs, durationMs)
    // a stop that overtook the start may have reached the box before it
    if (motion.request !== undefined) this.#stopQuietly([motion.axis.axis], motion.request)
    return durationMs ?? 0
  }

  #estimate({ axis, target }: Motion): number | undefined {
    const from = this.#rested.get(axis.axis)
    const { velocity = 0, acceleration = 0 } = axis.parameters
    if (from === undefined || target === undefined || velocity <= 0) return undefined
    return rampedDurationMs(Math.abs(target - from), velocity, acceleration)
  }

  #adopt(axis: MotorAxis): void {
    const motion = new Motion(axis, undefined)
    this.#active.set(axis.axis, motion)
    this.#underWay(motion, undefined, this.#options.clock.monotonic())
    axis.started()
    this.#watch()
  }

  /** Starts the watch, or wakes it up. Motions that have ended already are settled before this returns, if the driver answers at once. */
  #watch(): void {
    if (this.#watching) {
      this.#wakeUp()
      return
    }
    this.#watching = true
    void this.#watchUntilAllRest() // every failure becomes the outcome of its motions
  }

  async #watchUntilAllRest(): Promise<void> {
    const { clock } = this.#options
    try {
      for (let motions = this.#underWayNow(); motions.length > 0; motions = this.#underWayNow()) {
        const nowMs = clock.monotonic()
        const dueMs = Math.min(this.#nextProgressMs, ...motions.map(({ nextPollMs }) => nextPollMs))
        if (dueMs > nowMs) {
          await this.#sleep(dueMs - nowMs)
          continue
        }
        try {
          const looked = this.#look(motions)
          if (looked instanceof Promise) await looked
        } catch (error) {
          for (const motion of motions) this.#fail(motion, toDevFailed(error))
        }
      }
    } finally {
      this.#watching = false
    }
  }

  #underWayNow(): Motion[] {
    const found: Motion[] = []
    for (const motion of this.#active.values()) if (motion.underWay) found.push(motion)
    return found
  }

  /** One look at the box: who has ended, and where are the others. */
  #look(motions: readonly Motion[]): MaybePromise<void> {
    const { driver } = this.#options.box
    return after(driver.status(motions.map(axisNumber)), (statuses) => {
      const nowMs = this.#options.clock.monotonic()
      const wanted: { motion: Motion; status: AxisStatus }[] = []
      const progress = nowMs >= this.#nextProgressMs
      if (progress) this.#nextProgressMs = nowMs + PROGRESS_MS
      motions.forEach((motion, index) => {
        const status = statuses[index]
        if (status === undefined)
          throw devFailed('Line_BadAnswer', `${motion.axis.elementName}: the driver gave no status`)
        if (status.state === 'MOVING') motion.postpone(nowMs)
        else if (motion.isSettling(nowMs)) return
        const ended = status.state !== 'MOVING'
        if (ended || progress || motion.isOverdue(nowMs)) wanted.push({ motion, status })
      })
      if (wanted.length === 0) return
      return after(driver.position(wanted.map(({ motion }) => motion.axis.axis)), (positions) => {
        wanted.forEach(({ motion, status }, index) => {
          this.#seen(driver, motion, status, positions[index] ?? Number.NaN)
        })
      })
    })
  }

  #seen(driver: MotorDriver, motion: Motion, status: AxisStatus, steps: number): void {
    // released or failed while the box was answering
    if (this.#active.get(motion.axis.axis) !== motion) return
    if (status.state === 'MOVING') {
      motion.axis.moved(steps)
      const nowMs = this.#options.clock.monotonic()
      if (motion.isOverdue(nowMs)) motion.tellOverdue(nowMs, steps)
      return
    }
    const reason = motion.reason(status, steps)
    const next = motion.nextTarget
    motion.nextTarget = undefined
    if (next !== undefined && reason === 'normal') this.#nextLeg(driver, motion, next)
    else this.#finish(motion, { steps, reason }, () => motion.axis.ended(steps, status))
  }

  #nextLeg(driver: MotorDriver, motion: Motion, target: number): void {
    motion.target = target
    motion.underWay = false
    const started = recover(
      () =>
        after(driver.start([motion.move]), (durations) => {
          if (this.#active.get(motion.axis.axis) !== motion) return
          this.#underWay(motion, durations?.[0], this.#options.clock.monotonic())
          this.#watch()
        }),
      (error) => this.#fail(motion, toDevFailed(error)),
    )
    // `recover` has taken its failure
    void started
  }

  #fail(motion: Motion, error: DevFailed): void {
    const steps = this.#rested.get(motion.axis.axis) ?? Number.NaN
    const fault: AxisStatus = { state: 'FAULT', home: false, upper: false, lower: false, text: error.message }
    this.#finish(motion, { steps, reason: `fault: ${error.message}`, error }, () => {
      // a lost box is shown by the controller; here it is one that answers but not about this
      if (this.#options.box.trouble === undefined) motion.axis.rests(fault)
    })
  }

  #finish(motion: Motion, outcome: Outcome, show: () => void): void {
    this.#release(motion)
    this.#rested.set(motion.axis.axis, outcome.steps)
    show()
    if (motion.waiters.size === 0) this.#unclaimed.set(motion.axis.axis, outcome)
    motion.tell(outcome)
  }

  #release(motion: Motion): void {
    if (this.#active.get(motion.axis.axis) === motion) this.#active.delete(motion.axis.axis)
    motion.underWay = false
  }

  #waitFor(axes: readonly MotorAxis[], pending: readonly MotorAxis[], signal: AbortSignal): Promise<MotionEnd[]> {
    return new Promise((resolve, reject) => {
      const outcomes = new Map<number, Outcome>()
      const stop = (): void => {
        const running = pending.map(({ axis }) => axis).filter((axis) => this.#active.has(axis))
        if (running.length > 0) this.#stopQuietly(running, 'stopped')
      }
      for (const { axis } of pending) {
        const motion = this.#active.get(axis)
        if (motion === undefined) continue
        const waiter = (outcome: Outcome): void => {
          motion.waiters.delete(waiter)
          outcomes.set(axis, outcome)
          if (outcomes.size < pending.length) {
            // axes that move together stop together
            if (outcome.reason !== 'normal') stop()
            return
          }
          signal.removeEventListener('abort', stop)
          this.#complete(axes, outcomes).then(resolve, reject)
        }
        motion.waiters.add(waiter)
      }
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
    })
  }

  /** Adds the ends of the axes that rested when the waiting began. */
  async #complete(axes: readonly MotorAxis[], outcomes: ReadonlyMap<number, Outcome>): Promise<MotionEnd[]> {
    const others = axes.filter(({ axis }) => !outcomes.has(axis))
    // an outcome with an error is thrown before the box is asked in vain
    const known = axes.filter(({ axis }) => outcomes.has(axis))
    const ends = new Map(this.#ends(known, outcomes).map((end, index) => [known[index]?.axis, end]))
    if (others.length > 0) {
      const rest = await this.await(
        others.map(({ axis }) => axis),
        new AbortController().signal,
      )
      others.forEach(({ axis }, index) => {
        const end = rest[index]
        if (end !== undefined) ends.set(axis, end)
      })
    }
    return axes.map(({ axis }) => ends.get(axis) ?? { position: Number.NaN, reason: 'normal' })
  }

  /** A stop whose failure nobody is left to be told of; the watch goes on and reports what it sees. */
  #stopQuietly(numbers: readonly number[], how: StopKind): void {
    void recover(
      () => this.stop(numbers, how),
      () => {},
    )
  }

  #ends(axes: readonly MotorAxis[], outcomes: ReadonlyMap<number, Outcome>): MotionEnd[] {
    return axes.map((axis) => {
      const outcome = outcomes.get(axis.axis)
      if (outcome?.error !== undefined) {
        throw devFailed('Motion_Failed', `${axis.elementName}: the end of its motion is not known`, {
          cause: outcome.error,
        })
      }
      return { position: axis.userPosition(outcome?.steps ?? Number.NaN), reason: outcome?.reason ?? 'normal' }
    })
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel()
        this.#wakeUp = () => {}
        resolve()
      }
      // Node cuts off parts of a millisecond; one tick too early would cost another question
      const cancel = this.#options.clock.setTimer(Math.ceil(ms), done)
      this.#wakeUp = done
    })
  }
}

/** Marks a failure that is the caller's fault, so that it is not wrapped as one of the box. */
class Refusal extends Error {}

function refuse(check: () => void): void {
  try {
    check()
  } catch (cause) {
    throw new Refusal('refused', { cause })
  }
}

const axisNumber = ({ axis }: Motion): number => axis.axis
