// The attributes, commands and pipes of a device, made from its spec and what is stored of them.

import { devFailed } from '../errors/dev-failed.ts'
import { type AttributeSpec, type CommandSpec, tangoName } from '../types/device-spec.ts'
import { Attribute, type BoundHandlers } from './attribute.ts'
import { AttributeConfiguration } from './attribute-config.ts'
import { AttributeEvents } from './attribute-events.ts'
import type { TableEntry } from './attribute-table.ts'
import { Command } from './command-table.ts'
import type { CommandMethod } from './device.ts'
import type { HostedDevice } from './hosted-device.ts'
import { Pipe } from './pipe.ts'
import type { DeviceContent } from './server-store.ts'

const STATE_SPEC: AttributeSpec = { type: 'DevState', name: 'State', urgent: true, pushes: 'unfiltered' }
const STATUS_SPEC: AttributeSpec = { type: 'DevString', name: 'Status', urgent: true, pushes: 'unfiltered' }
const NOTHING: ReadonlyMap<string, readonly string[]> = new Map()

/** Fills the tables of a new device. */
export function buildMembers(host: HostedDevice, content: DeviceContent): void {
  const attributes: readonly (readonly [string, AttributeSpec])[] = Object.entries(host.spec.attributes)
  for (const [key, spec] of attributes) addAttribute(host, content, key, spec, bound(host, key, spec), false)
  addAttribute(host, content, 'state', STATE_SPEC, { read: () => host.readState() }, false)
  addAttribute(host, content, 'status', STATUS_SPEC, { read: () => host.readStatus() }, false)
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
  const attribute = new Attribute(host, key, spec, config, handlers, key === 'state')
  const events = new AttributeEvents(attribute, host.name, host.tango.events, host.topics, () => host.monotonic())
  const { pushes, pushesArchive } = spec
  const entry: TableEntry = { attribute, events, pushes, pushesArchive, dynamic, forwarded: undefined }
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
  const capital = capitalised(key)
  const read = spec.writeOnly === true ? undefined : method(host, `read${capital}`)
  const write = spec.writable === true || spec.writeOnly === true ? method(host, `write${capital}`) : undefined
  return { read, write }
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
