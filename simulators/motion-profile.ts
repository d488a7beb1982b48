// Motion of one axis as a pure function of time: constant-acceleration phases. Knows nothing of switches or protocols.
// Positions in steps, speeds in steps/s, accelerations in steps/s², times in seconds of one monotonic clock.

/** A motion, known completely when it is planned. */
export interface Motion {
  readonly startS: number
  /** When the axis is at rest again; Infinity for a jog. */
  readonly endS: number
  /** Position at any time; before the start the first one, after the end the last one. */
  positionAt(tS: number): number
  /** Signed speed; 0 before the start and from the end on. */
  velocityAt(tS: number): number
  /** First time at which the axis runs through `position` in `direction`; stopping exactly there is no passage. */
  passage(position: number, direction: 1 | -1): number | undefined
}

/** Where an axis is when a plan begins. */
export interface MotionStart {
  readonly startS: number
  readonly position: number
  /** Speed at the start; 0 when left out. */
  readonly velocity?: number
}

/** Speed and ramp of a plan; both positive. */
export interface MotionLimits {
  readonly cruise: number
  readonly acceleration: number
}

/**
 * Plans a move: trapezoid, or triangle when the way is short. An axis in motion keeps its speed where it can; when it
 * runs the wrong way, or too fast to stop in time, it brakes to rest and comes back.
 */
export function planMove(start: MotionStart, target: number, limits: MotionLimits): Motion {
  const plan = new PhaseList(start)
  const { cruise, acceleration } = limits
  const brakingWay = (plan.velocity * Math.abs(plan.velocity)) / (2 * acceleration)
  const room = target - (plan.position + brakingWay)
  if (plan.velocity !== 0 && room * plan.velocity < 0) plan.changeSpeed(0, acceleration)
  const direction = target >= plan.position ? 1 : -1
  const distance = Math.abs(target - plan.position)
  const entry = Math.abs(plan.velocity)
  const peak = Math.min(Math.sqrt((2 * acceleration * distance + entry * entry) / 2), Math.max(cruise, 0))
  if (distance > 0) {
    plan.changeSpeed(direction * peak, acceleration)
    const braking = (peak * peak) / (2 * acceleration)
    const cruising = Math.abs(target - plan.position) - braking
    if (cruising > 0 && peak > 0) plan.hold(cruising / peak)
    plan.changeSpeed(0, acceleration)
  }
  return plan.finish(target)
}

/** Plans a stop: one ramp down from the present speed. */
export function planStop(start: MotionStart, acceleration: number): Motion {
  const plan = new PhaseList(start)
  plan.changeSpeed(0, acceleration)
  return plan.finish(plan.position)
}

/** Plans a run at constant signed speed without an end; speed 0 is a stop. */
export function planJog(start: MotionStart, speed: number, acceleration: number): Motion {
  if (speed === 0) return planStop(start, acceleration)
  const plan = new PhaseList(start)
  // The speed changes sign through rest, which one ramp does by itself.
  plan.changeSpeed(speed, acceleration)
  plan.hold(Infinity)
  return plan.finish(undefined)
}

/** An axis at rest from `startS` on. */
export function rest(startS: number, position: number): Motion {
  return new PhaseList({ startS, position }).finish(position)
}

interface Phase {
  readonly startS: number
  readonly durationS: number
  readonly position: number
  readonly velocity: number
  readonly acceleration: number
}

/** Collects phases end to end while a plan is made. */
class PhaseList {
  readonly #startS: number
  readonly #first: number
  readonly #phases: Phase[] = []
  #nowS: number
  position: number
  velocity: number

  constructor(start: MotionStart) {
    this.#startS = start.startS
    this.#nowS = start.startS
    this.#first = start.position
    this.position = start.position
    this.velocity = start.velocity ?? 0
  }

  changeSpeed(velocity: number, acceleration: number): void {
    const change = velocity - this.velocity
    if (change !== 0) this.#add(Math.abs(change) / acceleration, Math.sign(change) * acceleration)
    this.velocity = velocity
  }

  hold(durationS: number): void {
    this.#add(durationS, 0)
  }

  /** Ends the plan at `last`, which replaces the sum of rounding errors; `undefined` for a plan without an end. */
  finish(last: number | undefined): Motion {
    return new PhaseMotion(this.#startS, this.#nowS, this.#phases, { first: this.#first, last: last ?? this.position })
  }

  #add(durationS: number, acceleration: number): void {
    this.#phases.push({
      startS: this.#nowS,
      durationS,
      position: this.position,
      velocity: this.velocity,
      acceleration,
    })
    this.#nowS += durationS
    if (durationS === Infinity) return
    this.position += this.velocity * durationS + 0.5 * acceleration * durationS * durationS
  }
}

class PhaseMotion implements Motion {
  readonly startS: number
  readonly endS: number
  readonly #phases: readonly Phase[]
  readonly #ends: { readonly first: number; readonly last: number }

  constructor(startS: number, endS: number, phases: readonly Phase[], ends: { first: number; last: number }) {
    this.startS = startS
    this.endS = endS
    this.#phases = phases
    this.#ends = ends
  }

  positionAt(tS: number): number {
    if (tS >= this.endS) return this.#ends.last
    const phase = this.#phaseAt(tS)
    if (phase === undefined) return this.#ends.first
    const sinceS = tS - phase.startS
    return phase.position + phase.velocity * sinceS + 0.5 * phase.acceleration * sinceS * sinceS
  }

  velocityAt(tS: number): number {
    const phase = tS >= this.endS ? undefined : this.#phaseAt(tS)
    return phase === undefined ? 0 : phase.velocity + phase.acceleration * (tS - phase.startS)
  }

  passage(position: number, direction: 1 | -1): number | undefined {
    for (const phase of this.#phases) {
      const sinceS = phasePassage(phase, position, direction)
      if (sinceS !== undefined) return phase.startS + sinceS
    }
    return undefined
  }

  #phaseAt(tS: number): Phase | undefined {
    return this.#phases.findLast((phase) => phase.startS <= tS)
  }
}

/** Time since the start of the phase at which it runs through `position` in `direction`. */
function phasePassage(phase: Phase, position: number, direction: 1 | -1): number | undefined {
  const { velocity, acceleration, durationS } = phase
  const way = position - phase.position
  if (acceleration === 0) {
    const sinceS = way / velocity
    return velocity * direction > 0 && sinceS >= 0 && sinceS <= durationS ? sinceS : undefined
  }
  const squaredSpeed = velocity * velocity + 2 * acceleration * way
  if (squaredSpeed <= 0) return undefined
  const sinceS = (direction * Math.sqrt(squaredSpeed) - velocity) / acceleration
  // The borders of neighbouring phases differ by rounding; a passage must not fall between them.
  const slackS = 1e-9
  return sinceS >= -slackS && sinceS <= durationS + slackS ? Math.min(Math.max(sinceS, 0), durationS) : undefined
}
