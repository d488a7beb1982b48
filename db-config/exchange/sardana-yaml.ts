// Reads a configuration in Sardana's YAML form (3.4 and later). Fields that are not known become findings; a file that
// cannot be read, or misses what it must have, is refused. Source: the public documentation and data model of Sardana's configuration tool.

import { dirname, join, normalize } from 'node:path/posix'
import type { ForeignProperty } from './known-controllers.ts'
import { type ExchangeReport, unreadable } from './report.ts'
import {
  SARDANA_TYPES,
  type SardanaAttribute,
  type SardanaChannel,
  type SardanaController,
  type SardanaDoor,
  type SardanaElement,
  type SardanaGroup,
  type SardanaInstrument,
  type SardanaMacroServer,
  type SardanaPool,
  type SardanaSystem,
} from './sardana-model.ts'
import { type ForeignEntry, type ForeignTree, lineOfForeign, parseForeign, plainForeign } from './yaml-text.ts'

/** Deepest chain of files that include one another. */
const MAX_INCLUDES = 20

/** Fields of a pool that are properties of its device. */
const POOL_PROPERTIES: Readonly<Record<string, string>> = {
  pool_path: 'PoolPath',
  python_path: 'PythonPath',
  motionloop_sleep_time: 'MotionLoop_SleepTime',
  motionloop_states_per_position: 'MotionLoop_StatesPerPosition',
  acqloop_sleep_time: 'AcqLoop_SleepTime',
  acqloop_states_per_value: 'AcqLoop_StatesPerValue',
  remote_log: 'RemoteLog',
  drift_correction: 'DriftCorrection',
  description: 'description',
}

/** Fields of a macro server that are properties of its device. */
const MACRO_SERVER_PROPERTIES: Readonly<Record<string, string>> = {
  recorder_path: 'RecorderPath',
  python_path: 'PythonPath',
  environment_db: 'EnvironmentDb',
  max_parallel_macros: 'MaxParallelMacros',
  log_report_filename: 'LogReportFilename',
  log_report_format: 'LogReportFormat',
  description: 'description',
}

/** Reads other files. @returns undefined when there is no such file */
export type FileReader = (path: string) => string | undefined

/**
 * Reads a system.
 * @param file how messages call it; `!include` is relative to it
 * @throws DevFailed `Exchange_Invalid` with every mistake as `file:line:column: text`
 */
export function readSardanaYaml(
  text: string,
  file: string,
  readFile: FileReader,
  report: ExchangeReport,
): SardanaSystem {
  const reader = new Reader(readFile, report)
  const system = reader.read(text, file)
  if (reader.errors.length > 0) throw unreadable(reader.errors)
  return system
}

class Reader {
  readonly errors: string[] = []
  readonly #readFile: FileReader
  readonly #report: ExchangeReport

  constructor(readFile: FileReader, report: ExchangeReport) {
    this.#readFile = readFile
    this.#report = report
  }

  read(text: string, file: string): SardanaSystem {
    const tree = this.#parse(text, file, [])
    if (tree === undefined) return { pools: [], macroServers: [] }
    const fields = this.#fields(tree, 'the file', ['tango_host', 'pools', 'macro_servers'])
    const host = fields.get('tango_host')
    if (host !== undefined) this.#report.note(host.place, 'tango_host: a beamline file is for any database; not needed')
    const pools = this.#members(fields.get('pools')).map((entry) => this.#pool(entry))
    if (pools.length === 0) this.errors.push(`${tree.place}: there are no pools; this is no Sardana configuration`)
    const macroServers = this.#members(fields.get('macro_servers')).map((entry) => this.#macroServer(entry))
    return { pools, macroServers }
  }

  /** Parses a file and puts the files it includes in their places. */
  #parse(text: string, file: string, chain: readonly string[]): ForeignTree | undefined {
    const parsed = parseForeign(text, file)
    if ('problems' in parsed) {
      this.errors.push(...parsed.problems)
      return undefined
    }
    return this.#included(parsed.tree, file, [...chain, file])
  }

  #included(tree: ForeignTree, file: string, chain: readonly string[]): ForeignTree {
    if (tree.kind === 'map') {
      const entries = tree.entries.map((entry) => ({ ...entry, value: this.#included(entry.value, file, chain) }))
      return { ...tree, entries }
    }
    if (tree.kind === 'list') return { ...tree, items: tree.items.map((item) => this.#included(item, file, chain)) }
    if (tree.tag !== '!include') {
      if (tree.tag !== undefined) this.#report.lost(tree.place, `there is no place for the tag ${tree.tag}`)
      return tree
    }
    const path = normalize(join(dirname(file), tree.source))
    if (chain.includes(path) || chain.length > MAX_INCLUDES) {
      this.errors.push(`${tree.place}: the files include each other: ${[...chain, path].join(' -> ')}`)
      return tree
    }
    const text = this.#readFile(path)
    if (text === undefined) {
      this.errors.push(`${tree.place}: ${path} cannot be read`)
      return tree
    }
    return this.#parse(text, path, chain) ?? tree
  }

  #pool({ key: name, place, value }: ForeignEntry): SardanaPool {
    const fields = this.#fields(value, `pool ${name}`, [
      ...['tango_alias', 'tango_device', 'tango_server', 'instruments', 'controllers', 'measurement_groups'],
      ...['properties', ...Object.keys(POOL_PROPERTIES)],
    ])
    const device = this.#text(fields.get('tango_device')) ?? `pool/${name}/1`
    this.#checkNames(place, name, device.replace('{name}', name), this.#text(fields.get('tango_server')))
    return {
      name,
      place,
      server: serverName(this.#text(fields.get('tango_server')), name),
      device: device.replace('{name}', name),
      alias: this.#text(fields.get('tango_alias')) ?? `Pool_${name}_1`,
      properties: this.#deviceProperties(fields, POOL_PROPERTIES),
      instruments: this.#members(fields.get('instruments')).map((entry) => this.#instrument(entry)),
      controllers: this.#members(fields.get('controllers')).map((entry) => this.#controller(entry)),
      groups: this.#members(fields.get('measurement_groups')).map((entry) => this.#group(entry)),
      motorGroups: [],
    }
  }

  /** Names that go into Tango names as they are. */
  #checkNames(place: string, name: string, device: string, server: string | undefined): void {
    if (!/^[\w.-]+$/.test(name)) this.errors.push(`${place}: ${name} should be a name of letters, digits, _ - and .`)
    if (!/^[\w.-]+(\/[\w.-]+){2}$/.test(device)) {
      this.errors.push(`${place}: ${name}: tango_device ${device} should be domain/family/member`)
    }
    if (server !== undefined && !/^[\w.-]+(\/[\w.-]+)?$/.test(server)) {
      this.errors.push(`${place}: ${name}: tango_server ${server} should be executable/instance`)
    }
  }

  #instrument({ key: name, place, value }: ForeignEntry): SardanaInstrument {
    const fields = this.#fields(value, `instrument ${name}`, ['class'])
    return { name, place, class: this.#text(fields.get('class')) ?? 'NXcollection' }
  }

  #controller({ key: name, place, value }: ForeignEntry): SardanaController {
    const fields = this.#fields(value, `controller ${name}`, [
      ...['type', 'python_class', 'python_module', 'tango_device', 'description', 'properties', 'attributes'],
      ...['physical_roles', 'elements'],
    ])
    const type = this.#text(fields.get('type'))
    const className = this.#text(fields.get('python_class'))
    if (type === undefined || !SARDANA_TYPES.includes(type)) {
      const known = SARDANA_TYPES.join(', ')
      this.errors.push(`${place}: controller ${name}: type ${type ?? 'is missing'}; it should be one of ${known}`)
    }
    if (className === undefined) this.errors.push(`${place}: controller ${name}: python_class is missing`)
    return {
      name,
      place,
      type: type ?? '',
      class: className ?? '',
      library: this.#text(fields.get('python_module')),
      device: this.#text(fields.get('tango_device')),
      server: undefined,
      description: this.#text(fields.get('description')),
      properties: this.#members(fields.get('properties')).map(propertyOf),
      attributes: this.#attributes(fields.get('attributes')),
      roles: this.#members(fields.get('physical_roles')).map(({ key, value: role }) => [key, lineOfForeign(role)]),
      elements: this.#members(fields.get('elements')).map((entry) => this.#element(entry)),
    }
  }

  #element({ key: name, place, value }: ForeignEntry): SardanaElement {
    const fields = this.#fields(value, `element ${name}`, [
      ...['axis', 'attributes', 'properties', 'instrument', 'tango_device', 'drift_correction', 'description'],
    ])
    const axis = Number(this.#text(fields.get('axis')) ?? Number.NaN)
    if (!Number.isInteger(axis)) this.errors.push(`${place}: element ${name}: axis should be a whole number`)
    const drift = fields.get('drift_correction')
    return {
      name,
      place,
      axis,
      device: this.#text(fields.get('tango_device')),
      instrument: this.#text(fields.get('instrument')),
      description: this.#text(fields.get('description')),
      attributes: this.#attributes(fields.get('attributes')),
      properties: [
        ...this.#members(fields.get('properties')).map(propertyOf),
        ...(drift === undefined ? [] : [{ ...propertyOf(drift), name: 'DriftCorrection' }]),
      ],
    }
  }

  #attributes(entry: ForeignEntry | undefined): readonly SardanaAttribute[] {
    return this.#members(entry).map(({ key: name, place, value }) => {
      const config =
        value.kind === 'map'
          ? value.entries.map((item) => [item.key, lineOfForeign(item.value)] as const)
          : [['value', lineOfForeign(value)] as const]
      return { name, place, config: new Map(config) }
    })
  }

  #group({ key: name, place, value }: ForeignEntry): SardanaGroup {
    const fields = this.#fields(value, `measurement group ${name}`, ['label', 'description', 'channels'])
    const label = fields.get('label')
    if (label !== undefined && this.#text(label) !== name) {
      this.#report.lost(label.place, `${name}: there is no place for its label ${this.#text(label)}`)
    }
    const channels = fields.get('channels')?.value
    if (channels !== undefined && channels.kind !== 'list') {
      this.errors.push(`${channels.place}: measurement group ${name}: channels should be a list`)
    }
    return {
      name,
      place,
      description: this.#text(fields.get('description')),
      channels: (channels?.kind === 'list' ? channels.items : []).flatMap((item) => this.#channel(item)),
      timer: undefined,
    }
  }

  /** A name, or a map of one name and its options. */
  #channel(item: ForeignTree): readonly SardanaChannel[] {
    if (item.kind === 'value') return [{ name: item.source, place: item.place, options: new Map() }]
    if (item.kind === 'list') {
      this.errors.push(`${item.place}: a channel should be a name, or a name with options`)
      return []
    }
    return item.entries.map(({ key, place, value }) => ({
      name: key,
      place,
      options: new Map(value.kind === 'map' ? value.entries.map((e) => [e.key, lineOfForeign(e.value)] as const) : []),
    }))
  }

  #macroServer({ key: name, place, value }: ForeignEntry): SardanaMacroServer {
    const fields = this.#fields(value, `macro server ${name}`, [
      ...['tango_alias', 'tango_device', 'tango_server', 'macro_path', 'doors', 'pools', 'environment', 'properties'],
      ...Object.keys(MACRO_SERVER_PROPERTIES),
    ])
    const server = serverName(this.#text(fields.get('tango_server')), name)
    const device = (this.#text(fields.get('tango_device')) ?? `macroserver/${name}/1`).replace('{name}', name)
    this.#checkNames(place, name, device, server)
    return {
      name,
      place,
      server,
      device,
      alias: this.#text(fields.get('tango_alias')) ?? `MS_${name}_1`,
      macroPath: linesOf(fields.get('macro_path')?.value),
      properties: this.#deviceProperties(fields, MACRO_SERVER_PROPERTIES),
      pools: linesOf(fields.get('pools')?.value),
      doors: this.#members(fields.get('doors')).map((entry, index) => this.#door(entry, server, name, index)),
      environment: this.#environment(fields.get('environment')),
    }
  }

  #door({ key, place, value }: ForeignEntry, server: string, macroServer: string, index: number): SardanaDoor {
    const fields = this.#fields(value, `door ${key}`, ['tango_device', 'description'])
    const description = fields.get('description')
    if (description !== undefined)
      this.#report.lost(description.place, `door ${key}: there is no place for a description`)
    const device = this.#text(fields.get('tango_device')) ?? `door/${macroServer}/${index + 1}`
    this.#checkNames(place, key, device, server)
    return { place, device, alias: key, server }
  }

  /** Variables by name; older files have them below `variables`. */
  #environment(entry: ForeignEntry | undefined): ReadonlyMap<string, unknown> {
    const variables = new Map<string, unknown>()
    for (const { key, place, value } of this.#members(entry)) {
      if (key === 'path') this.#report.lost(place, `environment: its file ${lineOfForeign(value)} is not read`)
      else if (key === 'variables' && value.kind === 'map') {
        for (const item of value.entries) variables.set(item.key, plainForeign(item.value))
      } else variables.set(key, plainForeign(value))
    }
    return variables
  }

  #deviceProperties(
    fields: ReadonlyMap<string, ForeignEntry>,
    names: Readonly<Record<string, string>>,
  ): readonly ForeignProperty[] {
    const named = Object.entries(names).flatMap(([key, name]) => {
      const entry = fields.get(key)
      return entry === undefined ? [] : [{ ...propertyOf(entry), name }]
    })
    return [...named, ...this.#members(fields.get('properties')).map(propertyOf)]
  }

  #fields(tree: ForeignTree, what: string, known: readonly string[]): ReadonlyMap<string, ForeignEntry> {
    if (tree.kind === 'value' && tree.value === null) return new Map()
    if (tree.kind !== 'map') {
      this.errors.push(`${tree.place}: ${what} should be a map`)
      return new Map()
    }
    for (const { key, place, value } of tree.entries) {
      if (!known.includes(key)) this.#report.lost(place, `${what}: unknown field ${key}: ${lineOfForeign(value)}`)
    }
    return new Map(tree.entries.map((entry) => [entry.key, entry]))
  }

  #members(entry: ForeignEntry | undefined): readonly ForeignEntry[] {
    if (entry === undefined || (entry.value.kind === 'value' && entry.value.value === null)) return []
    if (entry.value.kind === 'map') return entry.value.entries
    this.errors.push(`${entry.value.place}: ${entry.key} should be a map`)
    return []
  }

  #text(entry: ForeignEntry | undefined): string | undefined {
    if (entry === undefined || (entry.value.kind === 'value' && entry.value.value === null)) return undefined
    return lineOfForeign(entry.value)
  }
}

/** `Sardana`, `Pool/demo1` or nothing, as Sardana completes it. */
function serverName(given: string | undefined, name: string): string {
  if (given === undefined) return `Sardana/${name}`
  return given.includes('/') ? given : `${given}/${name}`
}

function propertyOf({ key, place, value }: ForeignEntry): ForeignProperty {
  return { name: key, place, values: linesOf(value) }
}

/** Lines of a property: a list with one item per line is several, a list in one line is one text; a map is JSON. */
function linesOf(tree: ForeignTree | undefined): readonly string[] {
  if (tree === undefined || (tree.kind === 'value' && tree.value === null)) return []
  if (tree.kind === 'list' && !tree.flow) return tree.items.map(lineOfForeign)
  if (tree.kind === 'map') return [JSON.stringify(plainForeign(tree))]
  return [lineOfForeign(tree)]
}
