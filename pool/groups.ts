// Groups and controllers created at run time, and the groups found at start: what stands in the database becomes elements.

import { devFailed } from '#tango'
import { driverNamed } from './controller-classes.ts'
import type { Pool } from './devices/pool.ts'
import type { Element } from './elements.ts'

type GroupType = 'MotorGroup' | 'MeasurementGroup'

const GROUP_PREFIX: Readonly<Record<GroupType, string>> = { MotorGroup: 'mg', MeasurementGroup: 'mntgrp' }

/** Groups of the pool's server as the database has them. */
export async function readGroups(pool: Pool): Promise<Element[]> {
  const database = pool.tango.database()
  const found: Element[] = []
  for (const type of ['MotorGroup', 'MeasurementGroup'] as const) {
    for (const name of await database.deviceList(pool.server.name, type)) {
      const device = name.toLowerCase()
      const [properties, alias] = await Promise.all([
        database.getDeviceProperty(device, ['Id', 'Elements']),
        database.deviceAlias(device),
      ])
      const ids = properties.get('Elements') ?? []
      found.push({
        id: Number(properties.get('Id')?.[0] ?? 0),
        name: alias ?? device,
        device,
        fullName: `tango://${pool.tango.tangoHost ?? ''}/${device}`,
        type,
        elements: ids.map((id) => pool.elements.byId(Number(id))?.name ?? id),
      })
    }
  }
  return found
}

/** `CreateMotorGroup` and `CreateMeasurementGroup`: `[name, element, ...]`, or one JSON object `{ name, elements }`. */
export async function createGroup(pool: Pool, type: GroupType, argument: readonly string[]): Promise<void> {
  const [name, ...members] = groupArgument(argument)
  if (name === undefined || members.length === 0)
    throw devFailed('API_WrongNumberOfArgs', `Create${type} takes the name of the group and at least one element`)
  refuseTaken(pool, name)
  const wanted = type === 'MotorGroup' ? 'Motor' : 'CTExpChannel'
  const elements = members.map((member) => {
    const element = pool.elements.get(member)
    if (element.type !== wanted)
      throw devFailed('API_InvalidArgs', `'${member}' is a ${element.type}; a ${type} takes elements of type ${wanted}`)
    return element
  })
  const id = pool.elements.nextId()
  const device = `${GROUP_PREFIX[type]}/${pool.poolAlias}/${name}`.toLowerCase()
  const element: Element = {
    id,
    name,
    device,
    fullName: `tango://${pool.tango.tangoHost ?? ''}/${device}`,
    type,
    elements: elements.map((e) => e.name),
  }
  pool.elements.add(element) // before the device: its init looks itself up
  try {
    await pool.server.addDevice({
      class: type,
      name: device,
      alias: name,
      properties: { Id: [String(id)], Elements: elements.map((e) => String(e.id)) },
    })
  } catch (error) {
    pool.elements.remove(element)
    throw error
  }
  pool.announce('new', [element])
}

/**
 * `CreateController`: `[type, library, class, name, property, value, ...]`; the class is a driver by its file name or as
 * listed in `ControllerClassList`, the library says nothing more. Or one JSON object `{ type, library, klass, name, properties }`.
 */
export async function createController(pool: Pool, argument: readonly string[]): Promise<void> {
  const [type, , klass, name, ...properties] = controllerArgument(argument)
  if (type === undefined || klass === undefined || name === undefined)
    throw devFailed(
      'API_WrongNumberOfArgs',
      'CreateController takes type, library, class, name, then properties and values',
    )
  refuseTaken(pool, name)
  const driver = driverNamed(pool.controllerClasses, klass)
  const id = pool.elements.nextId()
  const device = await pool.hostProxy().command('createController', [type, driver, name, String(id), ...properties])
  const element: Element = {
    id,
    name,
    device: device.toLowerCase(),
    fullName: `tango://${pool.tango.tangoHost ?? ''}/${device.toLowerCase()}`,
    type: 'Controller',
    klass: driver,
    mainType: type,
  }
  pool.elements.add(element)
  await saveControllers(pool)
  pool.announce('new', [element])
}

/** `CreateElement`: `[type, controller, axis, name]` or JSON `{ type, ctrl_name, axis, name }`, also a list of them. */
export async function createElement(pool: Pool, argument: readonly string[]): Promise<void> {
  for (const { type, controllerName, axis, name } of elementArguments(argument)) {
    refuseTaken(pool, name)
    const controller = pool.elements.get(controllerName)
    if (controller.type !== 'Controller')
      throw devFailed('API_InvalidArgs', `'${controllerName}' is a ${controller.type}, not a controller`)
    if (type !== 'Motor' && type !== 'CTExpChannel')
      throw devFailed(
        'API_InvalidArgs',
        `elements of type '${type}' are not supported; there are Motor and CTExpChannel`,
      )
    if (type !== controller.mainType)
      throw devFailed(
        'API_InvalidArgs',
        `'${controllerName}' is a controller of ${controller.mainType}; it cannot have a ${type}`,
      )
    if (!Number.isInteger(axis) || axis < 1)
      throw devFailed('API_InvalidArgs', `CreateElement: the axis of '${name}' must be a whole number from 1 on`)
    const id = pool.elements.nextId()
    const host = await pool.hostOf(controller)
    const device = await host.command('createElement', [controller.device, String(axis), name, String(id)])
    const element: Element = {
      id,
      name,
      device: device.toLowerCase(),
      fullName: `tango://${pool.tango.tangoHost ?? ''}/${device.toLowerCase()}`,
      type,
      controller: controller.device,
      axis,
    }
    pool.elements.add(element)
    pool.announce('new', [element])
  }
}

/** `DeleteElement`: refuses what others depend on, naming them. */
export async function deleteElement(pool: Pool, name: string): Promise<void> {
  const element = pool.elements.get(name)
  refuseInstrument(element)
  const users = pool.elements
    .all()
    .filter((e) => e.controller === element.device || e.elements?.includes(element.name))
    .map((e) => e.name)
  if (users.length > 0)
    throw devFailed('Element_InUse', `'${element.name}' is used by ${users.join(', ')}; delete those first`)
  if (element.type === 'MotorGroup' || element.type === 'MeasurementGroup')
    await pool.server.removeDevice(element.device)
  else await (await pool.hostOf(element)).command('deleteElement', element.device)
  pool.elements.remove(element)
  if (element.type === 'Controller') await saveControllers(pool)
  pool.announce('del', [element])
}

/** `RenameElement`: `[old, new]` changes the alias. */
export async function renameElement(pool: Pool, argument: readonly string[]): Promise<void> {
  const [from, to] = argument
  if (from === undefined || to === undefined)
    throw devFailed('API_WrongNumberOfArgs', 'RenameElement takes the old and the new name')
  const element = pool.elements.get(from)
  refuseInstrument(element)
  refuseTaken(pool, to)
  await pool.tango.database().putDeviceAlias(element.device, to)
  const users = pool.elements.all().filter((e) => e.elements?.includes(element.name))
  const changed: readonly Element[] = [
    { ...element, name: to },
    ...users.map((e) => ({ ...e, elements: e.elements?.map((m) => (m === element.name ? to : m)) ?? [] })),
  ]
  for (const old of [element, ...users]) pool.elements.remove(old)
  for (const now of changed) pool.elements.add(now)
  pool.announce('change', changed)
}

function refuseInstrument({ type, name }: Element): void {
  if (type !== 'Instrument') return
  throw devFailed('API_NotSupportedFeature', `'${name}' is an instrument; change it in the beamline file`)
}

async function saveControllers(pool: Pool): Promise<void> {
  const devices = pool.elements.ofType('Controller').map((c) => c.device)
  await pool.tango.database().putDeviceProperty(pool.name, { Controllers: devices })
}

function refuseTaken(pool: Pool, name: string): void {
  const taken = pool.elements.find(name)
  if (taken !== undefined)
    throw devFailed('Element_InUse', `the name '${name}' is taken by a ${taken.type}; choose another`)
  if (!/^[\w.-]+$/.test(name))
    throw devFailed('API_InvalidArgs', `'${name}' is no name for an element: letters, digits, '_', '-' and '.' only`)
}

function groupArgument(argument: readonly string[]): readonly string[] {
  const [first] = argument
  if (argument.length !== 1 || first === undefined || !first.trim().startsWith('{')) return argument
  const { name, elements } = objectOf(jsonArgument(first))
  return [String(name ?? ''), ...(Array.isArray(elements) ? elements.map(String) : [])]
}

function controllerArgument(argument: readonly string[]): readonly string[] {
  const [first] = argument
  if (argument.length !== 1 || first === undefined || !first.trim().startsWith('{')) return argument
  const { type, library = '', klass, name, properties } = objectOf(jsonArgument(first))
  if (type === undefined || klass === undefined || name === undefined)
    throw devFailed('API_InvalidArgs', `CreateController: the object needs type, klass and name; it is ${first}`)
  return [type, library, klass, name, ...Object.entries(objectOf(properties ?? {})).flat()].map(String)
}

function elementArguments(argument: readonly string[]) {
  const [first] = argument
  if (argument.length === 1 && first !== undefined && /^\s*[[{]/.test(first)) {
    const value = jsonArgument(first)
    return (Array.isArray(value) ? value : [value]).map(objectOf).map((v) => ({
      type: String(v.type),
      controllerName: String(v.ctrl_name),
      axis: Number(v.axis),
      name: String(v.name),
    }))
  }
  const [type, controllerName, axis, name] = argument
  if (type === undefined || controllerName === undefined || axis === undefined || name === undefined)
    throw devFailed('API_WrongNumberOfArgs', 'CreateElement takes type, controller, axis and name')
  return [{ type, controllerName, axis: Number(axis), name }]
}

/** Argument of `GetControllerClassInfo`: one name, or a JSON list of names. */
export function classNames(argument: string): readonly string[] {
  if (!argument.trim().startsWith('[')) return [argument]
  const names = jsonArgument(argument)
  return Array.isArray(names) ? names.map(String) : []
}

function jsonArgument(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw devFailed('API_InvalidArgs', `the argument begins like JSON and is none: ${why}; it is ${text}`)
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw devFailed('API_InvalidArgs', `${JSON.stringify(value)} must be a JSON object`)
}
