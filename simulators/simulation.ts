// All simulated boxes of one process, the world between them, and the fault line to disturb them.
import type { SimulationConfig } from './config.ts'
import { Electrometer } from './electrometer.ts'
import { IcepapRack, type Now } from './icepap.ts'
import { type Client, type Endpoint, type Fault, LineServer, LineSplitter, type Session } from './line-server.ts'
import { World } from './world.ts'

/** A running simulation. */
export class Simulation {
  readonly world: World
  readonly #boxes = new Map<string, LineServer>()
  readonly #racks = new Map<string, IcepapRack>()
  readonly #now: Now
  #control: LineServer | undefined

  private constructor(config: SimulationConfig, now: Now) {
    this.#now = now
    this.world = new World(config.world, (axis, tS) => this.#position(axis, tS))
  }

  /**
   * Starts all boxes and the fault line.
   * @param now monotonic seconds
   * @throws Error naming box, host and port when one cannot listen; nothing is left running then
   */
  static async start(config: SimulationConfig, now: Now = monotonicSeconds): Promise<Simulation> {
    const simulation = new Simulation(config, now)
    try {
      await simulation.#listen(config)
    } catch (error) {
      await simulation.close()
      throw error
    }
    return simulation
  }

  /** Where each box listens. */
  get boxes(): Record<string, Endpoint> {
    return Object.fromEntries([...this.#boxes].map(([name, server]) => [name, server.endpoint]))
  }

  /** Where the fault line listens. */
  get control(): Endpoint {
    if (this.#control === undefined) throw new Error('unreachable: a started simulation has a fault line')
    return this.#control.endpoint
  }

  /** Applies a fault to one box. @throws Error naming the box when there is none of that name */
  async setFault(box: string, fault: Fault): Promise<void> {
    const server = this.#boxes.get(box)
    if (server === undefined) throw new Error(`no box "${box}"; known: ${[...this.#boxes.keys()].join(', ')}`)
    await server.setFault(fault)
  }

  /** Stops everything; safe to call twice. */
  async close(): Promise<void> {
    await Promise.all([...this.#boxes.values(), this.#control].map((server) => server?.close()))
  }

  async #listen(config: SimulationConfig): Promise<void> {
    for (const box of config.boxes) {
      const open = this.#makeBox(box)
      try {
        this.#boxes.set(box.name, await LineServer.listen({ host: box.host, port: box.port, open }))
      } catch (cause) {
        throw new Error(`box ${box.name}: ${messageOf(cause)}`, { cause })
      }
    }
    this.#control = await LineServer.listen({ ...config.control, open: (client) => this.#controlSession(client) })
  }

  #makeBox(box: SimulationConfig['boxes'][number]): (client: Client) => Session {
    switch (box.kind) {
      case 'icepap': {
        const rack = new IcepapRack(box.options, this.#now)
        this.#racks.set(box.name, rack)
        return (client) => rack.open(client)
      }
      case 'electrometer': {
        const electrometer = new Electrometer(box.options, this.world, this.#now)
        return (client) => electrometer.open(client)
      }
    }
  }

  /** Where a world axis really is; an axis without a rack stays at 0. */
  #position(name: string, tS: number): number {
    const axis = this.world.config.axes[name]
    if (axis === undefined) return 0
    return (this.#racks.get(axis.box)?.physicalAt(axis.axis, tS) ?? 0) / axis.stepsPerUnit
  }

  #controlSession(client: Client): Session {
    // One command after the other, so that answers come in order of the commands.
    let queue = Promise.resolve()
    return new LineSplitter((line) => {
      queue = queue
        .then(() => this.#command(line))
        .then(
          (answer) => client.send(`OK${answer === '' ? '' : ` ${answer}`}\n`),
          (error) => client.send(`ERROR ${messageOf(error)}\n`),
        )
    })
  }

  async #command(line: string): Promise<string> {
    const [verb, ...words] = line.split(/\s+/)
    const [first, second, third] = words
    if (verb === 'boxes') return JSON.stringify(this.boxes)
    if (verb === 'fault' && first !== undefined) {
      await this.setFault(first, parseFault(words.slice(1)))
      return ''
    }
    if (verb === 'position' && first !== undefined) {
      if (!Object.hasOwn(this.world.config.axes, first)) throw new Error(`no world axis "${first}"`)
      return String(this.world.position(first, this.#now()))
    }
    if (verb === 'world' && first === 'get' && second !== undefined) return String(this.world.get(second))
    if (verb === 'world' && first === 'set' && second !== undefined && third !== undefined) {
      this.world.set(second, words.slice(2).join(' '))
      return String(this.world.get(second))
    }
    throw new Error(
      `"${line}" is no command; take: boxes | fault BOX unplug|plug|delay MS|garbage N|mute | ` +
        'world get KEY | world set KEY VALUE | position AXIS',
    )
  }
}

/** Seconds since the process started. */
function monotonicSeconds(): number {
  return performance.now() / 1000
}

function parseFault([kind, value]: readonly string[]): Fault {
  const amount = () => {
    const parsed = Number(value)
    if (value === undefined || !Number.isInteger(parsed) || parsed < 0) {
      throw new Error(`fault ${kind}: "${value ?? ''}" should be a whole number, 0 or more`)
    }
    return parsed
  }
  switch (kind) {
    case 'unplug':
    case 'plug':
    case 'mute':
      return { kind }
    case 'delay':
      return { kind, ms: amount() }
    case 'garbage':
      return { kind, count: amount() }
    default:
      throw new Error(`"${kind ?? ''}" is no fault; take unplug, plug, delay MS, garbage N or mute`)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
