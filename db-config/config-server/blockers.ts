// What stands against a change of running devices: doors whose macros use them, and devices that are moving.

import type { TangoProcess } from '#tango'
import type { Step } from '../config/plan.ts'
import type { Store } from '../store/store.ts'

/** Something that runs and would be disturbed. */
export interface Blocker {
  /** The door, or the busy device. */
  readonly device: string
  /** Who uses what, for people. */
  readonly text: string
}

/** Time-out of each question, ms. */
const ASK_MS = 3_000

const ELEMENTS: readonly string[] = ['Controller', 'Motor', 'CTExpChannel', 'MotorGroup', 'MeasurementGroup']
const BUSY_DOOR: readonly string[] = ['RUNNING', 'STANDBY']
const BUSY_DEVICE: readonly string[] = ['MOVING', 'RUNNING']

/** Looks who would be disturbed by the steps. The store must hold the present state. */
export async function blockersOf(
  tango: TangoProcess,
  store: Store,
  steps: readonly Step[],
): Promise<readonly Blocker[]> {
  const touched = touchedBy(store, steps)
  if (touched.size === 0) return []
  const doors = store.devices.list({ class: 'Door', exported: true })
  const others = [...touched].flatMap((name) => store.devices.get(name) ?? []).filter(({ exported }) => exported)
  const found = await Promise.all([
    ...doors.map(({ name }) => doorBlocks(tango, store, name, touched)),
    ...others.filter((row) => row.class !== 'Door').map(({ name, alias }) => deviceBlocks(tango, name, alias)),
  ])
  return found.flatMap((blocker) => blocker ?? [])
}

/** Devices that are disturbed: those of the steps, and what hangs on them. */
function touchedBy(store: Store, steps: readonly Step[]): ReadonlySet<string> {
  const touched = new Set<string>()
  for (const { action, device, class: deviceClass, server } of steps) {
    if (action === 'reload' || action === 'create') continue
    touched.add(device)
    if (deviceClass === 'Controller') for (const axis of axesOf(store, device)) touched.add(axis)
    // a pool that is initialised again ends the motions and acquisitions of all its elements
    if (deviceClass === 'Pool')
      for (const element of ELEMENTS)
        for (const row of store.devices.list({ class: element, exported: true })) touched.add(row.name.toLowerCase())
    // a macro server that is initialised again ends the macros of its doors
    if (deviceClass === 'MacroServer')
      for (const door of store.devices.list({ server, class: 'Door' })) touched.add(door.name.toLowerCase())
  }
  return touched
}

async function doorBlocks(
  tango: TangoProcess,
  store: Store,
  door: string,
  touched: ReadonlySet<string>,
): Promise<Blocker | undefined> {
  const proxy = tango.proxy(door).withTimeout(ASK_MS)
  try {
    if (!BUSY_DOOR.includes(await proxy.state())) return undefined
    const status = await proxy.status()
    if (touched.has(door.toLowerCase())) return { device: door, text: `${door} is ${firstLine(status)}` }
    const used = usedBy(store, status)
    const disturbed = [...used].filter((name) => touched.has(name)).map((name) => aliasOf(store, name))
    if (disturbed.length === 0) return undefined
    return { device: door, text: `${door} is ${firstLine(status)} and uses ${disturbed.join(', ')}` }
  } catch {
    // a door that does not answer runs nothing that could be waited for
    return undefined
  }
}

/** Devices that a running door uses, with the members of groups and the controllers of axes. */
function usedBy(store: Store, status: string): ReadonlySet<string> {
  const [, list = ''] = /^using (.*)$/m.exec(status) ?? []
  const used = new Set<string>()
  const add = (name: string): void => {
    const row = store.devices.get(name) ?? store.devices.byAlias(name)
    if (row === undefined || used.has(row.name.toLowerCase())) return
    used.add(row.name.toLowerCase())
    for (const member of membersOf(store, row.name)) add(member)
    const [controller] = store.properties.get({ scope: 'device', owner: row.name }, 'Controller')
    if (controller !== undefined) add(controller)
  }
  for (const name of list.split(', ').filter((text) => text !== '')) add(name)
  return used
}

function membersOf(store: Store, group: string): readonly string[] {
  const ids = new Set(store.properties.get({ scope: 'device', owner: group }, 'Elements'))
  if (ids.size === 0) return []
  return store.properties.find('device', 'Id', '*').flatMap(({ owner, value }) => (ids.has(value) ? [owner] : []))
}

function axesOf(store: Store, controller: string): readonly string[] {
  return store.properties.find('device', 'Controller', controller).map(({ owner }) => owner.toLowerCase())
}

async function deviceBlocks(
  tango: TangoProcess,
  device: string,
  alias: string | undefined,
): Promise<Blocker | undefined> {
  try {
    const state = await tango.proxy(device).withTimeout(ASK_MS).state()
    return BUSY_DEVICE.includes(state) ? { device, text: `${alias ?? device} is ${state}` } : undefined
  } catch {
    return undefined // what does not answer is not disturbed
  }
}

function aliasOf(store: Store, device: string): string {
  return store.devices.get(device)?.alias ?? device
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text
}
