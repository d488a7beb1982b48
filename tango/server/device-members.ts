// The attributes, commands and pipes of a device, made from its spec and what is stored of them.

import { devFailed } from '../errors/dev-failed.ts'
import { type AttributeSpec, type CommandSpec, tangoName } from '../types/device-spec.ts'
import { Attribute, type BoundHandlers } from './attribute.ts'
import { AttributeConfiguration } from './attribute-config.ts'
import { AttributeEvents } from './attribute-events.ts'
import type { Pushing, TableEntry } from './attribute-table.ts'
import { Command } from './command-table.ts'
import type { CommandMethod } from './device.ts'
import type { ForwardedAttribute } from './forwarded-attribute.ts'
import type { HostedDevice } from './hosted-device.ts'
import { Pipe } from './pipe.ts'
import type { DeviceContent } from './server-store.ts'

const STATE_SPEC: AttributeSpec = { type: 'DevState', name: 'State', urgent: true, pushes: 'unfiltered' }
const STATUS_SPEC: AttributeSpec = { type: 'DevString', name: 'Status', urgent: true, pushes: 'unfiltered' }
const NOTHING: ReadonlyMap<string, readonly string[]> = new Map()

/** Fills the tables of a new device. */
export function buildMembers(host: HostedDevice, content: DeviceContent): void {
  addAttribute(host, content, 'state', STATE_SPEC, { read: () => host.readState() }, false)
  addAttribute(host, content, 'status', STATUS_SPEC, { read: () => host.readStatus() }, false)
  host.attributes.fillLater(() => {
    const attributes: readonly (readonly [string, AttributeSpec])[] = Object.entries(host.spec.attributes)
    for (const [key, spec] of attributes) addAttribute(host, content, key, spec, bound(host, key, spec), false)
  })
  // with stored set points and configurations there is something to do and to complain about at once
  if (content.attributes.size + content.classAttributes.size > 0) host.attributes.all()
  addCommands(host)
  addPipes(host, content)
}

/** Adds an attribute; State and Status stay last. */
export function addAttribute(
  host: HostedDevice,
  content: DeviceContent,
  key: string,
  spec: AttributeSpec,
  handlers: BoundHandlers,
  dynamic: boolean,
): TableEntry {
  const { attributes, classAttributes } = content
  const { naming } = host.spec
  const lower = tangoName(key, spec, naming).toLowerCase()
  const config = new AttributeConfiguration(
    host.name,
    key,
    spec,
    naming,
    classAttributes.get(lower) ?? NOTHING,
    attributes.get(lower) ?? NOTHING,
  )
  if (config.ignoredTexts.length > 0) {
    host.log.warn('stored properties make no sense', { attribute: config.name, properties: config.ignoredTexts })
  }
  const attribute = new Attribute(host, key, spec, config, handlers, key === 'state')
  const entry = new Member(host, attribute, dynamic)
  host.attributes.add(entry)
  return entry
}

/** A command of a device. */
export function makeCommand(
  host: HostedDevice,
  key: string,
  spec: CommandSpec,
  method: CommandMethod,
  dynamic: boolean,
): Command {
  return new Command(key, spec, host.spec.naming, method, { checkState: host.checkState, dynamic })
}

function addCommands(host: HostedDevice): void {
  const add = (key: string, spec: CommandSpec, handler: CommandMethod): void => {
    host.commands.add(makeCommand(host, key, spec, handler, false))
  }
  const commands: readonly (readonly [string, CommandSpec])[] = Object.entries(host.spec.commands)
  for (const [key, spec] of commands) add(key, spec, method(host, key))
  add('state', { out: 'DevState', name: 'State', urgent: true, outDoc: 'Device state' }, () => host.readState())
  add('status', { out: 'DevString', name: 'Status', urgent: true, outDoc: 'Device status' }, () => host.readStatus())
  if (host.commands.find('Init') === undefined) add('init', { name: 'Init' }, () => host.init())
}

function addPipes(host: HostedDevice, { pipes, classPipes }: DeviceContent): void {
  const { naming } = host.spec
  for (const [key, spec] of Object.entries(host.spec.pipes ?? {})) {
    const capital = capitalised(key)
    const handlers = {
      read: method(host, `read${capital}`),
      write: spec.writable === true ? method(host, `write${capital}`) : undefined,
    }
    const lower = tangoName(key, spec, naming).toLowerCase()
    const stored = { ofClass: classPipes.get(lower), ofDevice: pipes.get(lower) }
    host.pipes.add(new Pipe(host, key, spec, naming, handlers, stored))
  }
}

function bound(host: HostedDevice, key: string, spec: AttributeSpec): BoundHandlers {
  return new MethodHandlers(host, methodsOf(key, spec))
}

/** An attribute in the table. Most attributes of a large server never send an event. */
class Member implements TableEntry {
  readonly attribute: Attribute
  readonly dynamic: boolean
  pushes: Pushing
  pushesArchive: Pushing
  forwarded: ForwardedAttribute | undefined
  readonly #host: HostedDevice
  #events: AttributeEvents | undefined

  constructor(host: HostedDevice, attribute: Attribute, dynamic: boolean) {
    this.attribute = attribute
    this.dynamic = dynamic
    this.pushes = attribute.spec.pushes
    this.pushesArchive = attribute.spec.pushesArchive
    this.#host = host
  }

  get events(): AttributeEvents {
    const host = this.#host
    this.#events ??= new AttributeEvents(this.attribute, host.name, host.tango.events, host.topics, () =>
      host.monotonic(),
    )
    return this.#events
  }
}

/** Names of the methods that serve an attribute. */
interface MethodNames {
  readonly key: string
  readonly read: string | undefined
  readonly write: string | undefined
}

/** By spec: all devices of a class have the same. */
const METHODS = new WeakMap<AttributeSpec, MethodNames>()

function methodsOf(key: string, spec: AttributeSpec): MethodNames {
  const known = METHODS.get(spec)
  // one spec may stand under several keys
  if (known?.key === key) return known
  const capital = capitalised(key)
  const names = {
    key,
    read: spec.writeOnly === true ? undefined : `read${capital}`,
    write: spec.writable === true || spec.writeOnly === true ? `write${capital}` : undefined,
  }
  METHODS.set(spec, names)
  return names
}

/** Methods of the device as handlers of an attribute, made when they are called first. */
class MethodHandlers implements BoundHandlers {
  readonly #host: HostedDevice
  readonly #names: MethodNames
  #read: BoundHandlers['read']
  #write: BoundHandlers['write']

  constructor(host: HostedDevice, names: MethodNames) {
    this.#host = host
    this.#names = names
  }

  get read(): BoundHandlers['read'] {
    const name = this.#names.read
    if (name !== undefined) this.#read ??= method(this.#host, name)
    return this.#read
  }

  get write(): BoundHandlers['write'] {
    const name = this.#names.write
    if (name !== undefined) this.#write ??= method(this.#host, name)
    return this.#write
  }
}

/** Calls a method of the device, looked up at each call so that tests may replace it. */
function method(host: HostedDevice, name: string): (value?: unknown, call?: unknown) => unknown {
  // two plain parameters: lists of them cost on every call
  return (value, call) => {
    const { device } = host
    const found: unknown = Reflect.get(device, name)
    if (typeof found !== 'function') {
      throw devFailed('API_UnsupportedFeature', `class ${host.className} has no method ${name}`)
    }
    return found.call(device, value, call)
  }
}

function capitalised(key: string): string {
  return key.charAt(0).toUpperCase() + key.slice(1)
}
