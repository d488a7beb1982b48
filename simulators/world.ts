// The world between the simulated boxes: beam, ring current and what each detector sees of them.
// Functions of axis positions and time, plus seeded counting noise. Lengths in user units (mm), currents in nA, times in s.
import { poisson, type Random, seededRandom } from './random.ts'
import { gaussian, knifeEdge, ringCurrent } from './responses.ts'

/** Which simulated axis moves something in the world under a name. */
export interface WorldAxis {
  readonly box: string
  readonly axis: number
  readonly stepsPerUnit: number
}

/** What one detector channel shows; `quanta` are counted quanta per unit and second, the measure of its noise. */
export type Signal =
  /** A diode behind a slit or pinhole: `peak` where the axis brings it into the beam. Follows the ring current. */
  | { kind: 'gaussian'; axis: string; centre: number; sigma: number; peak: number; background: number; quanta: number }
  /** A blade in the beam: dark below `edge`, `peak` above. Follows the ring current. */
  | { kind: 'knife'; axis: string; edge: number; sigma: number; peak: number; background: number; quanta: number }
  /** The ring current monitor: `scale` per mA. */
  | { kind: 'ring'; scale: number; quanta: number }
  /** The same level always: dark current, scattered light. */
  | { kind: 'constant'; level: number; quanta: number }

/** The whole state of the world; plain data, changed with `World.set`. */
export interface WorldConfig {
  /** Start of the noise sequence. */
  seed: number
  /** Off gives exact expectation values. */
  noise: boolean
  /** Ring current in mA; signals are stated for `nominal`. */
  ring: { full: number; nominal: number; lifetimeS: number; topUpS: number }
  axes: Record<string, WorldAxis>
  signals: Record<string, Signal>
}

/** Position of a named world axis in user units at a time of the simulators' clock. */
export type PositionOf = (axis: string, tS: number) => number

/** The demo: four axes on one IcePAP, a beam at mot01 = 0.5 mm, a blade on mot02. */
export function demoWorld(): WorldConfig {
  const axis = (number: number): WorldAxis => ({ box: 'icepap', axis: number, stepsPerUnit: 1000 })
  return {
    seed: 1,
    noise: true,
    ring: { full: 200, nominal: 200, lifetimeS: 36000, topUpS: 600 },
    axes: { mot01: axis(1), mot02: axis(2), mot03: axis(3), mot04: axis(4) },
    signals: {
      diode: { kind: 'gaussian', axis: 'mot01', centre: 0.5, sigma: 0.12, peak: 1e5, background: 20, quanta: 100 },
      ring: { kind: 'ring', scale: 1, quanta: 1e7 },
      background: { kind: 'constant', level: 20, quanta: 1000 },
      knife: { kind: 'knife', axis: 'mot02', edge: 0, sigma: 0.12, peak: 1e5, background: 20, quanta: 100 },
    },
  }
}

/** Answers what a detector sees at given times. */
export class World {
  readonly config: WorldConfig
  readonly #positionOf: PositionOf
  readonly #beforeChange: (() => void)[] = []
  #random: Random

  constructor(config: WorldConfig, positionOf: PositionOf) {
    this.config = config
    this.#positionOf = positionOf
    this.#random = seededRandom(config.seed)
  }

  /** Expected value of a signal at one moment, without noise. */
  expectation(signal: Signal, tS: number): number {
    const { full, nominal, lifetimeS, topUpS } = this.config.ring
    const milliampere = ringCurrent(tS, full, lifetimeS, topUpS)
    switch (signal.kind) {
      case 'gaussian': {
        const part = gaussian(this.position(signal.axis, tS), signal.centre, signal.sigma)
        return (milliampere / nominal) * signal.peak * part + signal.background
      }
      case 'knife': {
        const part = knifeEdge(this.position(signal.axis, tS), signal.edge, signal.sigma)
        return (milliampere / nominal) * signal.peak * part + signal.background
      }
      case 'ring':
        return milliampere * signal.scale
      case 'constant':
        return signal.level
    }
  }

  /** One reading: the mean over [t0S, t1S] with axes moving as they did, with counting noise when it is on. */
  read(name: string, t0S: number, t1S: number): number {
    const signal = this.config.signals[name]
    if (signal === undefined) throw new Error(`world: no signal "${name}"; known: ${this.#names(this.config.signals)}`)
    const mean = this.#mean(signal, t0S, t1S)
    const quanta = signal.quanta * (t1S - t0S)
    if (!this.config.noise || !(quanta > 0)) return mean
    return poisson(this.#random, mean * quanta) / quanta
  }

  /** Position of a world axis in user units. */
  position(axis: string, tS: number): number {
    return this.#positionOf(axis, tS)
  }

  /** Calls back before each change, so that a box can finish readings that belong to the time before it. */
  onBeforeChange(settle: () => void): void {
    this.#beforeChange.push(settle)
  }

  /**
   * Reads one value by its dotted path: `signals.diode.centre`, `ring.full`, `noise`.
   * @throws Error naming the path when there is no such value
   */
  get(path: string): number | boolean | string {
    const { holder, key } = this.#leaf(path)
    const value = holder[key]
    if (typeof value !== 'number' && typeof value !== 'boolean' && typeof value !== 'string')
      throw new Error(`world: "${path}" is no single value; it holds ${this.#names(value)}`)
    return value
  }

  /**
   * Changes one existing value; the new text must have the type of the old value. Setting `seed` restarts the noise.
   * @throws Error naming path and text when the value does not exist or the text does not fit
   */
  set(path: string, text: string): void {
    const old = this.get(path)
    const value = parseLike(old, text)
    if (value === undefined) throw new Error(`world: "${path}" is ${String(old)}, a ${typeof old}; "${text}" is not`)
    for (const settle of this.#beforeChange) settle()
    const { holder, key } = this.#leaf(path)
    holder[key] = value
    if (path === 'seed') this.#random = seededRandom(this.config.seed)
  }

  #mean(signal: Signal, t0S: number, t1S: number): number {
    // Midpoint rule, one sample per millisecond within bounds: the beam profile is smooth on that scale.
    const samples = Math.min(Math.max(Math.ceil((t1S - t0S) * 1000), 16), 500)
    let sum = 0
    for (let i = 0; i < samples; i++) sum += this.expectation(signal, t0S + ((i + 0.5) / samples) * (t1S - t0S))
    return sum / samples
  }

  #leaf(path: string): { holder: Record<string, unknown>; key: string } {
    const keys = path.split('.')
    let holder: unknown = this.config
    for (const key of keys.slice(0, -1))
      holder = isRecord(holder) && Object.hasOwn(holder, key) ? holder[key] : undefined
    const key = keys.at(-1) ?? ''
    if (!isRecord(holder) || !Object.hasOwn(holder, key))
      throw new Error(`world: no value "${path}"; start with one of ${this.#names(this.config)}`)
    return { holder, key }
  }

  #names(value: unknown): string {
    return isRecord(value) ? Object.keys(value).join(', ') : String(value)
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function parseLike(old: number | boolean | string, text: string): number | boolean | string | undefined {
  if (typeof old === 'string') return text
  if (typeof old === 'boolean') return text === 'true' ? true : text === 'false' ? false : undefined
  const value = Number(text)
  return text.trim() !== '' && Number.isFinite(value) ? value : undefined
}
