// One IcePAP axis: motion, switches, registers, status word. Pure functions of the time handed in; no clock, no text.
// "Physical" positions are steps of the motor itself; registers are shifted against them, switches are not.
import { type Motion, type MotionStart, planJog, planMove, planStop, rest } from './motion-profile.ts'

/** What a simulated axis is at power-up; all positions in steps, speeds in steps/s. */
export interface IcepapAxisOptions {
  readonly name: string
  readonly position: number
  readonly velocity: number
  readonly minVelocity: number
  readonly maxVelocity: number
  readonly defaultVelocity: number
  /** Time from rest to VELOCITY, in seconds. */
  readonly acctime: number
  readonly defaultAcctime: number
  readonly lowerLimit: number
  readonly upperLimit: number
  /** Middle of the home switch. */
  readonly home: number
  /** Half width of the home switch. */
  readonly homeHalfWidth: number
  readonly power: boolean
}

/** An axis of the demo: 1000 steps per mm, switches at +-100 mm, home at -50 mm. */
export const DEFAULT_AXIS: IcepapAxisOptions = {
  name: '',
  position: 0,
  velocity: 5000,
  minVelocity: 1,
  maxVelocity: 100000,
  defaultVelocity: 5000,
  acctime: 0.02,
  defaultAcctime: 0.02,
  lowerLimit: -100000,
  upperLimit: 100000,
  home: -50000,
  homeHalfWidth: 50,
  power: true,
}

/** Why the last motion ended, as in bits 14-17 of the status word. */
export const STOP_CODE = { normal: 0, stop: 1, abort: 2, upperLimit: 3, lowerLimit: 4, disabled: 6 } as const

/** The position registers. */
export const REGISTERS = [
  'AXIS',
  'MEASURE',
  'SHFTENC',
  'TGTENC',
  'CTRLENC',
  'ENCIN',
  'INPOS',
  'ABSENC',
  'MOTOR',
  'SYNC',
] as const

/** Name of a position register. */
export type Register = (typeof REGISTERS)[number]

/** A search for a switch edge: result of HOME or SRCH. */
export interface Search {
  readonly direction: 1 | -1
  /** When the edge was or will be passed; undefined when it is not on the way. */
  readonly foundS: number | undefined
}

interface Leg {
  readonly motion: Motion
  readonly stopCode: number
  readonly group: readonly IcepapAxis[]
}

const MAX_LEGS = 512

/** State and behaviour of one axis. Methods take the time `tS`, which never runs backwards. */
export class IcepapAxis {
  readonly address: number
  readonly options: IcepapAxisOptions
  velocity: number
  acctime: number
  mode: 'OPER' | 'CONFIG' | 'PROG' | 'TEST' = 'OPER'
  /** Steps and turns per encoder, name by name, as CFG shows them. */
  readonly config = new Map<string, string>([
    ['ANSTEP', '400'],
    ['ANTURN', '1'],
    ['EINNSTEP', '400'],
    ['EINNTURN', '1'],
    ['ABSNSTEP', '400'],
    ['ABSNTURN', '1'],
    ['INPNSTEP', '400'],
    ['INPNTURN', '1'],
    ['TGTENC', 'NONE'],
  ])
  #legs: Leg[]
  readonly #shifts = new Map<Register, number>()
  #power: boolean
  #search: Search | undefined

  constructor(address: number, options: IcepapAxisOptions) {
    this.address = address
    this.options = options
    this.velocity = options.velocity
    this.acctime = options.acctime
    this.#power = options.power
    this.#legs = [{ motion: rest(-Infinity, options.position), stopCode: STOP_CODE.normal, group: [] }]
  }

  get power(): boolean {
    return this.#power
  }

  /** Position of the motor itself, not rounded; also for times gone by, as far back as the last few hundred motions. */
  physicalAt(tS: number): number {
    return this.#leg(tS).motion.positionAt(tS)
  }

  /** Signed live speed. */
  speedAt(tS: number): number {
    return this.#leg(tS).motion.velocityAt(tS)
  }

  moving(tS: number): boolean {
    return tS < this.#leg(tS).motion.endS
  }

  stopCode(tS: number): number {
    return this.#leg(tS).stopCode
  }

  /** Value of a position register in steps, whole as the box reports it. */
  register(register: Register, tS: number): number {
    return this.#shown(this.physicalAt(tS), register)
  }

  /** Gives the present position a new name in one register; nothing moves. */
  setRegister(register: Register, steps: number, tS: number): void {
    this.#shifts.set(register, steps - Math.round(this.physicalAt(tS)))
  }

  /** Encoder counts per motor step of a register. */
  encoderRatio(register: Register): number {
    const prefix = { ENCIN: 'EIN', ABSENC: 'ABS', INPOS: 'INP' }[register as string]
    if (prefix === undefined) return 1
    const value = (name: string) => Number(this.config.get(name) ?? 1)
    return value(`${prefix}NSTEP`) / value(`${prefix}NTURN`) / (value('ANSTEP') / value('ANTURN'))
  }

  /** Motor position behind a value of the AXIS register. */
  toPhysical(axisSteps: number): number {
    return axisSteps - this.#shift('AXIS')
  }

  /** Why the axis cannot start towards `direction`, or undefined when it can. */
  refusal(direction: number, tS: number, mode: IcepapAxis['mode'] = 'OPER'): string | undefined {
    if (this.mode !== mode) return `Axis is in ${this.mode} mode, not in ${mode}`
    if (!this.#power) return 'Motor power is off'
    if (this.moving(tS)) return 'Axis is moving'
    return this.limitRefusal(direction, tS)
  }

  /** Why the switches forbid a motion towards `direction`, or undefined. */
  limitRefusal(direction: number, tS: number): string | undefined {
    const { lower, upper } = this.limits(tS)
    if (direction > 0 && upper) return 'Limit switch + is active'
    if (direction < 0 && lower) return 'Limit switch - is active'
    return undefined
  }

  /** Live levels of the switches. */
  limits(tS: number): { lower: boolean; upper: boolean; home: boolean } {
    const position = this.physicalAt(tS)
    const { lowerLimit, upperLimit, home, homeHalfWidth } = this.options
    return {
      lower: position <= lowerLimit,
      upper: position >= upperLimit,
      home: Math.abs(position - home) <= homeHalfWidth,
    }
  }

  /** Plans a move to a motor position with the axis' own speed and ramp, from rest or in motion. */
  planTo(physical: number, tS: number): Motion {
    return planMove(this.#start(tS), physical, { cruise: this.velocity, acceleration: this.#acceleration() })
  }

  /** Plans a run at constant signed speed. */
  planRun(speed: number, tS: number): Motion {
    return planJog(this.#start(tS), speed, this.#acceleration())
  }

  /**
   * Runs a motion; a limit switch on its way ends it.
   * @param group the axes that stop together with this one
   * @returns when a switch will end the motion, if one will
   */
  run(motion: Motion, group: readonly IcepapAxis[] = []): number | undefined {
    this.#cut(motion.startS)
    this.#search = undefined
    this.#add({ motion, stopCode: STOP_CODE.normal, group })
    const hit = this.#limitHit(motion)
    if (hit !== undefined) this.#ramp(hit.tS, hit.stopCode)
    return hit?.tS
  }

  /** Searches a position of the motor in one direction: runs until it is passed, then ramps down. */
  search(edge: number | undefined, direction: 1 | -1, tS: number): void {
    const motion = this.planRun(direction * this.velocity, tS)
    const foundS = edge === undefined ? undefined : motion.passage(edge, direction)
    const hit = this.#limitHit(motion)
    const found = foundS !== undefined && (hit === undefined || foundS <= hit.tS)
    this.run(motion)
    this.#search = { direction, foundS: found ? foundS : undefined }
    // A limit switch that is searched for ends the motion as a limit switch.
    if (found) this.#ramp(foundS, foundS === hit?.tS ? hit.stopCode : STOP_CODE.normal)
  }

  /** What the last HOME or SRCH came to. */
  searchState(tS: number): { state: 'FOUND' | 'NOTFOUND' | 'MOVING'; direction: 1 | -1 } | undefined {
    if (this.#search === undefined) return undefined
    const { direction, foundS } = this.#search
    if (foundS !== undefined && foundS <= tS) return { state: 'FOUND', direction }
    return { state: this.moving(tS) ? 'MOVING' : 'NOTFOUND', direction }
  }

  /** Register value at the place where the last search found its edge. */
  searchPosition(register: Register, tS: number): number | undefined {
    const foundS = this.#search?.foundS
    return foundS === undefined || foundS > tS ? undefined : this.#shown(this.physicalAt(foundS), register)
  }

  /** Ramps down (STOP), together with the axes it moves with. */
  stop(tS: number): void {
    for (const axis of this.#together(tS)) if (axis.moving(tS)) axis.stopAlone(tS)
  }

  /** Halts at once (ABORT), together with the axes it moves with. */
  abort(tS: number, stopCode: number = STOP_CODE.abort): void {
    for (const axis of this.#together(tS))
      if (axis.moving(tS)) axis.#halt(tS, axis === this ? stopCode : STOP_CODE.abort)
  }

  /** Ramps down this axis only, also at a time to come. */
  stopAlone(tS: number): void {
    this.#ramp(tS, STOP_CODE.stop)
  }

  /** Switches the motor power; without it a motion ends on the spot. */
  setPower(on: boolean, tS: number): void {
    if (!on && this.moving(tS)) this.abort(tS, STOP_CODE.disabled)
    this.#power = on
  }

  /** The 32-bit status word. */
  status(tS: number): number {
    const moving = this.moving(tS)
    const { lower, upper, home } = this.limits(tS)
    const ready = !moving && this.#power && this.mode === 'OPER'
    const modeBits = { OPER: 0, CONFIG: 0, PROG: 1, TEST: 2 }[this.mode]
    const disable = this.#power ? 0 : 7
    const bit = (on: boolean, place: number) => (on ? 1 << place : 0)
    const word =
      0b11 |
      (modeBits << 2) |
      (disable << 4) |
      bit(ready, 9) |
      bit(moving, 10) |
      (this.stopCode(tS) << 14) |
      bit(upper, 18) |
      bit(lower, 19) |
      bit(home, 20) |
      bit(true, 21) |
      bit(this.#power, 23)
    return word >>> 0
  }

  #acceleration(): number {
    return this.velocity / this.acctime
  }

  #start(tS: number): MotionStart {
    return { startS: tS, position: this.physicalAt(tS), velocity: this.speedAt(tS) }
  }

  #leg(tS: number): Leg {
    const leg = this.#legs.findLast(({ motion }) => motion.startS <= tS) ?? this.#legs[0]
    if (leg === undefined) throw new Error('unreachable: an axis always has a first leg')
    return leg
  }

  #shift(register: Register): number {
    return this.#shifts.get(register) ?? 0
  }

  #shown(physical: number, register: Register): number {
    return Math.round(physical) + this.#shift(register)
  }

  #limitHit(motion: Motion): { tS: number; stopCode: number } | undefined {
    const upperS = motion.passage(this.options.upperLimit, 1) ?? Infinity
    const lowerS = motion.passage(this.options.lowerLimit, -1) ?? Infinity
    if (upperS === Infinity && lowerS === Infinity) return undefined
    return upperS < lowerS
      ? { tS: upperS, stopCode: STOP_CODE.upperLimit }
      : { tS: lowerS, stopCode: STOP_CODE.lowerLimit }
  }

  #together(tS: number): readonly IcepapAxis[] {
    const { group } = this.#leg(tS)
    return group.length > 0 ? group : [this]
  }

  /** Replaces everything from `tS` on by a ramp to rest. */
  #ramp(tS: number, stopCode: number): void {
    const motion = planStop(this.#start(tS), this.#acceleration())
    this.#cut(tS)
    this.#add({ motion, stopCode, group: [] })
  }

  #halt(tS: number, stopCode: number): void {
    const position = Math.round(this.physicalAt(tS))
    this.#cut(tS)
    this.#add({ motion: rest(tS, position), stopCode, group: [] })
  }

  /** Forgets what was planned for after `tS`, a find on that way included. */
  #cut(tS: number): void {
    this.#legs = this.#legs.filter(({ motion }, i) => i === 0 || motion.startS <= tS)
    if (this.#search?.foundS !== undefined && this.#search.foundS > tS) {
      this.#search = { ...this.#search, foundS: undefined }
    }
  }

  #add(leg: Leg): void {
    this.#legs.push(leg)
    if (this.#legs.length > MAX_LEGS) this.#legs = this.#legs.slice(-MAX_LEGS / 2)
  }
}
