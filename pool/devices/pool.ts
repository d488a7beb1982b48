// Tango class Pool: references to elements and groups. Motions run over the controllers (pool/motion.ts), never in here.

import { isDeepStrictEqual } from 'node:util'
import { controller } from '#interfaces/controller'
import { controllerHost } from '#interfaces/controller-host'
import { pool as poolInterface } from '#interfaces/pool'
import {
  type CallContext,
  Device,
  type DeviceProxy,
  type DoubleStringArray,
  devFailed,
  deviceClass,
  encodeJson,
  type Serves,
  toDevFailed,
} from '#tango'
import {
  type ControllerClass,
  controllerClasses,
  describeControllerClass,
  describeControllerLibrary,
} from '../controller-classes.ts'
import {
  describeElement,
  describePool,
  type Element,
  ElementTable,
  type ElementType,
  readControllers,
  readInstruments,
  sourceOf,
} from '../elements.ts'
import * as groups from '../groups.ts'
import { abort, check, type MotionPlan, move, planMotion, positions, stop } from '../motion.ts'

/** Pause between two attempts to learn the drivers of the controller host, ms. */
const RETRY_MS = 2000

/** Class `Pool`; groups of the same server find their elements through it. */
export class Pool extends Device<typeof poolInterface> implements Serves<typeof poolInterface> {
  readonly elements = new ElementTable()
  #proxies = new Map<string, DeviceProxy<typeof controller>>()
  #plans = new Map<string, MotionPlan>()
  #loaded: Promise<void> | undefined
  #alias = ''
  #classes: readonly ControllerClass[] = []

  override async init(): Promise<void> {
    this.#loaded = undefined
    await this.ready()
    this.setState('ON')
    void this.#learnClasses() // never rejects
  }

  /** Resolves when the elements are known; groups wait for it in their own init. */
  async ready(): Promise<void> {
    this.#loaded ??= this.#load()
    await this.#loaded
  }

  /** Proxy of a controller device, opened once. */
  readonly proxies = (device: string): DeviceProxy<typeof controller> => {
    let proxy = this.#proxies.get(device)
    if (proxy === undefined) {
      proxy = this.proxy(device, controller)
      this.#proxies.set(device, proxy)
    }
    return proxy
  }

  /** Alias of the pool, or its device name. */
  get poolAlias(): string {
    return this.#alias
  }

  /** Elements that were defined, changed or removed in the database since they were read. */
  async reloadElements(): Promise<void> {
    await this.ready()
    const before = new Map(this.elements.all().map((e) => [e.device, e]))
    const stored = await this.tango.database().getDeviceProperty(this.name, ['Controllers'])
    await this.#load(stored.get('Controllers') ?? [])
    const now = this.elements.all()
    const here = new Set(now.map((e) => e.device))
    const fresh = now.filter((e) => !before.has(e.device))
    const changed = now.filter((e) => before.has(e.device) && !isDeepStrictEqual(before.get(e.device), e))
    const gone = [...before.values()].filter((e) => !here.has(e.device))
    if (gone.length > 0) this.announce('del', gone)
    if (fresh.length > 0) this.announce('new', fresh)
    if (changed.length > 0) this.announce('change', changed)
  }

  /** Adds an element and tells watchers. */
  announce(change: 'new' | 'change' | 'del', elements: readonly Element[]): void {
    this.#plans.clear()
    const described = elements.map((e) => describeElement(e, this.elements, this.#alias))
    this.push('elements', encodeJson({ [change]: described }))
    for (const type of new Set(elements.map((e) => e.type))) this.#pushLists(type)
  }

  readElements() {
    const elements = this.elements.all().map((e) => describeElement(e, this.elements, this.#alias))
    return encodeJson({ new: [describePool(this.#fullName(), this.#alias), ...elements, ...this.#classEntries()] })
  }

  readAcqChannelList() {
    return this.elements
      .ofType('Motor', 'CTExpChannel')
      .map((e) => JSON.stringify({ name: e.name, full_name: sourceOf(e), origin: 'local' }))
  }
  readComChannelList() {
    return []
  }
  readControllerClassList() {
    return this.#classes.map((c) => JSON.stringify(describeControllerClass(c, this.#alias)))
  }
  readControllerLibList() {
    return this.#classes.map((c) => JSON.stringify(describeControllerLibrary(c, this.#alias)))
  }
  readControllerList() {
    return this.#list('Controller')
  }
  readExpChannelList() {
    return this.#list('CTExpChannel')
  }
  readInstrumentList() {
    return this.#list('Instrument')
  }
  readIORegisterList() {
    return []
  }
  readMeasurementGroupList() {
    return this.#list('MeasurementGroup')
  }
  readMotorGroupList() {
    return this.#list('MotorGroup')
  }
  readMotorList() {
    return this.#list('Motor')
  }
  readTriggerGateList() {
    return []
  }

  async moveTo(argument: DoubleStringArray, call: CallContext): Promise<DoubleStringArray> {
    return await move(this.#plan(argument.svalue), argument.dvalue, call.signal)
  }

  async checkTargets(argument: DoubleStringArray): Promise<void> {
    await check(this.#plan(argument.svalue), argument.dvalue)
  }

  async positions(names: readonly string[]): Promise<Float64Array> {
    return await positions(this.#plan(names))
  }

  async stop(): Promise<void> {
    await this.#everyController('stop')
  }
  async abort(): Promise<void> {
    await this.#everyController('abort')
  }
  async stopElements(names: readonly string[]): Promise<void> {
    await this.#endElements(names, 'stop')
  }
  async abortElements(names: readonly string[]): Promise<void> {
    await this.#endElements(names, 'abort')
  }
  async releaseElements(names: readonly string[]): Promise<void> {
    await this.#endElements(names, 'release')
  }

  async createController(argument: readonly string[]): Promise<void> {
    await groups.createController(this, argument)
  }
  async createElement(argument: readonly string[]): Promise<void> {
    await groups.createElement(this, argument)
  }
  async createMeasurementGroup(argument: readonly string[]): Promise<void> {
    await groups.createGroup(this, 'MeasurementGroup', argument)
  }
  async createMotorGroup(argument: readonly string[]): Promise<void> {
    await groups.createGroup(this, 'MotorGroup', argument)
  }
  async deleteElement(name: string): Promise<void> {
    await groups.deleteElement(this, name)
  }
  async renameElement(argument: readonly string[]): Promise<void> {
    await groups.renameElement(this, argument)
  }
  createInstrument(): void {
    throw notYet('CreateInstrument', 'instruments come with the beamline file')
  }
  getControllerClassInfo(argument: string): string {
    const names = groups.classNames(argument)
    const found = names.map((n) => this.#classes.find((c) => c.name.toLowerCase() === n.toLowerCase()))
    return JSON.stringify(found.map((c) => (c === undefined ? null : describeControllerClass(c, this.#alias))))
  }
  getControllerCode(): string[] {
    throw notYet('GetControllerCode', 'drivers are files on the host of their server')
  }
  setControllerCode(): void {
    throw notYet('SetControllerCode', 'drivers are files on the host of their server')
  }
  getFile(): string[] {
    throw notYet('GetFile', 'drivers are files on the host of their server')
  }
  putFile(): void {
    throw notYet('PutFile', 'drivers are files on the host of their server')
  }
  reloadControllerClass(): void {
    throw notYet('ReloadControllerClass', 'restart the controller device instead')
  }
  reloadControllerLib(): void {
    throw notYet('ReloadControllerLib', 'restart the controller device instead')
  }
  async sendToController(argument: readonly string[]): Promise<string> {
    const [name, ...text] = argument
    if (name === undefined || text.length === 0)
      throw devFailed('API_WrongNumberOfArgs', 'SendToController takes the name of a controller and a text')
    return await this.proxies(this.elements.get(name).device).command('sendToController', text.join(' '))
  }

  /** Drivers of the controller host; empty until it has answered. */
  get controllerClasses(): readonly ControllerClass[] {
    return this.#classes
  }

  /** Proxy of the device that creates and deletes axes of a controller: the host in the controller's own server. */
  async hostOf(element: Element) {
    const database = this.tango.database()
    const { server } = await database.importDevice(element.controller ?? element.device)
    const [host] = await database.deviceList(server, 'ControllerHost')
    return host === undefined ? this.hostProxy() : this.proxy(host, controllerHost)
  }

  /** Proxy of the device that creates controllers. */
  hostProxy() {
    const host = this.properties.controllerHost
    if (host !== '') return this.proxy(host, controllerHost)
    const [own] = this.server.devicesOfClass('ControllerHost')
    if (own === undefined)
      throw devFailed(
        'Property_Invalid',
        `${this.name}: no controller host in this server; set the property ControllerHost`,
      )
    return this.proxy(own.name, controllerHost)
  }

  async #load(controllerDevices = this.properties.controllers): Promise<void> {
    const database = this.tango.database()
    this.#alias = (await database.deviceAlias(this.name)) ?? this.name
    const tangoHost = this.tango.tangoHost ?? ''
    const controllers = await readControllers(database, tangoHost, controllerDevices)
    const known = this.elements.ofType('MotorGroup', 'MeasurementGroup')
    this.elements.clear()
    for (const element of controllers) this.elements.add(element)
    // while the groups are read again, a running scan still finds its group
    for (const element of known) this.elements.add(element)
    const found = await groups.readGroups(this)
    for (const element of known) this.elements.remove(element)
    for (const element of found) this.elements.add(element)
    for (const element of readInstruments(this.properties.instrumentList)) this.elements.add(element)
  }

  #plan(names: readonly string[]): MotionPlan {
    const key = names.join('\n')
    let plan = this.#plans.get(key)
    if (plan === undefined) {
      plan = planMotion(
        names.map((n) => this.elements.get(n)),
        this.proxies,
      )
      if (this.#plans.size > 100) this.#plans.clear()
      this.#plans.set(key, plan)
    }
    return plan
  }

  async #everyController(command: 'stop' | 'abort'): Promise<void> {
    const results = await Promise.allSettled(
      this.elements.ofType('Controller').map((c) => this.proxies(c.device).command(command)),
    )
    for (const group of this.elements.ofType('MeasurementGroup', 'MotorGroup'))
      await this.tango.proxy(group.device).command(command === 'stop' ? 'Stop' : 'Abort')
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  async #endElements(names: readonly string[], how: 'stop' | 'abort' | 'release'): Promise<void> {
    const elements = names.map((n) => this.elements.get(n))
    const motors = elements.filter((e) => e.type === 'Motor')
    const others = elements.filter((e) => e.type !== 'Motor')
    const command = how === 'stop' ? 'Stop' : how === 'abort' ? 'Abort' : 'Release'
    const motion = async () => {
      if (motors.length === 0) return
      const plan = planMotion(motors, this.proxies)
      await (how === 'stop' ? stop(plan) : abort(plan))
    }
    const results = await Promise.allSettled([
      motion(),
      ...others.map((e) => this.tango.proxy(e.device).command(command)),
    ])
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  #list(type: ElementType): string[] {
    return this.elements.ofType(type).map((e) => JSON.stringify(describeElement(e, this.elements, this.#alias)))
  }

  #pushLists(type: ElementType): void {
    switch (type) {
      case 'Controller':
        this.push('controllerList', this.readControllerList())
        break
      case 'Motor':
        this.push('acqChannelList', this.readAcqChannelList())
        this.push('motorList', this.readMotorList())
        break
      case 'CTExpChannel':
        this.push('acqChannelList', this.readAcqChannelList())
        this.push('expChannelList', this.readExpChannelList())
        break
      case 'MotorGroup':
        this.push('motorGroupList', this.readMotorGroupList())
        break
      case 'MeasurementGroup':
        this.push('measurementGroupList', this.readMeasurementGroupList())
        break
      case 'Instrument':
        this.push('instrumentList', this.readInstrumentList())
        break
    }
  }

  #fullName(): string {
    return `tango://${this.tango.tangoHost ?? ''}/${this.name.toLowerCase()}`
  }

  #classEntries(): readonly object[] {
    return this.#classes.flatMap((c) => [
      describeControllerLibrary(c, this.#alias),
      describeControllerClass(c, this.#alias),
    ])
  }

  /** Asks the host for its drivers until it answers: it may start later than the pool. */
  async #learnClasses(): Promise<void> {
    const { signal } = this
    while (!signal.aborted) {
      try {
        const { value } = await this.hostProxy().read('driverList')
        this.#classes = controllerClasses(value ?? [])
        this.push('elements', encodeJson({ new: this.#classEntries() }))
        this.push('controllerClassList', this.readControllerClassList())
        this.push('controllerLibList', this.readControllerLibList())
        return
      } catch (error) {
        this.log.debug('the controller host does not tell its drivers', { error: toDevFailed(error).message })
        await this.clock.sleep(RETRY_MS, signal).catch(() => undefined) // deleted meanwhile
      }
    }
  }
}

function notYet(command: string, instead: string) {
  return devFailed('API_NotSupportedFeature', `${command} is not supported: ${instead}`)
}

export default deviceClass(poolInterface, Pool)
