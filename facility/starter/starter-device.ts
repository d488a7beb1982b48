// The Tango device over the supervision: class Starter, `tango/admin/<host>`.

import { open, stat } from 'node:fs/promises'
import { starter } from '#interfaces/starter'
import { Device, type DeviceClass, type PropertiesOf } from '#tango'
import { DEV_STATES, type DevState, devFailed } from '#tango/pure'
import { dateText, type StarterJournal } from './starter-journal.ts'
import type { Supervision, SupervisionSettings } from './supervision.ts'

/** Properties of the device. */
export type StarterProperties = PropertiesOf<(typeof starter)['properties']>

/** What the device needs of its surroundings. */
export interface StarterSurroundings {
  readonly supervision: Supervision
  readonly journal: StarterJournal
  /** Told of the properties at start and at Init. */
  configured(properties: StarterProperties): void
  /** Lines of the attribute Resources. */
  resources(): Promise<readonly string[]>
  /** Log of a server that this device has never heard of. */
  logFile(server: string): string
}

/** End of a log that is told, octets: more does not fit into a window either. */
const LOG_OCTETS = 1_000_000

/** The device class over a supervision. */
export function starterClass(around: StarterSurroundings): DeviceClass<typeof starter> {
  return { spec: starter, create: (context) => new StarterDevice(context, around) }
}

/** Settings of the supervision from the properties of the device. @param stopServers when they do not say */
export function settingsFrom(properties: StarterProperties, stopServers: boolean): SupervisionSettings {
  return {
    restartAfterMinutes: properties.autoRestartDuration,
    restartCrashed: properties.restartFailed,
    betweenLevelsMs: properties.interStartupLevelWait * 1000,
    startupMs: Math.max(1, properties.serverStartupTimeout) * 1000,
    startAtStartup: properties.startServersAtStartup,
    firstPauseMs: properties.waitForDriverStartup * 1000,
    levels: properties.nbStartupLevels,
    movingMaxMs: properties.movingMaxDuration * 1000,
    listMs: properties.readInfoDbPeriod * 1000,
    stopAtShutdown: properties.stopServersAtShutdown ?? stopServers,
  }
}

/** Serves `starter`. */
export class StarterDevice extends Device<typeof starter> {
  readonly #around: StarterSurroundings
  #resources: readonly string[] = []
  #pushed = new Map<string, string>()

  constructor(context: ConstructorParameters<typeof Device>[0], around: StarterSurroundings) {
    super(context)
    this.#around = around
  }

  override init(): void {
    this.#around.configured(this.properties)
    this.#tellState()
  }

  override stateRead(): DevState {
    return this.#around.supervision.summary().state
  }

  override statusRead(): string {
    return this.#around.supervision.summary().status
  }

  /** Tells subscribers what has changed since the last look. */
  async refresh(): Promise<void> {
    this.#resources = await this.#around.resources()
    this.#tellState()
    this.#push('notifdState', this.readNotifdState())
    this.#push('hostState', this.readHostState())
    this.#push('servers', this.readServers())
    this.#push('runningServers', this.readRunningServers())
    this.#push('stoppedServers', this.readStoppedServers())
    this.push('resources', this.#resources)
  }

  readNotifdState(): DevState {
    return 'ON'
  }

  readHostState(): number {
    return DEV_STATES.indexOf(this.stateRead())
  }

  readServers(): readonly string[] {
    return this.#around.supervision.servers.map(({ line }) => line)
  }

  readRunningServers(): readonly string[] {
    return this.devGetRunningServers(true)
  }

  readStoppedServers(): readonly string[] {
    return this.devGetStopServers(true)
  }

  readResources(): readonly string[] {
    return this.#resources
  }

  devStart(server: string): Promise<void> {
    return this.#around.supervision.start(server)
  }

  devStop(server: string): Promise<void> {
    return this.#around.supervision.stop(server)
  }

  devStartAll(level: number): void {
    this.#refuseNone()
    this.#around.supervision.startLevel(level)
    this.#tellState()
  }

  devStopAll(level: number): Promise<void> {
    this.#refuseNone()
    return this.#around.supervision.stopLevel(level)
  }

  devGetRunningServers(all: boolean): string[] {
    return this.#names(all, (state) => state === 'ON')
  }

  devGetStopServers(all: boolean): string[] {
    return this.#names(all, (state) => state !== 'ON')
  }

  async devReadLog(what: string): Promise<string> {
    const { journal, supervision } = this.#around
    await journal.flush()
    if (what === 'Starter') return (await endOf(journal.logFile)).text
    if (what === 'Statistics') return (await endOf(journal.statisticsFile)).text
    const known = /^[^/]+\/[^/]+$/.test(what)
    const path = known ? supervision.runnerOf(what).logFile : this.#around.logFile(what)
    const { text, changed } = await endOf(path)
    return `${path}\n${dateText(changed)}\n\n${text}`
  }

  hardKillServer(server: string): void {
    this.#around.supervision.kill(server)
  }

  notifyDaemonState(): DevState {
    if (this.properties.useEvents !== 0) return this.readNotifdState()
    throw devFailed('NOTIFY_NOT_AVAILABLE', `${this.name}: there is no notification daemon; events need none`)
  }

  resetStatistics(): Promise<void> {
    return this.#around.supervision.resetStatistics()
  }

  updateServersInfo(): void {
    this.#around.supervision.update()
  }

  #names(all: boolean, wanted: (state: string) => boolean): string[] {
    return this.#around.supervision.servers
      .filter(({ controlled, state }) => (all || controlled) && wanted(state))
      .map(({ name }) => name)
  }

  #refuseNone(): void {
    if (this.#around.supervision.servers.length === 0)
      throw devFailed('Starter_ServerUnknown', `${this.name}: the database lists no server for this computer`)
  }

  #tellState(): void {
    const { state, status } = this.#around.supervision.summary()
    this.setState(state, status)
  }

  #push<K extends 'notifdState' | 'hostState' | 'servers' | 'runningServers' | 'stoppedServers'>(
    key: K,
    value: Parameters<typeof this.push<K>>[1],
  ): void {
    const text = JSON.stringify(value)
    if (this.#pushed.get(key) === text) return
    this.#pushed.set(key, text)
    this.push(key, value)
  }
}

/** @throws DevFailed `Starter_NoLog` */
async function endOf(path: string): Promise<{ readonly text: string; readonly changed: Date }> {
  try {
    const { size, mtime } = await stat(path)
    const file = await open(path, 'r')
    try {
      const from = Math.max(0, size - LOG_OCTETS)
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
      // the wire knows Latin-1 only, and no octet 0
      const text = buffer.toString('utf8', 0, bytesRead).replaceAll('\0', '')
      return { text: from === 0 ? text : `... ${from} octets before this are in the file\n${text}`, changed: mtime }
    } finally {
      await file.close()
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw devFailed('Starter_NoLog', `${path} cannot be read: ${why}; a server has a log once it was started from here`)
  }
}
