// Units of one axis: user position, dial position and steps; Sardana's definitions. Pure.

/** How an axis is scaled. */
export interface Scale {
  readonly stepPerUnit: number
  /** 1 or -1. */
  readonly sign: number
  readonly offset: number
}

/** Dial position of a user position: `(user - offset) / sign`. */
export const dialOfUser = (user: number, { sign, offset }: Scale): number => (user - offset) / sign

/** User position of a dial position: `sign * dial + offset`. */
export const userOfDial = (dial: number, { sign, offset }: Scale): number => sign * dial + offset

/** Steps of a user position; not rounded, that is the driver's business. */
export const stepsOfUser = (user: number, scale: Scale): number => dialOfUser(user, scale) * scale.stepPerUnit

/** Dial position of steps. */
export const dialOfSteps = (steps: number, { stepPerUnit }: Scale): number => steps / stepPerUnit

/** User position of steps. */
export const userOfSteps = (steps: number, scale: Scale): number => userOfDial(dialOfSteps(steps, scale), scale)

/**
 * Where a motion goes first, if it has to come back to its target from the side that `backlash` names: a positive one
 * means that the last part of each motion is upwards.
 * @returns undefined when the motion goes the right way already
 */
export function backlashLeg(from: number, target: number, backlash: number): number | undefined {
  if (backlash === 0 || from === target || Math.sign(target - from) === Math.sign(backlash)) return undefined
  return target - backlash
}

/** Time of a motion with linear ramps in ms; a short one never reaches the velocity (steps/s, ramp time in s). */
export function rampedDurationMs(steps: number, velocity: number, acceleration: number): number {
  if (steps === 0 || velocity <= 0) return 0
  const rampSteps = velocity * acceleration
  const seconds =
    steps >= rampSteps ? steps / velocity + acceleration : 2 * Math.sqrt((steps * acceleration) / velocity)
  return seconds * 1000
}
