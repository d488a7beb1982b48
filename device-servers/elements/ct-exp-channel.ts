// Tango class CTExpChannel: one counter or timer channel of a box. Acquisitions are the controller's.

import { ctExpChannel } from '#interfaces/ct-exp-channel'
import { Device, deviceClass, type Serves } from '#tango'
import { type DevEncoded, type DevState, devFailed, encodePickle, type Reading, toDevFailed } from '#tango/pure'
import { type ChannelAxis, type ControllerDevice, isController } from './axis.ts'
import { elementName } from './element-name.ts'
import { after, type MaybePromise } from './sooner-or-later.ts'

/** Names with a meaning in `Timer`. */
const TIMER_OF_GROUP = '__default'

class CTExpChannel extends Device<typeof ctExpChannel> implements Serves<typeof ctExpChannel>, ChannelAxis {
  readonly kind = 'channel'
  readonly type = 'CTExpChannel'
  #elementName: string | undefined
  /** State and status of the resting channel; until there is one, the framework's counts. */
  #resting: { readonly state: DevState; readonly text: string } | undefined
  #value: number | undefined
  #integrationTime = 1
  #timer = TIMER_OF_GROUP
  #instrument = ''

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
    return this.#isAcquiring() ? 'MOVING' : (this.#resting?.state ?? this.state)
  }

  override statusRead(): string {
    return this.#isAcquiring() ? this.#acquiringText() : (this.#resting?.text ?? this.status)
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

  get integrationTime(): number {
    return this.#integrationTime
  }

  isBusy(): boolean {
    return this.#isAcquiring()
  }

  connected(): void {
    this.#rest('ON', 'Stopped', false)
  }

  lost(reason: string): void {
    this.#rest('UNKNOWN', reason, false)
  }

  started(): void {
    this.#later(() => this.setState('MOVING', this.#acquiringText(), { always: true }))
  }

  acquired(index: number, value: number): void {
    this.#value = value
    const time = this.now()
    this.#later(() => {
      // pickling is not free, and a scan of ours does not need it
      if (this.isWatched('valueBuffer')) this.push('valueBuffer', encodePickle({ index: [index], value: [value] }))
      this.push('value', { value, quality: 'VALID', time })
    })
    this.#rest('ON', 'Stopped', true)
  }

  failed(error: unknown): void {
    this.#later(() => this.push('value', toDevFailed(error)))
    this.#rest('FAULT', toDevFailed(error).message, true)
  }

  // --- attributes ----------------------------------------------------------------------------------------------------

  readValue(): MaybePromise<Reading<number>> {
    if (!this.#isAcquiring()) return this.#lastValue()
    const { driver } = this.#controller().counterBox
    if (driver.read === undefined) return this.#lastValue()
    return after(driver.read([this.axis]), ([value]) => ({ value, quality: 'CHANGING' as const }))
  }

  readValueBuffer(): DevEncoded {
    throw devFailed('API_UnsupportedFeature', `${this.elementName}: ValueBuffer comes with events only`)
  }

  readIntegrationTime(): number {
    return this.#integrationTime
  }

  writeIntegrationTime(seconds: number): void {
    if (!(seconds >= 0 && Number.isFinite(seconds))) {
      throw devFailed('API_InvalidArgs', `${this.elementName}: integration time ${seconds} s; set it to 0 or more`)
    }
    this.#integrationTime = seconds
    this.push('integrationTime', seconds)
  }

  readTimer(): string {
    return this.#timer
  }

  writeTimer(name: string): void {
    this.#timer = name
    this.push('timer', name)
  }

  readShape(): readonly bigint[] {
    return []
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

  async start(): Promise<void> {
    const { acquisitions } = this.#controller()
    await acquisitions.prepare([this.axis], this.#integrationTime, 1)
    // whoever started it watches the state, where a failure shows
    void acquisitions.acquire([this.axis], 0, this.signal).catch((error: unknown) => {
      this.log.warn('acquisition failed', { error: toDevFailed(error).message })
    })
  }

  stop(): void {
    this.#controller().acquisitions.stop([this.axis])
  }

  abort(): void {
    this.stop()
  }

  release(): void {
    this.#controller().acquisitions.release([this.axis])
  }

  restore(): void {
    // nothing of a channel is kept in the box
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

  #isAcquiring(): boolean {
    const controller = this.#findController()
    return controller?.trouble === undefined && controller?.acquisitions.isAcquiring(this.axis) === true
  }

  #lastValue(): Reading<number> {
    return this.#value === undefined ? { value: undefined, quality: 'INVALID' } : { value: this.#value }
  }

  #rest(state: DevState, text: string, always: boolean): void {
    const shown = `${this.elementName} is ${state.charAt(0)}${state.slice(1).toLowerCase()}\n${text}`
    this.#resting = { state, text: shown }
    this.#later(() => this.setState(state, shown, { always }))
  }

  #acquiringText(): string {
    return `${this.elementName} is Acquiring`
  }

  /** Events leave later, in the order of the controller's other ones; without a controller there is no other one. */
  #later(push: () => void): void {
    const controller = this.#findController()
    if (controller === undefined) push()
    else controller.later(push)
  }
}

export default deviceClass(ctExpChannel, CTExpChannel)
