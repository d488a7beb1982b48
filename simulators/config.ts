// What to simulate: the JSON given to the simulators, checked. Every message names the place of the mistake.

import { DEFAULT_CHANNELS, type ElectrometerOptions } from './electrometer.ts'
import { type IcepapOptions, isBoardAddress } from './icepap.ts'
import { DEFAULT_AXIS, type IcepapAxisOptions } from './icepap-axis.ts'
import { demoWorld, type Signal, type WorldAxis, type WorldConfig } from './world.ts'

/** One simulated box and where it listens; port 0 takes a free one. */
export type BoxConfig = { readonly name: string; readonly host: string; readonly port: number } & (
  | { readonly kind: 'icepap'; readonly options: IcepapOptions }
  | { readonly kind: 'electrometer'; readonly options: ElectrometerOptions }
)

/** Everything that one simulator process runs. */
export interface SimulationConfig {
  readonly boxes: readonly BoxConfig[]
  readonly world: WorldConfig
  /** Where the fault line listens. */
  readonly control: { readonly host: string; readonly port: number }
}

const DEMO_BOXES = [
  { name: 'icepap', kind: 'icepap' },
  { name: 'electrometer', kind: 'electrometer' },
]
const DEMO_AXES = ['1', '2', '3', '4']

/**
 * Checks a parsed JSON value and fills in what is left out; `{}` is the demo.
 * @throws Error naming the place, what stands there and what may stand there
 */
export function readConfig(json: unknown): SimulationConfig {
  const top = fields(json, 'config', ['boxes', 'world', 'control'])
  const boxes = list(top.boxes ?? DEMO_BOXES, 'boxes').map((box, i) => readBox(box, `boxes[${i}]`))
  const names = boxes.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw new Error(`boxes: the name "${twice}" is there twice; names must differ`)
  const control = fields(top.control ?? {}, 'control', ['host', 'port'])
  return {
    boxes,
    world: readWorld(top.world ?? {}, boxes),
    control: {
      host: text(control.host ?? '127.0.0.1', 'control.host'),
      port: readPort(control.port, 'control.port'),
    },
  }
}

function readBox(json: unknown, place: string): BoxConfig {
  const box = fields(json, place, ['name', 'kind', 'host', 'port', 'options'])
  const where = {
    name: text(box.name, `${place}.name`),
    host: text(box.host ?? '127.0.0.1', `${place}.host`),
    port: readPort(box.port, `${place}.port`),
  }
  if (/\s/.test(where.name) || where.name === '') throw new Error(`${place}.name: "${where.name}" must be one word`)
  const options = `${place}.options`
  switch (box.kind) {
    case 'icepap':
      return { ...where, kind: 'icepap', options: readRack(box.options ?? {}, options) }
    case 'electrometer':
      return { ...where, kind: 'electrometer', options: readElectrometer(box.options ?? {}, options) }
    default:
      throw new Error(`${place}.kind: ${show(box.kind)} is no box; take "icepap" or "electrometer"`)
  }
}

function readRack(json: unknown, place: string): IcepapOptions {
  const { axes } = fields(json, place, ['axes'])
  if (axes === undefined)
    return { axes: Object.fromEntries(DEMO_AXES.map((number) => [number, { name: `mot0${number}` }])) }
  // a list of numbers stands for axes with the default settings
  const byNumber = Array.isArray(axes)
    ? Object.fromEntries(axes.map((number) => [String(number), { name: `mot0${String(number)}` }]))
    : record(axes, `${place}.axes`)
  const numbered = Object.entries(byNumber).map(([number, options]) => {
    const axisPlace = `${place}.axes.${number}`
    if (!isBoardAddress(Number(number)))
      throw new Error(`${axisPlace}: no such axis; take 10 x rack + slot, slot 1 to 8`)
    return [number, likeTemplate<IcepapAxisOptions>(options, DEFAULT_AXIS, axisPlace)]
  })
  return { axes: Object.fromEntries(numbered) }
}

function readElectrometer(json: unknown, place: string): ElectrometerOptions {
  const channels = fields(json, place, ['channels']).channels ?? DEFAULT_CHANNELS
  const [a, b, c, d, ...more] = list(channels, `${place}.channels`).map((name, i) =>
    text(name, `${place}.channels[${i}]`),
  )
  if (a === undefined || b === undefined || c === undefined || d === undefined || more.length > 0) {
    throw new Error(`${place}.channels: the box has four inputs; name four signals of the world`)
  }
  return { channels: [a, b, c, d] }
}

function readWorld(json: unknown, boxes: readonly BoxConfig[]): WorldConfig {
  const world = demoWorld()
  const given = fields(json, 'world', Object.keys(world))
  const racks = boxes.flatMap((box) => (box.kind === 'icepap' ? [box] : []))
  const { seed, noise, ring } = likeTemplate(
    { seed: given.seed ?? world.seed, noise: given.noise ?? world.noise, ring: given.ring ?? {} },
    { seed: world.seed, noise: world.noise, ring: world.ring },
    'world',
  )
  const axes =
    given.axes === undefined
      ? mapValues(world.axes, (axis) => ({ ...axis, box: racks[0]?.name ?? axis.box }))
      : mapValues(record(given.axes, 'world.axes'), (axis, name) => readAxis(axis, `world.axes.${name}`, racks))
  const signals: Record<string, Signal> = { ...world.signals }
  for (const [name, signal] of Object.entries(record(given.signals ?? {}, 'world.signals'))) {
    signals[name] = readSignal(signal, signals[name], `world.signals.${name}`)
  }
  for (const [name, signal] of Object.entries(signals)) {
    if ('axis' in signal && !(signal.axis in axes)) {
      throw new Error(
        `world.signals.${name}.axis: no world axis "${signal.axis}"; known: ${Object.keys(axes).join(', ')}`,
      )
    }
  }
  for (const box of boxes) {
    if (box.kind !== 'electrometer') continue
    const unknown = box.options.channels.find((name) => !(name in signals))
    if (unknown === undefined) continue
    throw new Error(`box ${box.name}: no world signal "${unknown}"; known: ${Object.keys(signals).join(', ')}`)
  }
  return { seed, noise, ring, axes, signals }
}

function readAxis(json: unknown, place: string, racks: readonly BoxConfig[]): WorldAxis {
  const template: WorldAxis = { box: racks[0]?.name ?? 'icepap', axis: 1, stepsPerUnit: 1000 }
  const axis = { ...template, ...likeTemplate<WorldAxis>(json, template, place) }
  const rack = racks.find(({ name }) => name === axis.box)
  if (rack?.kind !== 'icepap' || !(axis.axis in rack.options.axes)) {
    throw new Error(`${place}: there is no icepap box "${axis.box}" with axis ${axis.axis}`)
  }
  if (axis.stepsPerUnit === 0) throw new Error(`${place}.stepsPerUnit: must not be 0`)
  return axis
}

/** Fields of each kind of signal with the values taken when nothing is said. */
const SIGNALS = {
  gaussian: { kind: 'gaussian', axis: 'mot01', centre: 0, sigma: 0.1, peak: 1e5, background: 0, quanta: 100 },
  knife: { kind: 'knife', axis: 'mot01', edge: 0, sigma: 0.1, peak: 1e5, background: 0, quanta: 100 },
  ring: { kind: 'ring', scale: 1, quanta: 1e7 },
  constant: { kind: 'constant', level: 0, quanta: 1000 },
} as const satisfies Record<Signal['kind'], Signal>

function readSignal(json: unknown, known: Signal | undefined, place: string): Signal {
  const kind = record(json, place).kind ?? known?.kind
  const template = Object.values<Signal>(SIGNALS).find((signal) => signal.kind === kind)
  if (template === undefined) {
    throw new Error(`${place}.kind: ${show(kind)} is no signal; take one of ${Object.keys(SIGNALS).join(', ')}`)
  }
  const start = known !== undefined && known.kind === kind ? known : template
  return Object.assign({ ...start }, likeTemplate<Signal>(json, start, place))
}

/** The given fields, each checked to exist in the template and to have the type it has there. */
function likeTemplate<T extends object>(json: unknown, template: T, place: string): T {
  const given = fields(json, place, Object.keys(template))
  const filled: T = { ...template }
  for (const [key, value] of Object.entries(given)) {
    const model: unknown = Reflect.get(template, key)
    if (typeof model === 'object' && model !== null) {
      Reflect.set(filled, key, likeTemplate(value, model, `${place}.${key}`))
      continue
    }
    const bad = typeof value !== typeof model || (typeof value === 'number' && !Number.isFinite(value))
    if (bad) throw new Error(`${place}.${key}: ${show(value)} should be a ${typeof model}, for example ${show(model)}`)
    Reflect.set(filled, key, value)
  }
  return filled
}

function readPort(json: unknown, place: string): number {
  const port = json ?? 0
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65535) return port
  throw new Error(`${place}: ${show(port)} is no port; take 0 for any free one, or 1 to 65535`)
}

function fields(json: unknown, place: string, names: readonly string[]): Record<string, unknown> {
  const found = record(json, place)
  const unknown = Object.keys(found).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new Error(`${place}: unknown field "${unknown}"; known: ${names.join(', ')}`)
  return found
}

function record(json: unknown, place: string): Record<string, unknown> {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json }
  throw new Error(`${place}: ${show(json)} should be an object with named fields`)
}

function list(json: unknown, place: string): readonly unknown[] {
  if (Array.isArray(json)) return json
  throw new Error(`${place}: ${show(json)} should be a list`)
}

function text(json: unknown, place: string): string {
  if (typeof json === 'string') return json
  throw new Error(`${place}: ${show(json)} should be a text`)
}

function show(json: unknown): string {
  return json === undefined ? 'nothing' : JSON.stringify(json)
}

function mapValues<A, B>(all: Record<string, A>, change: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, change(value, name)]))
}
