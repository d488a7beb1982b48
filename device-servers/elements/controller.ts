// Tango class Controller: one box with its axes. Loads the driver, keeps it connected, and has the commands for many axes
// at once that the pool uses.

import { controller } from '#interfaces/controller'
import { Device, deviceClass, type LogLevel, type Serves, typedProperties } from '#tango'
import { type CallContext, type DoubleStringArray, devFailed, type PropertiesOf, toDevFailed } from '#tango/pure'
import type { ControllerDefinition, CounterDriver, DriverContext, MotorDriver } from '../driver.ts'
import { Acquisitions } from './acquisitions.ts'
import { type Axis, type ChannelAxis, type ControllerDevice, isAxis, type MotorAxis } from './axis.ts'
import { Box } from './box.ts'
import { createAxis, wholeNumber } from './creation.ts'
import { type AxisType, controllerType, loadDriver } from './driver-files.ts'
import { elementName } from './element-name.ts'
import { EventQueue } from './event-queue.ts'
import { Motions } from './motions.ts'
import { after, type MaybePromise } from './sooner-or-later.ts'

/** How often resting axes are looked at. */
const REFRESH_MS = 1000
/** How long the start of a server waits for a box; boxes that need longer connect in the background. */
const FIRST_ATTEMPT_MS = 100

type DriverProperties = PropertiesOf<ControllerDefinition['properties']>

/** The parts that depend on what the axes are. */
type Side =
  | { readonly kind: 'motor'; readonly box: Box<MotorDriver>; readonly motions: Motions }
  | { readonly kind: 'counter'; readonly box: Box<CounterDriver>; readonly acquisitions: Acquisitions }

class Controller extends Device<typeof controller> implements Serves<typeof controller>, ControllerDevice {
  readonly #axes = new Map<number, MotorAxis | ChannelAxis>()
  readonly #events = new EventQueue((error) => this.log.error('an event could not be pushed', { error }))
  #elementName: string | undefined
  #side: Side | undefined
  #setupTrouble: string | undefined = 'starting'
  /** Axes that the box has; empty while it was never connected. */
  #present: ReadonlySet<number> = new Set()
  #refreshing = false
  #listPending = false

  override async init(): Promise<void> {
    this.#setupTrouble = 'starting'
    this.#elementName = await elementName(this)
    for (const device of this.server.devices()) {
      if (isAxis(device) && device.controllerName.toLowerCase() === this.name.toLowerCase()) this.#attachQuietly(device)
    }
    let definition: ControllerDefinition
    let properties: DriverProperties
    try {
      const { type, klass, pluginPath } = this.properties
      definition = await loadDriver(controllerType(type).type, klass, pluginPath)
      properties = this.#driverProperties(definition)
    } catch (error) {
      // nothing to retry: somebody has to change a property
      this.#setupTrouble = toDevFailed(error).message
      this.#showDown(this.#setupTrouble)
      throw error
    }
    this.#setupTrouble = undefined
    this.#side = this.#makeSide(definition, properties)
    this.setState('UNKNOWN', `${this.elementName}: connecting`)
    this.every(REFRESH_MS, () => this.#refresh())
    await this.#side.box.start(FIRST_ATTEMPT_MS)
  }

  override async deleted(): Promise<void> {
    const side = this.#side
    this.#side = undefined
    this.#setupTrouble = 'the controller is not running'
    if (side?.kind === 'motor') side.motions.lost(this.#setupTrouble)
    if (side?.kind === 'counter') side.acquisitions.lost(this.#setupTrouble)
    for (const axis of this.#axes.values()) axis.lost('the controller is not running')
    this.#axes.clear()
    this.#events.flush()
    await side?.box.close()
  }

  // --- what the axes need --------------------------------------------------------------------------------------------

  get elementName(): string {
    return this.#elementName ?? this.name
  }

  get id(): number {
    return this.properties.id
  }

  get axisType(): AxisType {
    return controllerType(this.properties.type).type
  }

  get trouble(): string | undefined {
    return this.#setupTrouble ?? this.#side?.box.trouble
  }

  get motions(): Motions {
    return this.#motorSide().motions
  }

  get acquisitions(): Acquisitions {
    return this.#counterSide().acquisitions
  }

  get motorBox(): Box<MotorDriver> {
    return this.#motorSide().box
  }

  get counterBox(): Box<CounterDriver> {
    return this.#counterSide().box
  }

  attach(axis: MotorAxis | ChannelAxis): void {
    const known = this.#axes.get(axis.axis)
    if (known !== undefined && known !== axis && this.server.device(known.name) !== undefined) {
      const desc = `axis ${axis.axis} of ${this.name} is ${known.name} already; change property Axis of ${axis.name}`
      throw devFailed('Property_Invalid', desc)
    }
    if (axis.type !== this.axisType) {
      const desc = `${axis.name} is a ${axis.type}, but ${this.name} has axes of class ${this.axisType}`
      throw devFailed('Property_Invalid', desc)
    }
    this.#axes.set(axis.axis, axis)
    this.#elementsChanged()
    const { trouble } = this
    if (trouble !== undefined) axis.lost(trouble)
    else void this.#bringUp(axis) // shows its failure itself
  }

  detach(axis: Axis): void {
    if (this.#axes.get(axis.axis)?.name !== axis.name) return
    this.#axes.delete(axis.axis)
    this.#elementsChanged()
  }

  /** One push for all axes that come or go in a turn: at a start they may be hundreds. */
  #elementsChanged(): void {
    if (this.#listPending) return
    this.#listPending = true
    this.later(() => {
      this.#listPending = false
      this.push('elementList', this.readElementList())
    })
  }

  axisDevice(number: number): string | undefined {
    return this.#axes.get(number)?.name
  }

  axisDevices(): string[] {
    return [...this.#axes.values()].map(({ name }) => name)
  }

  later(push: () => void): void {
    this.#events.add(push)
  }

  // --- attributes ----------------------------------------------------------------------------------------------------

  readElementList(): readonly string[] {
    return this.#sorted().map(({ elementName }) => elementName)
  }

  readLogLevel(): number {
    return LOG_NUMBERS.find(([, level]) => level === this.log.level)?.[0] ?? 20
  }

  writeLogLevel(number: number): void {
    const [, level] = LOG_NUMBERS.find(([most]) => number <= most) ?? [50, 'FATAL' as const]
    this.log.level = level
  }

  readDescription(): string {
    const { type, klass } = this.properties
    const axes = this.#sorted().map(({ axis, elementName, name }) => ({ axis, name: elementName, device: name }))
    return JSON.stringify({ name: this.elementName, type, driver: klass, axes })
  }

  // --- commands for the whole box ------------------------------------------------------------------------------------

  stop(): MaybePromise<void> {
    return this.#end(this.#numbers(), 'stopped')
  }

  abort(): MaybePromise<void> {
    return this.#end(this.#numbers(), 'aborted')
  }

  release(): void {
    const side = this.#connectedSide()
    if (side.kind === 'motor') side.motions.release(this.#numbers())
    else side.acquisitions.release(this.#numbers())
  }

  async restore(): Promise<void> {
    await Promise.all([...this.#axes.values()].map((axis) => axis.connected()))
  }

  async createElement([axis, name, device]: readonly string[]): Promise<void> {
    if (name === undefined) throw devFailed('API_InvalidArgs', 'CreateElement takes: axis, name (, device name)')
    await createAxis(this.server, this, { axis: wholeNumber(axis, 'axis'), name, id: 0, device })
  }

  async deleteElement(name: string): Promise<void> {
    const wanted = name.toLowerCase()
    const axis = this.#sorted().find((a) => a.elementName.toLowerCase() === wanted || a.name.toLowerCase() === wanted)
    if (axis === undefined) {
      throw devFailed(
        'Element_Unknown',
        `${this.name} has no element ${name}; it has ${this.readElementList().join(', ')}`,
      )
    }
    if (axis.isBusy()) throw devFailed('Element_InUse', `${name} is busy; stop it first`)
    await this.server.removeDevice(axis.name)
  }

  sendToController(text: string): Promise<string> {
    const { driver } = this.#connectedSide().box
    if (driver.send === undefined) {
      throw devFailed('API_NotSupportedFeature', `${this.name}: driver ${this.properties.klass} takes no texts`)
    }
    return driver.send(text)
  }

  // --- commands for many axes ----------------------------------------------------------------------------------------

  checkMany(moves: Float64Array): void {
    this.motions.check(pairsOf('CheckMany', moves))
  }

  startMany(moves: Float64Array): MaybePromise<Float64Array> {
    return after(this.motions.start(pairsOf('StartMany', moves)), (ends) => Float64Array.from(ends))
  }

  awaitMany(axes: Float64Array, call: CallContext): MaybePromise<DoubleStringArray> {
    return after(this.motions.await([...axes], call.signal), (ends) => ({
      dvalue: Float64Array.from(ends, ({ position }) => position),
      svalue: ends.map(({ reason }) => reason),
    }))
  }

  stateMany(axes: Float64Array): MaybePromise<readonly string[]> {
    const side = this.#connectedSide()
    if (side.kind === 'motor') return side.motions.states([...axes])
    return Array.from(axes, (number) => (side.acquisitions.isAcquiring(this.#axis(number).axis) ? 'MOVING' : 'ON'))
  }

  positionMany(axes: Float64Array): MaybePromise<Float64Array> {
    return after(this.motions.positions([...axes]), (positions) => Float64Array.from(positions))
  }

  stopMany(axes: Float64Array): MaybePromise<void> {
    return this.#end([...axes], 'stopped')
  }

  abortMany(axes: Float64Array): MaybePromise<void> {
    return this.#end([...axes], 'aborted')
  }

  prepareMany(argument: Float64Array): MaybePromise<void> {
    const [integrationTime, starts, ...axes] = argument
    if (integrationTime === undefined || starts === undefined || axes.length === 0) {
      throw devFailed('API_InvalidArgs', 'PrepareMany takes: integration time in s, number of starts, axes ...')
    }
    return this.acquisitions.prepare(axes, integrationTime, starts)
  }

  async acquireMany(argument: Float64Array, call: CallContext): Promise<DoubleStringArray> {
    const [index, ...axes] = argument
    if (index === undefined || axes.length === 0) {
      throw devFailed('API_InvalidArgs', 'AcquireMany takes: index of the point, axes ...')
    }
    const { start, end, values } = await this.acquisitions.acquire(axes, index, call.signal)
    return { dvalue: Float64Array.of(start, end, ...values), svalue: values.map(() => '') }
  }

  // --- inside --------------------------------------------------------------------------------------------------------

  #end(numbers: readonly number[], how: 'stopped' | 'aborted'): MaybePromise<void> {
    const side = this.#connectedSide()
    if (numbers.length === 0) return
    if (side.kind === 'motor') return side.motions.stop(numbers, how)
    side.acquisitions.stop(numbers)
  }

  #sorted(): (MotorAxis | ChannelAxis)[] {
    return [...this.#axes.values()].sort((a, b) => a.axis - b.axis)
  }

  /** Axes that are defined and that the box has. */
  #numbers(): number[] {
    return [...this.#axes.keys()].filter((number) => this.#present.has(number))
  }

  #axis(number: number): MotorAxis | ChannelAxis {
    const axis = this.#axes.get(number)
    if (axis !== undefined && this.#present.has(number)) return axis
    // without the box nobody knows its axes
    if (axis !== undefined && this.trouble !== undefined) {
      throw devFailed('Controller_NotConnected', `${this.name}: the box does not answer: ${this.trouble}`)
    }
    const known = this.#numbers().join(', ')
    throw devFailed('Controller_AxisUnknown', `${this.name}: there is no axis ${number}; there are ${known || 'none'}`)
  }

  #connectedSide(): Side {
    if (this.#side !== undefined) return this.#side
    throw devFailed('Controller_NotConnected', `${this.name}: ${this.#setupTrouble ?? 'not running'}`)
  }

  #motorSide(): Side & { kind: 'motor' } {
    const side = this.#connectedSide()
    if (side.kind === 'motor') return side
    throw devFailed('API_NotSupportedFeature', `${this.name} has no motors, its axes are of class ${this.axisType}`)
  }

  #counterSide(): Side & { kind: 'counter' } {
    const side = this.#connectedSide()
    if (side.kind === 'counter') return side
    throw devFailed('API_NotSupportedFeature', `${this.name} has no channels, its axes are of class ${this.axisType}`)
  }

  #driverProperties(definition: ControllerDefinition): DriverProperties {
    const spec = { class: 'Controller', attributes: {}, commands: {}, properties: definition.properties }
    const { values, problems } = typedProperties(spec, [this.storedProperties])
    // every value has been checked against its spec, which the compiler cannot see
    if (problems.length === 0) return values as DriverProperties
    throw devFailed('Property_Invalid', `${this.name}, driver ${this.properties.klass}: ${problems.join('; ')}`)
  }

  #makeSide(definition: ControllerDefinition, properties: DriverProperties): Side {
    const { name, clock } = this
    if (definition.kind === 'motor') {
      const connect = (context: DriverContext): Promise<MotorDriver> => definition.connect(properties, context)
      const box = this.#makeBox(connect, async (driver) => {
        if (driver.axes.length > 0) await driver.status(driver.axes.slice(0, 1))
      })
      const axis = (number: number): MotorAxis => {
        const found = this.#axis(number)
        if (found.kind === 'motor') return found
        throw new Error('unreachable: a motor controller takes in motors only')
      }
      return { kind: 'motor', box, motions: new Motions({ name, clock, box, axis }) }
    }
    const connect = (context: DriverContext): Promise<CounterDriver> => definition.connect(properties, context)
    const box = this.#makeBox(connect, async (driver) => {
      if (driver.axes.length > 0) await driver.read?.(driver.axes.slice(0, 1))
    })
    const axis = (number: number): ChannelAxis => {
      const found = this.#axis(number)
      if (found.kind === 'channel') return found
      throw new Error('unreachable: a controller of channels takes in channels only')
    }
    return { kind: 'counter', box, acquisitions: new Acquisitions({ name, clock, box, axis }) }
  }

  #makeBox<D extends MotorDriver | CounterDriver>(
    connect: (context: DriverContext) => Promise<D>,
    probe: (driver: D) => Promise<void>,
  ): Box<D> {
    return new Box<D>({
      name: this.name,
      clock: this.clock,
      log: this.log,
      connect,
      probe,
      onUp: (driver) => this.#up(driver),
      onDown: (reason) => this.#down(reason),
    })
  }

  async #up(driver: MotorDriver | CounterDriver): Promise<void> {
    this.#present = new Set(driver.axes)
    const count = driver.axes.length
    this.later(() => this.setState('ON', `${this.elementName} is connected, ${count} axes`))
    await Promise.all([...this.#axes.values()].map((axis) => this.#bringUp(axis)))
    this.#events.flush()
  }

  #down(reason: string): void {
    const side = this.#side
    if (side?.kind === 'motor') side.motions.lost(reason)
    if (side?.kind === 'counter') side.acquisitions.lost(reason)
    this.#showDown(reason)
  }

  #showDown(reason: string): void {
    this.later(() => this.setState('FAULT', `${this.elementName}: ${reason}`))
    for (const axis of this.#axes.values()) axis.lost(reason)
    // nobody waits for a reply here, and whoever asks now should hear the truth
    this.#events.flush()
  }

  async #bringUp(axis: MotorAxis | ChannelAxis): Promise<void> {
    if (!this.#present.has(axis.axis)) {
      axis.lost(`the box has no axis ${axis.axis}; it has ${[...this.#present].join(', ')}`)
      return
    }
    try {
      await axis.connected()
      const side = this.#side
      // it may be moving already, on somebody else's order
      if (side?.kind === 'motor') await side.motions.refresh([axis.axis])
    } catch (error) {
      // a box that is lost says so itself
      if (this.trouble === undefined) axis.lost(toDevFailed(error).message)
    }
  }

  #attachQuietly(axis: MotorAxis | ChannelAxis): void {
    try {
      this.attach(axis)
    } catch (error) {
      axis.lost(toDevFailed(error).message)
    }
  }

  async #refresh(): Promise<void> {
    const side = this.#side
    if (side?.kind !== 'motor' || side.box.trouble !== undefined || this.#refreshing) return
    this.#refreshing = true
    try {
      await side.motions.refresh(this.#numbers())
    } catch (error) {
      this.log.debug('resting axes could not be looked at', { error: toDevFailed(error).message })
    } finally {
      this.#refreshing = false
    }
  }
}

export default deviceClass(controller, Controller)

function pairsOf(command: string, moves: Float64Array): (readonly [axis: number, target: number])[] {
  if (moves.length % 2 !== 0) throw devFailed('API_InvalidArgs', `${command} takes: axis, target, axis, target ...`)
  const pairs: (readonly [number, number])[] = []
  for (let at = 0; at + 1 < moves.length; at += 2) pairs.push([moves[at] ?? Number.NaN, moves[at + 1] ?? Number.NaN])
  return pairs
}

/** Python's logging levels, which Sardana's clients write. */
const LOG_NUMBERS: readonly (readonly [most: number, level: LogLevel])[] = [
  [10, 'DEBUG'],
  [20, 'INFO'],
  [30, 'WARN'],
  [40, 'ERROR'],
  [50, 'FATAL'],
]
