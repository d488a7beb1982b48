// A four-channel ALBA Em# electrometer (firmware 2.2) on TCP, polled readout; its currents come from the world.
// Commands and answers as published clients use them: docs/reference/simulators.md. Streaming is not simulated.
import { type Client, LineSplitter, type Session } from './line-server.ts'
import type { World } from './world.ts'

/** Monotonic seconds. */
export type Now = () => number

/** What is connected to the four inputs: names of world signals. */
export interface ElectrometerOptions {
  readonly channels: readonly [string, string, string, string]
}

/** Inputs of the demo. */
export const DEFAULT_CHANNELS: ElectrometerOptions['channels'] = ['diode', 'ring', 'background', 'knife']

/** Full scale of each range in nA. */
const RANGES: Readonly<Record<string, number>> = {
  '1mA': 1e6,
  '100uA': 1e5,
  '10uA': 1e4,
  '1uA': 1e3,
  '100nA': 100,
  '10nA': 10,
  '1nA': 1,
  '100pA': 0.1,
}
const FILTERS = ['3200Hz', '100Hz', '10Hz', '1Hz', '0.5Hz']
const ON_OFF = ['On', 'Off']
const TRIGGER_INPUTS = [
  ...Array.from({ length: 4 }, (_, i) => `DIO_${i + 1}`),
  ...Array.from({ length: 9 }, (_, i) => `DIFF_IO_${i + 1}`),
]
/** Time over which an instant current is taken, in seconds. */
const INSTANT_S = 0.01

/** A refusal whose text goes to the client behind `ERROR:`. */
class ElectrometerError extends Error {}

/** One integration: planned when it is triggered, read when it is over. */
interface Point {
  readonly t0S: number
  readonly t1S: number
  values: readonly number[] | undefined
}

interface Acquisition {
  readonly startS: number
  readonly total: number
  readonly points: Point[]
}

interface Channel {
  range: string
  autoRange: string
  filter: string
  inversion: string
}

/** One command: what `KEYWORD?` gives and what `KEYWORD value` does; what is missing is not allowed. */
interface Handler {
  readonly get?: (args: readonly string[]) => string
  readonly set?: (value: string) => void
}

/** The box: state shared by all clients. */
export class Electrometer {
  readonly #signals: ElectrometerOptions['channels']
  readonly #world: World
  readonly #now: Now
  readonly #handlers: ReadonlyMap<string, Handler>
  readonly #channels: readonly Channel[]
  #acquisition: Acquisition | undefined
  #mode = 'CURRENT'
  #timeMs = 100
  #lowTimeMs = 0.32
  #triggers = 1
  #triggerMode = 'SOFTWARE'
  #triggerDelayMs = 0
  #triggerInput = 'DIO_1'
  #triggerPolarity = 'RISING'
  #triggerPrecision = 'False'
  #timestamps = 'False'

  constructor(options: ElectrometerOptions, world: World, now: Now) {
    this.#signals = options.channels
    this.#world = world
    this.#now = now
    this.#channels = options.channels.map(() => ({
      range: '1mA',
      autoRange: 'Off',
      filter: '3200Hz',
      inversion: 'Off',
    }))
    this.#handlers = new Map([...this.#boxHandlers(), ...this.#channels.flatMap((_, i) => this.#channelHandlers(i))])
    world.onBeforeChange(() => this.#settle(this.#now()))
  }

  /** One client's conversation. */
  open(client: Client): Session {
    return new LineSplitter((line) => client.send(`${this.execute(line)}\r\n`))
  }

  /** Carries out one line and gives the text of the answer, without line end. */
  execute(line: string): string {
    const [head, ...words] = line.split(/[\s,]+/)
    const query = head?.endsWith('?') ?? false
    const handler = this.#handlers.get(shortForm(head ?? ''))
    try {
      if (handler === undefined) throw new ElectrometerError(`Unknown command ${line}`)
      if (query) {
        if (handler.get === undefined) throw new ElectrometerError(`${head} cannot be queried`)
        return handler.get(words)
      }
      if (handler.set === undefined) throw new ElectrometerError(`${head} can only be queried`)
      handler.set(words.join(' '))
      return 'ACK'
    } catch (error) {
      if (error instanceof ElectrometerError) return `ERROR: ${error.message}`
      throw error
    }
  }

  #boxHandlers(): [string, Handler][] {
    return [
      ['*IDN', { get: () => 'ALBASYNCHROTRON,Electrometer2,000000000,2.2.02' }],
      [
        'ACQU:MODE',
        {
          get: () => this.#mode,
          set: (text) => {
            if (/^(STREAMING|FAST_BUFFER)$/i.test(text)) throw new ElectrometerError(`${text} is not simulated`)
            this.#idle()
            this.#mode = oneOf(text, ['CURRENT', 'INTEGRATION', 'CHARGE'])
          },
        },
      ],
      [
        'ACQU:TIME',
        this.#number(
          () => this.#timeMs,
          0.1,
          1e6,
          (ms) => (this.#timeMs = ms),
        ),
      ],
      [
        'ACQU:LOWT',
        this.#number(
          () => this.#lowTimeMs,
          0.32,
          1e6,
          (ms) => (this.#lowTimeMs = ms),
        ),
      ],
      [
        'ACQU:NTRI',
        this.#number(
          () => this.#triggers,
          1,
          100000,
          (n) => (this.#triggers = Math.round(n)),
        ),
      ],
      ['ACQU:STAR', { set: (text) => this.#start(text) }],
      ['ACQU:STOP', { set: () => this.#stop() }],
      ['ACQU:STAT', { get: () => this.#state() }],
      ['ACQU:STUS', { get: () => this.#status() }],
      ['ACQU:NDAT', { get: () => String(this.#settle(this.#now()).length) }],
      ['ACQU:MEAS', { get: (args) => this.#measurements(args) }],
      [
        'TRIG:MODE',
        this.#word(
          () => this.#triggerMode,
          ['SOFTWARE', 'HARDWARE', 'AUTOTRIGGER', 'GATE'],
          (mode) => (this.#triggerMode = mode),
        ),
      ],
      [
        'TRIG:DELA',
        this.#number(
          () => this.#triggerDelayMs,
          0,
          1e6,
          (ms) => (this.#triggerDelayMs = ms),
        ),
      ],
      [
        'TRIG:INPU',
        this.#word(
          () => this.#triggerInput,
          TRIGGER_INPUTS,
          (input) => (this.#triggerInput = input),
        ),
      ],
      [
        'TRIG:POLA',
        this.#word(
          () => this.#triggerPolarity,
          ['RISING', 'FALLING'],
          (side) => (this.#triggerPolarity = side),
        ),
      ],
      [
        'TRIG:PREC',
        this.#word(
          () => this.#triggerPrecision,
          ['True', 'False'],
          (on) => (this.#triggerPrecision = on),
        ),
      ],
      ['TRIG:SWSE', { set: () => this.#trigger() }],
      [
        'TMST',
        {
          get: () => this.#timestamps,
          set: (text) => {
            this.#timestamps = oneOf(text.replace(/^1$/, 'True').replace(/^0$/, 'False'), ['True', 'False'])
          },
        },
      ],
    ]
  }

  #channelHandlers(index: number): [string, Handler][] {
    const name = `CHAN0${index + 1}`
    const channel = this.#channels[index]
    if (channel === undefined) throw new Error('unreachable: handlers are made per channel')
    const buffer = () => {
      const values = this.#settle(this.#now()).map(({ values }) => values?.[index] ?? 0)
      return `[${values.map(decimal).join(', ')}]`
    }
    return [
      [`${name}:INSC`, { get: () => this.#instantCurrent(index) }],
      [`${name}:CURR`, { get: buffer }],
      [
        `${name}:CABO:RANG`,
        this.#word(
          () => channel.range,
          Object.keys(RANGES),
          (range) => (channel.range = range),
        ),
      ],
      [
        `${name}:CABO:ARNG`,
        this.#word(
          () => channel.autoRange,
          ON_OFF,
          (on) => (channel.autoRange = on),
        ),
      ],
      [
        `${name}:CABO:FILT`,
        this.#word(
          () => channel.filter,
          FILTERS,
          (filter) => (channel.filter = filter),
        ),
      ],
      [
        `${name}:CABO:INVE`,
        this.#word(
          () => channel.inversion,
          ON_OFF,
          (on) => (channel.inversion = on),
        ),
      ],
    ]
  }

  /** A number that can be changed while nothing is acquired. */
  #number(get: () => number, low: number, high: number, set: (value: number) => void): Handler {
    return {
      get: () => String(get()),
      set: (text) => {
        this.#idle()
        const value = Number(text)
        if (text === '' || !(value >= low && value <= high)) {
          throw new ElectrometerError(`"${text}" is no number from ${low} to ${high}`)
        }
        set(value)
      },
    }
  }

  /** A word of a list that can be changed while nothing is acquired. */
  #word(get: () => string, words: readonly string[], set: (value: string) => void): Handler {
    return {
      get,
      set: (text) => {
        this.#idle()
        set(oneOf(text, words))
      },
    }
  }

  #idle(): void {
    if (this.#state() !== 'STATE_ON') throw new ElectrometerError('Acquisition is running; send ACQU:STOP True first')
  }

  #start(text: string): void {
    this.#idle()
    const startS = this.#now()
    const total = this.#triggers
    this.#acquisition = { startS, total, points: [] }
    if (this.#triggerMode === 'AUTOTRIGGER') {
      const periodS = (this.#timeMs + this.#lowTimeMs) / 1000
      for (let i = 0; i < total; i++) this.#plan(this.#acquisition, startS + i * periodS)
    } else if (text.toUpperCase() === 'SWTRIG') {
      this.#plan(this.#acquisition, startS)
    }
  }

  #trigger(): void {
    const tS = this.#now()
    const state = this.#state()
    if (this.#triggerMode !== 'SOFTWARE') throw new ElectrometerError(`Trigger mode is ${this.#triggerMode}`)
    if (
      this.#acquisition === undefined ||
      state !== 'STATE_RUNNING' ||
      (this.#acquisition.points.at(-1)?.t1S ?? 0) > tS
    ) {
      throw new ElectrometerError(`Not ready for a trigger in ${state}`)
    }
    this.#plan(this.#acquisition, tS)
  }

  #plan({ points }: Acquisition, tS: number): void {
    const t0S = tS + this.#triggerDelayMs / 1000
    points.push({ t0S, t1S: t0S + this.#timeMs / 1000, values: undefined })
  }

  /** Ends the acquisition; the integration in progress is lost, finished ones stay readable. */
  #stop(): void {
    const finished = this.#settle(this.#now())
    if (this.#acquisition === undefined) return
    this.#acquisition = { ...this.#acquisition, total: finished.length, points: [...finished] }
  }

  #state(): 'STATE_ON' | 'STATE_RUNNING' | 'STATE_ACQUIRING' {
    const tS = this.#now()
    if (this.#acquisition === undefined) return 'STATE_ON'
    const { points, total } = this.#acquisition
    if (points.filter(({ t1S }) => t1S <= tS).length >= total) return 'STATE_ON'
    return points.some(({ t0S, t1S }) => t0S <= tS && tS < t1S) ? 'STATE_ACQUIRING' : 'STATE_RUNNING'
  }

  #status(): string {
    switch (this.#state()) {
      case 'STATE_ON':
        return 'The device is ready'
      case 'STATE_RUNNING':
        return `Waiting for a trigger (${this.#triggerMode})`
      case 'STATE_ACQUIRING':
        return 'Integrating'
    }
  }

  /** Reads what is finished at `tS` from the world, in order of time, and gives all finished points. */
  #settle(tS: number): readonly Point[] {
    const finished = (this.#acquisition?.points ?? []).filter(({ t1S }) => t1S <= tS)
    for (const point of finished) point.values ??= this.#signals.map((_, i) => this.#reading(i, point.t0S, point.t1S))
    return finished
  }

  #reading(index: number, t0S: number, t1S: number): number {
    const current = this.#current(index, t0S, t1S)
    return this.#mode === 'CHARGE' ? current * (t1S - t0S) : current
  }

  /** Mean current in nA, cut off at full scale unless the range follows by itself. */
  #current(index: number, t0S: number, t1S: number): number {
    const channel = this.#channels[index]
    const current = this.#world.read(this.#signals[index] ?? '', t0S, t1S)
    const fullScale = channel?.autoRange === 'On' ? Infinity : (RANGES[channel?.range ?? ''] ?? Infinity)
    const shown = Math.min(Math.max(current, -fullScale), fullScale)
    return channel?.inversion === 'On' ? -shown : shown
  }

  #instantCurrent(index: number): string {
    const tS = this.#now()
    return decimal(this.#current(index, tS - INSTANT_S, tS))
  }

  #measurements([firstText, countText]: readonly string[]): string {
    const finished = this.#settle(this.#now())
    const first = firstText === undefined ? 0 : wholeNumber(firstText)
    const count = countText === undefined ? finished.length : wholeNumber(countText)
    const points = finished.slice(first, first + count)
    const startS = this.#acquisition?.startS ?? 0
    const rows = this.#signals.map((_, i) => {
      const values = points.map(({ t1S, values }) => {
        const value = decimal(values?.[i] ?? 0)
        return this.#timestamps === 'True' ? `[${decimal(t1S - startS)}, ${value}]` : value
      })
      return `['CHAN0${i + 1}', [${values.join(', ')}]]`
    })
    return `[${rows.join(', ')}]`
  }
}

/** Each part of a keyword counts with its first four letters: ACQU:START? is ACQU:STAR; the question mark goes. */
function shortForm(head: string): string {
  return head
    .replace(/\?$/, '')
    .toUpperCase()
    .split(':')
    .map((part) => (part.startsWith('CHAN') ? part : part.slice(0, 4)))
    .join(':')
}

function oneOf(text: string, words: readonly string[]): string {
  const found = words.find((word) => word.toUpperCase() === text.toUpperCase())
  if (found === undefined) throw new ElectrometerError(`"${text}" is none of ${words.join(' ')}`)
  return found
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) throw new ElectrometerError(`"${text}" is no index`)
  return value
}

function decimal(value: number): string {
  return String(Number(value.toPrecision(10)))
}
