// One logical server (`Pool/demo1`): its devices, its admin device, start, changes at run time, stop. Several may live in
// one process; they share its port and its event sockets.

import { DevFailed, devFailed } from '../errors/dev-failed.ts'
import type { TangoProcess } from '../process.ts'
import type { DeviceSpec } from '../types/device-spec.ts'
import { parseReference } from '../wire/ior.ts'
import { DEVICE_REPOSITORY_IDS, OPERATIONS } from '../wire/operations.ts'
import { heartbeatTopic } from '../wire/zmq-event.ts'
import { adminClass } from './admin-device.ts'
import type { TopicNames } from './attribute-events.ts'
import { DatabaseStore } from './database-store.ts'
import type { Device, DeviceClass } from './device.ts'
import { DeviceServant } from './device-servant.ts'
import { type DeviceHome, HostedDevice } from './hosted-device.ts'
import { sendInterfaceChange } from './interface-change.ts'
import { LoggingTargets } from './logging-targets.ts'
import { EMPTY_CONTENT, LocalStore, type SaveChange, type ServerStore, type StoredDevice } from './server-store.ts'

/** A device in a list of devices to serve. */
export interface DeviceDeclaration {
  readonly class: string
  readonly name: string
  readonly alias?: string
  /** Property name to its lines, as in the database. */
  readonly properties?: Readonly<Record<string, readonly string[]>>
  /** Attribute properties by attribute, for servers without a database. */
  readonly attributes?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
}

/** Options of `TangoProcess.startServer`. */
export interface StartServerOptions {
  /** Executable name, the first half of the server's name. */
  readonly server: string
  readonly instance: string
  /** The classes that the server knows, or how to find one by its Tango name. */
  readonly classes: readonly DeviceClass[] | ((className: string) => Promise<DeviceClass>)
  /** `none` serves `devices` without a database, under object keys that are the lower-case names. */
  readonly database?: 'tango' | 'none'
  /** Devices without a database; with one they are registered first if they are missing there. */
  readonly devices?: readonly DeviceDeclaration[]
  /** Without a database: where changes of properties are kept, see `resourceWriter`. */
  readonly save?: SaveChange
  /** `-v` of the command line, 0 to 5: level of the logs, and the console as their target. */
  readonly verbosity?: number
  /** Further object keys by device name, such as `database`. */
  readonly objectKeys?: Readonly<Record<string, string>>
}

/** How long another server of the same name may take to say that it is there. */
const PING_TIMEOUT_MS = 1000

/** A running server. Made by `TangoProcess.startServer`. */
export class DeviceServer {
  /** `Pool/demo1`. */
  readonly name: string
  /** `dserver/Pool/demo1`. */
  readonly adminName: string
  /** Resolves when the server has stopped, whoever asked for it. */
  readonly stopped: Promise<void>
  readonly #tango: TangoProcess
  readonly #options: StartServerOptions
  readonly #store: ServerStore
  readonly #topics: TopicNames
  readonly #classes = new Map<string, DeviceClass>()
  /** By lower-case name, in the order of creation; the admin device is not among them. */
  readonly #hosted = new Map<string, HostedDevice>()
  readonly #targets = new LoggingTargets()
  readonly #polling = { on: true }
  #nanAllowed = false
  #admin: HostedDevice | undefined
  #stopping: Promise<void> | undefined
  #markStopped: () => void = () => {}

  private constructor(tango: TangoProcess, options: StartServerOptions) {
    this.#tango = tango
    this.#options = options
    this.name = `${options.server}/${options.instance}`
    this.adminName = `dserver/${this.name}`
    this.stopped = new Promise((resolve) => {
      this.#markStopped = resolve
    })
    const { host, port } = tango.orb.endpoint
    const database = options.database !== 'none'
    this.#topics = { tangoHost: database ? (tango.tangoHost ?? '') : `${host}:${port}`, database }
    this.#store = database
      ? new DatabaseStore({
          database: tango.database(),
          server: this.name,
          adminName: this.adminName,
          answers: (ior) => this.#answers(ior),
        })
      : new LocalStore(options.devices ?? [], options.save)
  }

  /** For `TangoProcess.startServer`. */
  static async start(tango: TangoProcess, options: StartServerOptions): Promise<DeviceServer> {
    const server = new DeviceServer(tango, options)
    try {
      await server.#start()
    } catch (error) {
      // what was served already goes away again; the database is not told of a server that never ran
      await server.#end(false)
      throw error
    }
    return server
  }

  /** All devices but the admin device, in the order of their creation. */
  devices(): readonly Device<DeviceSpec>[] {
    return Array.from(this.#hosted.values(), (hosted) => hosted.device)
  }

  /** A device of this server by its name in any case. */
  device(name: string): Device<DeviceSpec> | undefined {
    return this.#hosted.get(name.toLowerCase())?.device
  }

  /** Devices of a Tango class. */
  devicesOfClass(className: string): readonly Device<DeviceSpec>[] {
    const wanted = className.toLowerCase()
    return Array.from(this.#hosted.values())
      .filter((hosted) => hosted.className.toLowerCase() === wanted)
      .map((hosted) => hosted.device)
  }

  /**
   * Defines a device in the database, creates and serves it.
   * @throws DevFailed `API_ClassNotFound`, `API_InvalidArgs` when the server has it already
   */
  async addDevice(declaration: DeviceDeclaration): Promise<Device<DeviceSpec>> {
    const { name } = declaration
    if (this.#hosted.has(name.toLowerCase())) {
      throw devFailed('API_InvalidArgs', `${this.name} has the device ${name} already; choose another name`)
    }
    await this.#findClass(declaration.class)
    await this.#store.addDevice(declaration)
    const content = await this.#store.content(declaration.class, name)
    const hosted = await this.#create({ name, class: declaration.class, content })
    await this.#export(hosted)
    return hosted.device
  }

  /** Ends a device and removes it from the database with its properties. @throws DevFailed `API_DeviceNotFound` */
  async removeDevice(name: string): Promise<void> {
    const hosted = this.#get(name)
    await this.#drop(hosted)
    await this.#store.unexportDevice(hosted.name)
    await this.#store.deleteDevice(hosted.name)
  }

  /**
   * Creates a device anew, with what the database says now: one that was defined meanwhile comes, one that was removed
   * goes, without the others being touched.
   * @throws DevFailed `API_DeviceNotFound`, `API_ClassNotFound`
   */
  async restartDevice(name: string): Promise<void> {
    const className = await this.#store.classOf(name)
    const old = className === undefined ? this.#get(name) : this.#hosted.get(name.toLowerCase())
    if (className === undefined) {
      if (old !== undefined) await this.#drop(old)
      return
    }
    await this.#findClass(className) // a device without a class keeps what it has
    const content = await this.#store.content(className, name)
    if (old?.className.toLowerCase() === className.toLowerCase()) await old.delete()
    else if (old !== undefined) await this.#drop(old)
    const hosted = await this.#create({ name: old?.name ?? name, class: className, content })
    await this.#export(hosted)
    sendInterfaceChange(hosted, true)
  }

  /** Whether the database has such a device of this server, running or not. */
  async isDefined(name: string): Promise<boolean> {
    return (await this.#store.classOf(name)) !== undefined
  }

  async #drop(hosted: HostedDevice): Promise<void> {
    this.#hosted.delete(hosted.lowerName)
    this.#removeServant(hosted)
    await hosted.delete()
  }

  /** Stops: devices are unexported and deleted. Idempotent. */
  stop(): Promise<void> {
    this.#stopping ??= this.#end(true)
    return this.#stopping
  }

  async #start(): Promise<void> {
    const stored = await this.#stored()
    await this.#takeSettings()
    await this.#createKnown(stored)
    if (this.#hosted.size === 0 && stored.length > 0) {
      throw devFailed('API_ClassNotFound', `${this.name}: no class of its devices was found; nothing can be served`)
    }
    this.#admin = await this.#createAdmin()
    // the admin device last: whoever sees it exported takes the server as ready
    await Promise.all(Array.from(this.#hosted.values(), (hosted) => this.#export(hosted)))
    await this.#export(this.#admin)
  }

  /** What the control system wants of all its servers. */
  async #takeSettings(): Promise<void> {
    const settings = await this.#store.controlSystem()
    const count = (name: string): number | undefined => {
      const number = Number(settings.get(name.toLowerCase())?.[0] ?? Number.NaN)
      return Number.isInteger(number) && number > 0 ? number : undefined
    }
    const { events } = this.#tango
    events.setHighWaterMarks({ publisher: count('DSEventBufferHwm'), subscriber: count('EventBufferHwm') })
    this.#nanAllowed = /^(true|1)$/i.test(settings.get('wattrnanallowed')?.[0] ?? '')
  }

  /** Whether clients may write NaN and infinity to attributes (control system property `WAttrNaNAllowed`). */
  get nanAllowed(): boolean {
    return this.#nanAllowed
  }

  /** What is to be served; declared devices that the database does not have are added to it. */
  async #stored(): Promise<readonly StoredDevice[]> {
    const declared = this.#options.devices ?? []
    let known: readonly StoredDevice[] = []
    try {
      known = await this.#store.load()
    } catch (error) {
      if (declared.length === 0 || !(error instanceof DevFailed) || !error.has('DB_DeviceNotDefined')) throw error
    }
    const names = new Set(known.map(({ name }) => name.toLowerCase()))
    const missing = declared.filter(({ name }) => !names.has(name.toLowerCase()))
    if (missing.length === 0) return known
    for (const declaration of missing) await this.#store.addDevice(declaration)
    return this.#store.load()
  }

  /**
   * All devices exist before the first one initialises, so that they find one another whatever their order.
   * One class that is missing must not keep the others from being served.
   */
  async #createKnown(devices: readonly StoredDevice[]): Promise<void> {
    const made: HostedDevice[] = []
    for (const device of devices) {
      try {
        made.push(await this.#construct(device))
      } catch (error) {
        if (!(error instanceof DevFailed) || !error.has('API_ClassNotFound')) throw error
        this.#tango.log.error('device cannot be served', { device: device.name, error: error.message })
      }
    }
    for (const hosted of made) await hosted.start()
  }

  async #create(device: StoredDevice): Promise<HostedDevice> {
    const hosted = await this.#construct(device)
    await hosted.start()
    return hosted
  }

  async #construct(device: StoredDevice): Promise<HostedDevice> {
    const deviceClass = await this.#findClass(device.class)
    const elsewhere = this.#tango.servers.find((server) => server !== this && server.device(device.name) !== undefined)
    if (elsewhere !== undefined) {
      throw devFailed('Server_AlreadyRunning', `${device.name} is served by ${elsewhere.name} in this process already`)
    }
    const hosted = new HostedDevice(this.#home(), deviceClass, device.name, device.content)
    hosted.construct()
    await this.#targets.begin(hosted, this.#options.verbosity ?? 0)
    if (!this.#polling.on) hosted.polling.suspend()
    this.#hosted.set(device.name.toLowerCase(), hosted)
    this.#addServant(hosted)
    return hosted
  }

  async #createAdmin(): Promise<HostedDevice> {
    const server = this
    const host = {
      adminName: this.adminName,
      targets: this.#targets,
      polling: this.#polling,
      get stopping(): boolean {
        return server.#stopping !== undefined
      },
      hosted: (name: string) => this.#find(name),
      hostedDevices: () => [...this.#hosted.values()],
      specs: () => [...new Set(Array.from(this.#hosted.values(), (hosted) => hosted.spec))],
      isDefined: (name: string) => this.isDefined(name),
      restartDevice: (name: string) => this.restartDevice(name),
      restartSoon: () => this.#soon(() => this.#restart()),
      stopSoon: () => this.#soon(() => this.stop()),
    }
    const admin = new HostedDevice(this.#home(), adminClass(host), this.adminName, EMPTY_CONTENT)
    admin.construct()
    await this.#targets.begin(admin, this.#options.verbosity ?? 0)
    await admin.start()
    this.#addServant(admin)
    return admin
  }

  /** All devices anew, with what the database says now (admin command RestartServer). */
  async #restart(): Promise<void> {
    const old = [...this.#hosted.values()]
    this.#hosted.clear()
    for (const hosted of old) this.#removeServant(hosted)
    for (const hosted of old) await hosted.delete()
    await this.#createKnown(await this.#store.load(true))
    const current = [...this.#hosted.values()]
    await Promise.all(current.map((hosted) => this.#export(hosted)))
    for (const hosted of current) sendInterfaceChange(hosted, true)
  }

  async #end(exported: boolean): Promise<void> {
    const heartbeats = heartbeatTopic(this.#topics.tangoHost, this.adminName)
    this.#tango.events.stopHeartbeat(heartbeats)
    if (exported) {
      try {
        await this.#store.unexportServer()
      } catch (error) {
        this.#tango.log.warn('the server could not be unexported', { server: this.name, error })
      }
    }
    const all = [...this.#hosted.values(), ...(this.#admin === undefined ? [] : [this.#admin])]
    for (const hosted of all) this.#removeServant(hosted)
    for (const hosted of all.reverse()) await hosted.delete()
    this.#hosted.clear()
    await this.#tango.events.closeServer(heartbeats)
    this.#markStopped()
  }

  /** Runs after the reply of the request that asks for it. */
  #soon(work: () => Promise<void>): void {
    const run = async (): Promise<void> => {
      try {
        await work()
      } catch (error) {
        this.#tango.log.error('restart failed', { server: this.name, error })
      }
    }
    this.#tango.clock.setTimer(0, () => void run())
  }

  #home(): DeviceHome {
    return { server: this, tango: this.#tango, store: this.#store, topics: this.#topics }
  }

  async #findClass(className: string): Promise<DeviceClass> {
    const key = className.toLowerCase()
    const known = this.#classes.get(key)
    if (known !== undefined) return known
    const { classes } = this.#options
    const found =
      typeof classes === 'function'
        ? await classes(className)
        : classes.find((candidate) => candidate.spec.class.toLowerCase() === key)
    if (found === undefined) throw devFailed('API_ClassNotFound', `${this.name} has no class ${className}`)
    this.#classes.set(key, found)
    return found
  }

  #find(name: string): HostedDevice | undefined {
    const lowerName = name.toLowerCase()
    return lowerName === this.adminName.toLowerCase() ? this.#admin : this.#hosted.get(lowerName)
  }

  #get(name: string): HostedDevice {
    const hosted = this.#hosted.get(name.toLowerCase())
    if (hosted === undefined) throw devFailed('API_DeviceNotFound', `${this.name} has no device ${name}`)
    return hosted
  }

  #keys(hosted: HostedDevice): string[] {
    const extra = Object.entries(this.#options.objectKeys ?? {}).find(
      ([name]) => name.toLowerCase() === hosted.lowerName,
    )
    return [hosted.lowerName, ...(extra === undefined ? [] : [extra[1]])]
  }

  #addServant(hosted: HostedDevice): void {
    const servant = new DeviceServant(hosted)
    for (const key of this.#keys(hosted)) this.#tango.orb.addServant(key, servant)
  }

  #removeServant(hosted: HostedDevice): void {
    for (const key of this.#keys(hosted)) this.#tango.orb.removeServant(key)
  }

  #export(hosted: HostedDevice): Promise<void> {
    const [key = hosted.lowerName] = this.#keys(hosted)
    return this.#store.exportDevice(hosted.name, this.#tango.orb.ior(key, DEVICE_REPOSITORY_IDS[0]))
  }

  /** Whether a server answers at an address that the database remembers. */
  async #answers(ior: string): Promise<boolean> {
    try {
      await this.#tango.client.call(parseReference(ior), OPERATIONS.ping, [], { timeoutMs: PING_TIMEOUT_MS })
      return true
    } catch (error) {
      // nobody there, or somebody else at the same address; a time-out may be a server that is only busy
      return error instanceof DevFailed && error.has('API_DeviceTimedOut')
    }
  }
}
