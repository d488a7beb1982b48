// Tango class Motor: one axis of a motor controller. Units, sign, offset, limits and what watchers see are here; motions
// are the controller's.

import { motor } from '#interfaces/motor'
import { Device, deviceClass, type Serves } from '#tango'
import { type DevState, devFailed, type Quality, type Reading } from '#tango/pure'
import type { AxisParameters, AxisStatus, MotorDriver } from '../driver.ts'
import { type ControllerDevice, isController, type MotorAxis } from './axis.ts'
import { elementName } from './element-name.ts'
import { dialOfSteps, type Scale, stepsOfUser, userOfSteps } from './scale.ts'
import { after, type MaybePromise } from './sooner-or-later.ts'

/** Speeds in user units per second, times in s: what somebody has set and the box has to know. */
interface Wanted {
  velocity?: number
  acceleration?: number
  deceleration?: number
  baseRate?: number
}

/** Tolerance of limits, part of the value: a target typed as the limit must not fail by rounding. */
const LIMIT_TOLERANCE = 1e-9

class Motor extends Device<typeof motor> implements Serves<typeof motor>, MotorAxis {
  readonly kind = 'motor'
  readonly type = 'Motor'
  #scale: Scale = { stepPerUnit: 1, sign: 1, offset: 0 }
  #backlash = 0
  #wanted: Wanted = {}
  /** As the box told last, in steps. */
  #parameters: AxisParameters = {}
  #instrument = ''
  #elementName: string | undefined
  /** State and status of the resting axis; until there is one, the framework's counts. */
  #resting: { readonly state: DevState; readonly text: string } | undefined
  #switches: readonly boolean[] = [false, false, false]

  override async init(): Promise<void> {
    this.#elementName = await elementName(this)
    this.#instrument = this.properties.instrument
    const controller = this.#findController()
    // a controller that comes later in the start-up fetches its axes itself
    if (controller === undefined) this.lost(`controller ${this.controllerName} is not in this server`)
    else controller.attach(this)
  }

  override deleted(): void {
    this.#findController()?.detach(this)
    this.#resting = undefined
  }

  override stateRead(): DevState {
    return this.#isMoving() ? 'MOVING' : (this.#resting?.state ?? this.state)
  }

  override statusRead(): string {
    return this.#isMoving() ? this.#movingText() : (this.#resting?.text ?? this.status)
  }

  // --- what the controller needs -------------------------------------------------------------------------------------

  get axis(): number {
    return this.properties.axis
  }

  get controllerName(): string {
    return this.properties.controller
  }

  get elementName(): string {
    return this.#elementName ?? this.name
  }

  get backlash(): number {
    return this.#backlash
  }

  get settlingMs(): number {
    return this.properties.sleepBefLastRead
  }

  get parameters(): AxisParameters {
    return this.#parameters
  }

  targetSteps(user: number): number {
    if (!Number.isFinite(user)) throw devFailed('API_InvalidArgs', `${this.elementName}: ${user} is no position`)
    this.#checkLimits(user, '')
    return stepsOfUser(user, this.#scale)
  }

  checkSteps(steps: number, what: string): void {
    this.#checkLimits(this.userPosition(steps), ` (${what})`)
  }

  userPosition(steps: number): number {
    return userOfSteps(steps, this.#scale)
  }

  isBusy(): boolean {
    return this.#isMoving()
  }

  async connected(): Promise<void> {
    const { motions, motorBox } = this.#controller()
    const { driver } = motorBox
    const [status] = await motions.status([this.axis])
    if (status?.state !== 'MOVING') await this.#applyWanted(driver)
    this.#parameters = (await driver.parameters?.(this.axis)) ?? {}
    if (status !== undefined && status.state !== 'MOVING') this.rests(status)
  }

  lost(reason: string): void {
    this.#rest('UNKNOWN', `${this.elementName} is Unknown\n${reason}`, false)
  }

  started(): void {
    this.#later(() => this.setState('MOVING', this.#movingText(), { always: true }))
  }

  moved(steps: number): void {
    this.#pushPositions(steps, 'CHANGING')
  }

  ended(steps: number, status: AxisStatus): void {
    this.#pushPositions(steps, 'VALID')
    this.#show(status, true)
  }

  rests(status: AxisStatus): void {
    this.#show(status, false)
  }

  // --- attributes ----------------------------------------------------------------------------------------------------

  readPosition(): MaybePromise<Reading<number>> {
    return this.#reading((steps) => this.userPosition(steps))
  }

  writePosition(target: number): MaybePromise<void> {
    return after(this.#controller().motions.start([[this.axis, target]]), () => {})
  }

  readDialPosition(): MaybePromise<Reading<number>> {
    return this.#reading((steps) => dialOfSteps(steps, this.#scale))
  }

  readLimitSwitches(): MaybePromise<readonly boolean[]> {
    return after(this.#controller().motions.status([this.axis]), ([status]) =>
      status === undefined ? this.#switches : switchesOf(status),
    )
  }

  readVelocity(): MaybePromise<number> {
    return this.#parameter('velocity')
  }

  writeVelocity(value: number): MaybePromise<void> {
    return this.#want('velocity', positive('Velocity', value))
  }

  readAcceleration(): MaybePromise<number> {
    return this.#parameter('acceleration')
  }

  writeAcceleration(value: number): MaybePromise<void> {
    return this.#want('acceleration', notNegative('Acceleration', value))
  }

  readDeceleration(): MaybePromise<number> {
    return this.#parameter('deceleration')
  }

  writeDeceleration(value: number): MaybePromise<void> {
    return this.#want('deceleration', notNegative('Deceleration', value))
  }

  readBaseRate(): MaybePromise<number> {
    return this.#parameter('baseRate')
  }

  writeBaseRate(value: number): MaybePromise<void> {
    return this.#want('baseRate', notNegative('Base_rate', value))
  }

  readStepPerUnit(): number {
    return this.#scale.stepPerUnit
  }

  writeStepPerUnit(stepPerUnit: number): MaybePromise<void> {
    if (!Number.isFinite(stepPerUnit) || stepPerUnit === 0)
      throw wrong('Step_per_unit', stepPerUnit, 'any number but 0')
    this.#rescale({ ...this.#scale, stepPerUnit })
    this.push('stepPerUnit', stepPerUnit)
    // speeds stay what they are for the user, so the box has to hear other ones
    const driver = this.#connectedDriver()
    return driver === undefined ? undefined : after(this.#applyWanted(driver), () => {})
  }

  readSign(): number {
    return this.#scale.sign
  }

  writeSign(sign: number): void {
    if (sign !== 1 && sign !== -1) throw wrong('Sign', sign, '1 or -1')
    this.#rescale({ ...this.#scale, sign })
    this.push('sign', sign)
  }

  readOffset(): number {
    return this.#scale.offset
  }

  writeOffset(offset: number): void {
    if (!Number.isFinite(offset)) throw wrong('Offset', offset, 'a number')
    this.#rescale({ ...this.#scale, offset })
    this.push('offset', offset)
  }

  readBacklash(): number {
    return this.#backlash
  }

  writeBacklash(steps: number): void {
    this.#backlash = steps
    this.push('backlash', steps)
  }

  readPower(): MaybePromise<boolean> {
    const { driver } = this.#controller().motorBox
    return driver.power?.(this.axis) ?? true
  }

  writePower(on: boolean): MaybePromise<void> {
    const { driver } = this.#controller().motorBox
    if (driver.setPower !== undefined) return driver.setPower(this.axis, on)
    if (!on) throw devFailed('API_NotSupportedFeature', `${this.elementName}: its box cannot switch the motor power`)
  }

  readInstrument(): string {
    return this.#instrument
  }

  writeInstrument(path: string): void {
    this.#instrument = path
  }

  readSimulationMode(): boolean {
    return false
  }

  writeSimulationMode(on: boolean): void {
    if (on)
      throw devFailed('API_NotSupportedFeature', `${this.elementName}: there is no simulation mode; use a dummy driver`)
  }

  // --- commands ------------------------------------------------------------------------------------------------------

  stop(): MaybePromise<void> {
    return this.#controller().motions.stop([this.axis], 'stopped')
  }

  abort(): MaybePromise<void> {
    return this.#controller().motions.stop([this.axis], 'aborted')
  }

  release(): void {
    this.#controller().motions.release([this.axis])
  }

  async restore(): Promise<void> {
    this.#checkResting('Restore')
    await this.#applyWanted(this.#controller().motorBox.driver)
  }

  async definePosition(position: number): Promise<void> {
    if (!Number.isFinite(position))
      throw devFailed('API_InvalidArgs', `${this.elementName}: ${position} is no position`)
    this.#checkResting('DefinePosition')
    const { motions, motorBox } = this.#controller()
    const { driver } = motorBox
    if (driver.definePosition === undefined) {
      const desc = `${this.elementName}: its box cannot redefine a position; write Offset instead`
      throw devFailed('API_NotSupportedFeature', desc)
    }
    const steps = stepsOfUser(position, this.#scale)
    await driver.definePosition(this.axis, steps)
    motions.defined(this.axis, steps)
    this.#pushPositions(steps, 'VALID')
  }

  moveRelative(distance: number): MaybePromise<void> {
    const { motions } = this.#controller()
    return after(motions.positions([this.axis]), ([position = Number.NaN]) =>
      after(motions.start([[this.axis, position + distance]]), () => {}),
    )
  }

  /** Makes what the box has now the values that are set again at start. */
  async saveConfig(): Promise<void> {
    for (const key of ['velocity', 'acceleration', 'deceleration', 'baseRate'] as const) {
      const value = await this.#parameter(key)
      this.#wanted[key] = value
      await this.memorize(key, value)
    }
  }

  // --- inside --------------------------------------------------------------------------------------------------------

  #findController(): ControllerDevice | undefined {
    const device = this.server.device(this.controllerName)
    return isController(device) ? device : undefined
  }

  #controller(): ControllerDevice {
    const controller = this.#findController()
    if (controller !== undefined) return controller
    const desc = `${this.elementName}: controller ${this.controllerName} is not in this server; see property Controller`
    throw devFailed('Controller_NotConnected', desc)
  }

  #connectedDriver(): MotorDriver | undefined {
    const controller = this.#findController()
    return controller === undefined || controller.trouble !== undefined ? undefined : controller.motorBox.driver
  }

  #isMoving(): boolean {
    const controller = this.#findController()
    return controller?.trouble === undefined && controller?.motions.isMoving(this.axis) === true
  }

  #checkResting(what: string): void {
    if (this.#isMoving())
      throw devFailed('Element_InUse', `${this.elementName} is in motion; ${what} has to wait for its end`)
  }

  #checkLimits(user: number, what: string): void {
    const { minValue, maxValue, unit } = this.attributeConfig('position')
    const inUnit = unit === '' ? '' : ` ${unit}`
    const limits: readonly (readonly [limit: number, side: string, outside: boolean])[] = [
      [Number(minValue), 'below the lower', user < Number(minValue) - LIMIT_TOLERANCE * Math.abs(Number(minValue))],
      [Number(maxValue), 'above the upper', user > Number(maxValue) + LIMIT_TOLERANCE * Math.abs(Number(maxValue))],
    ]
    // a limit that is not set is a text, so NaN, and no comparison with it is true
    for (const [limit, side, outside] of limits) {
      if (!outside) continue
      const desc = `${this.elementName}: ${round(user)}${inUnit}${what} is ${side} limit ${limit}${inUnit}`
      throw devFailed('Motion_LimitExceeded', desc)
    }
  }

  #reading(convert: (steps: number) => number): MaybePromise<Reading<number>> {
    return after(this.#controller().motions.steps([this.axis]), ([steps = Number.NaN]) => ({
      value: convert(steps),
      quality: this.#isMoving() ? ('CHANGING' as const) : ('VALID' as const),
    }))
  }

  #pushPositions(steps: number, quality: Quality): void {
    const time = this.now()
    this.#later(() => {
      this.push('dialPosition', { value: dialOfSteps(steps, this.#scale), quality, time })
      this.push('position', { value: this.userPosition(steps), quality, time })
    })
  }

  #movingText(): string {
    return `${this.elementName} is Moving\nMotor HW is MOVING`
  }

  /** Events leave later, in the order of the controller's other ones; without a controller there is no other one. */
  #later(push: () => void): void {
    const controller = this.#findController()
    if (controller === undefined) push()
    else controller.later(push)
  }

  #rest(state: DevState, text: string, always: boolean): void {
    this.#resting = { state, text }
    this.#later(() => this.setState(state, text, { always }))
  }

  #show(status: AxisStatus, afterMotion: boolean): void {
    const name = this.elementName
    const state: DevState = status.state === 'MOVING' ? 'ON' : status.state
    const text = `${name} is ${state === 'ON' ? 'Stopped' : state.charAt(0) + state.slice(1).toLowerCase()}`
    const why = status.text === undefined ? '' : `\n${status.text}`
    this.#rest(state, `${text}\nMotor HW is ${state}${why}`, afterMotion)
    const switches = switchesOf(status)
    const changed = switches.some((on, index) => on !== this.#switches[index])
    this.#switches = switches
    if (afterMotion || changed) this.#later(() => this.push('limitSwitches', switches))
  }

  #rescale(scale: Scale): void {
    this.#checkResting('a change of scale')
    this.#scale = scale
    if (this.#connectedDriver() === undefined) return
    const pushed = after(this.#controller().motions.steps([this.axis]), ([steps]) => {
      if (steps !== undefined) this.#pushPositions(steps, 'VALID')
    })
    // watchers hear of the next motion anyway
    if (pushed instanceof Promise) void pushed.catch(() => {})
  }

  #parameter(key: keyof Wanted): MaybePromise<number> {
    const driver = this.#connectedDriver()
    if (driver?.parameters === undefined) return this.#wanted[key] ?? 0
    return after(driver.parameters(this.axis), (parameters) => {
      this.#parameters = parameters
      const value = parameters[key]
      if (value === undefined) return this.#wanted[key] ?? 0
      return isTime(key) ? value : value / Math.abs(this.#scale.stepPerUnit)
    })
  }

  /** Watchers hear what the box has made of the wish. */
  #want(key: keyof Wanted, value: number): MaybePromise<void> {
    return after(this.#tell(key, value), () => {
      if (this.isWatched(key)) return after(this.#parameter(key), (now) => this.push(key, now))
    })
  }

  /** Tells the box, or remembers for the moment when it is there. */
  #tell(key: keyof Wanted, value: number): MaybePromise<void> {
    const driver = this.#connectedDriver()
    const before = this.#wanted[key]
    this.#wanted[key] = value
    if (driver?.setParameters === undefined) return
    this.#checkResting('a change of speed')
    try {
      const told = driver.setParameters(this.axis, { [key]: this.#inSteps(key, value) })
      return told instanceof Promise ? this.#told(told, driver, key, before) : undefined
    } catch (error) {
      this.#forget(key, before)
      throw error
    }
  }

  async #told(told: Promise<void>, driver: MotorDriver, key: keyof Wanted, before: number | undefined): Promise<void> {
    try {
      await told
    } catch (error) {
      this.#forget(key, before)
      throw error
    }
    this.#parameters = (await driver.parameters?.(this.axis)) ?? {}
  }

  #forget(key: keyof Wanted, before: number | undefined): void {
    if (before === undefined) delete this.#wanted[key]
    else this.#wanted[key] = before
  }

  async #applyWanted(driver: MotorDriver): Promise<void> {
    const entries = Object.entries(this.#wanted).map(([key, value]) => [key, this.#inSteps(key, value)])
    if (entries.length === 0 || driver.setParameters === undefined) return
    await driver.setParameters(this.axis, Object.fromEntries(entries))
    this.#parameters = (await driver.parameters?.(this.axis)) ?? {}
  }

  #inSteps(key: string, value: number): number {
    return isTime(key) ? value : value * Math.abs(this.#scale.stepPerUnit)
  }
}

export default deviceClass(motor, Motor)

const isTime = (key: string): boolean => key === 'acceleration' || key === 'deceleration'

const switchesOf = ({ home, upper, lower }: AxisStatus): boolean[] => [home, upper, lower]

/** Without the noise of binary fractions, for messages. */
const round = (value: number): number => Number(value.toPrecision(12))

function wrong(name: string, value: number, wanted: string): Error {
  return devFailed('API_InvalidArgs', `${name} ${value}: it has to be ${wanted}`)
}

function positive(name: string, value: number): number {
  if (!(value > 0 && Number.isFinite(value))) throw wrong(name, value, 'above 0')
  return value
}

function notNegative(name: string, value: number): number {
  if (!(value >= 0 && Number.isFinite(value))) throw wrong(name, value, '0 or more')
  return value
}
