// Tango class MacroServer: macros, environment and elements for its doors and for clients. It runs no macro itself.

import { join, resolve } from 'node:path'
import { macroServer } from '#interfaces/macro-server'
import {
  type DevEncoded,
  Device,
  decodeEncoded,
  devFailed,
  deviceClass,
  encodeJson,
  encodePickle,
  type Serves,
} from '#tango'
import { Environment, type EnvironmentChange, environmentLines } from '../environment.ts'
import { describeFile, describeMacro, MacroLibrary } from '../library.ts'
import type { ElementReference } from '../macro.ts'
import { type ParameterNames, parameterTypeNames } from '../parameters.ts'
import { PoolClient } from '../pool-client.ts'
import { type PoolChange, type PoolEntry, PoolWatch } from '../pool-watch.ts'

/** How long the first read of the pools may hold up the start, ms. */
const FIRST_READ_MS = 3000

/** Element types that parameters may have. */
const ELEMENT_TYPES = [
  'Controller',
  'Countable',
  'Element',
  'ExpChannel',
  'MeasurementGroup',
  'Motor',
  'MotorGroup',
  'Moveable',
]

/** A Door, as its macro server sees it. */
export interface AttachedDoor {
  /** The macro server has been initialised, for the first time or again. */
  macroServerReady(server: MacroServer): Promise<void>
}

/** Whom the macro server tells of changes. */
export interface MacroServerListener {
  elements(): void
  environment(change: EnvironmentChange): void
  library(): void
}

/** Class `MacroServer`; doors of the same server find it by class. */
export class MacroServer extends Device<typeof macroServer> implements Serves<typeof macroServer> {
  #environment: Environment | undefined
  #library = new MacroLibrary()
  #pools: readonly PoolWatch[] = []
  #poolClient: PoolClient | undefined
  #alias = ''
  #macroIds = 0
  #encoded: DevEncoded | undefined
  readonly #listeners = new Set<MacroServerListener>()

  override async init(): Promise<void> {
    const { macroPath, poolNames, environment } = this.properties
    this.#alias = await this.#aliasOf(this.name)
    this.#environment = await Environment.open(this.dataFolder, {
      defaults: {
        ScanDir: join(this.dataFolder, 'scans'),
        ScanFile: 'scan.h5',
        ScanID: 0,
        JsonRecorder: true,
        ...environmentLines(environment),
      },
      log: this.log,
    })
    this.#environment.onChange((change) => this.#environmentChanged(change))
    this.#library = new MacroLibrary(macroPath.map((folder) => resolve(folder)))
    this.#poolClient = new PoolClient(this.tango, poolNames)
    this.#pools = poolNames.map(
      (name) => new PoolWatch(this.tango, name, (change) => this.#poolChanged(change), this.log),
    )
    await Promise.all([
      this.#library.load(),
      Promise.race([Promise.all(this.#pools.map((p) => p.tried)), this.clock.sleep(FIRST_READ_MS)]),
    ])
    for (const { file, error } of this.#library.files)
      if (error !== undefined) this.log.error('macro file', { file, error })
    this.#elementsChanged()
    this.setState('ON')
    for (const door of this.server.devicesOfClass('Door')) if (isDoor(door)) await door.macroServerReady(this)
  }

  override async deleted(): Promise<void> {
    await Promise.all(this.#pools.map((pool) => pool.close()))
    this.#pools = []
    await this.#environment?.close()
    this.#environment = undefined
  }

  /** Absolute path of the data folder. */
  get dataFolder(): string {
    return resolve(this.properties.dataFolder)
  }

  get library(): MacroLibrary {
    return this.#library
  }

  /** @throws DevFailed when `init` failed: the status says why */
  get environment(): Environment {
    if (this.#environment === undefined) throw devFailed('API_CommandNotAllowed', `${this.name}: ${this.status}`)
    return this.#environment
  }

  /** Whether doors can work with it. */
  get isReady(): boolean {
    return this.#environment !== undefined && this.state === 'ON'
  }

  /** Stops and releases elements. */
  get poolClient(): PoolClient | undefined {
    return this.#poolClient
  }

  get elementReferences(): readonly ElementReference[] {
    return this.#pools.flatMap((pool) => pool.references)
  }

  get unreachablePools(): readonly string[] {
    return this.#pools.filter((pool) => !pool.reachable).map((pool) => pool.name)
  }

  /** What parameters may refer to. */
  readonly names: ParameterNames = {
    element: (name) => this.#poolClient?.find(name),
    elementNames: (interfaceName) => (this.#poolClient?.elements(interfaceName) ?? []).map((e) => e.name),
    macroNames: () => this.#library.names(),
    unreachable: () => this.unreachablePools,
  }

  /** Id for a macro that came without one: `-1`, `-2` ... */
  nextMacroId(): string {
    this.#macroIds += 1
    return `-${this.#macroIds}`
  }

  listen(listener: MacroServerListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readDoorList() {
    return this.server.devicesOfClass('Door').map((door) => door.name)
  }
  readElements() {
    this.#encoded ??= encodeJson({ new: [...this.#poolEntries(), ...this.#ownEntries()] })
    return this.#encoded
  }
  readEnvironment() {
    return encodePickle({ new: Object.fromEntries(this.environment.entries()) })
  }
  readMacroLibList() {
    return this.#library.files.map((f) => f.module)
  }
  readMacroList() {
    return this.#library.names()
  }
  readTypeList() {
    return parameterTypeNames(ELEMENT_TYPES)
  }

  writeEnvironment(encoded: DevEncoded): void {
    const value = decodeEncoded(encoded)
    if (!isRecord(value))
      throw devFailed('API_InvalidArgs', `${this.name}: Environment takes a dictionary with new, change or del`)
    const entries = [value.new, value.change].flatMap((part) => (isRecord(part) ? Object.entries(part) : []))
    const removed = Array.isArray(value.del) ? value.del.map(String) : []
    this.environment.apply(
      entries.map(([name, item]) => [name, jsonValue(item)]),
      removed,
    )
  }

  getMacroInfo(names: readonly string[]) {
    return names.flatMap((name) => {
      const found = this.#library.find(name)
      return found === undefined ? [] : [JSON.stringify(describeMacro(found, this.#alias))]
    })
  }

  async getMacroCode(argument: readonly string[]) {
    const name = argument.at(-1)
    if (name === undefined)
      throw devFailed('API_WrongNumberOfArgs', 'GetMacroCode takes a file of macros, or a file and a macro')
    const { file, code, line } = await this.#library.code(name)
    return [file, code, String(line)]
  }

  setMacroCode(): void {
    throw devFailed(
      'API_NotSupportedFeature',
      `SetMacroCode is not supported: edit the files in the folders of the property MacroPath`,
    )
  }

  async nextScanId(): Promise<number> {
    return await this.environment.nextScanId()
  }

  giveBackScanId(scanId: number): void {
    this.environment.giveBackScanId(scanId)
  }

  async reloadMacro(names: readonly string[]) {
    return await this.#reload(names)
  }
  async reloadMacroLib(names: readonly string[]) {
    return await this.#reload(names)
  }

  async #reload(names: readonly string[]): Promise<string[]> {
    if (names.length === 0) throw devFailed('API_WrongNumberOfArgs', 'the names of macros or of macro files are needed')
    const before = this.#ownEntries()
    for (const name of names) await this.#library.reload(name)
    this.#elementsChanged()
    this.push('macroList', this.readMacroList())
    this.push('macroLibList', this.readMacroLibList())
    const key = (entry: object) => ('full_name' in entry ? String(entry.full_name) : '')
    const old = new Map(before.map((entry) => [key(entry), JSON.stringify(entry)]))
    const now = this.#ownEntries()
    const current = new Set(now.map(key))
    const change = {
      new: now.filter((entry) => !old.has(key(entry))),
      change: now.filter((entry) => old.has(key(entry)) && old.get(key(entry)) !== JSON.stringify(entry)),
      del: before.filter((entry) => !current.has(key(entry))),
    }
    this.push('elements', encodeJson(change))
    for (const listener of this.#listeners) listener.library()
    return ['OK']
  }

  #poolChanged(change: PoolChange): void {
    this.#elementsChanged()
    const shown = (entries: readonly PoolEntry[]) => entries.map(withoutManager)
    const lists = { new: shown(change.new), change: shown(change.change), del: shown(change.del) }
    if (Object.values(lists).some((list) => list.length > 0)) this.push('elements', encodeJson(lists))
    for (const listener of this.#listeners) listener.elements()
  }

  #elementsChanged(): void {
    this.#encoded = undefined
    this.#poolClient?.setElements(this.elementReferences, this.unreachablePools)
  }

  #environmentChanged(change: EnvironmentChange): void {
    this.push('environment', encodePickle({ new: change.new, change: change.change, del: change.del }))
    for (const listener of this.#listeners) listener.environment(change)
  }

  #poolEntries(): object[] {
    return this.#pools.flatMap((pool) => pool.entries.map(withoutManager))
  }

  #ownEntries(): object[] {
    const own = { manager: this.#alias, parent: this.#alias, macro_server: this.#alias }
    const types = parameterTypeNames(ELEMENT_TYPES).map((type) => {
      const name = type.replace('*', '')
      return {
        name,
        full_name: name,
        type: 'ParameterType',
        ...own,
        interfaces: ['Meta', 'ParameterType'],
        composed: type.endsWith('*'),
      }
    })
    return [
      ...this.#library.files.map((file) => describeFile(file, this.#alias)),
      ...this.#library.all().map((macro) => describeMacro(macro, this.#alias)),
      ...types,
    ]
  }

  async #aliasOf(device: string): Promise<string> {
    if (this.tango.tangoHost === undefined) return device
    try {
      return (await this.tango.database().deviceAlias(device)) ?? device
    } catch {
      return device // without a database there are no aliases
    }
  }
}

/** The macro server of a device's server, if it has been created. */
export function macroServerOf(device: Device): MacroServer | undefined {
  return device.server.devicesOfClass('MacroServer').find((d): d is MacroServer => d instanceof MacroServer)
}

function isDoor(device: object): device is AttachedDoor {
  return 'macroServerReady' in device
}

function withoutManager(entry: PoolEntry): PoolEntry {
  const { manager: _manager, ...rest } = entry
  return rest
}

/** What a pickle held as what JSON can hold. */
function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), jsonValue(item)]))
  if (value instanceof Set || Array.isArray(value)) return [...value].map(jsonValue)
  if (ArrayBuffer.isView(value)) throw devFailed('API_InvalidArgs', 'the environment cannot hold bytes')
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, jsonValue(item)]))
  return value
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export default deviceClass(macroServer, MacroServer)
