// Calls, events and reconnections between a client and a server while the network between them fails in all ways that the
// fault proxy knows, and the server is killed and started again.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { DevFailed, type DeviceProxy, type Subscription, silentLogger, TangoProcess } from '#tango'
import { Random } from '../fuzz/random.ts'
import { FAULTS, FaultProxy } from '../support/fault-proxy.ts'
import { eventually, within } from '../support/waiting.ts'
import { EventLedger } from './event-ledger.ts'
import { FastClock } from './fast-clock.ts'
import { COUNTERS, counterName, LIFE, SOAK_DEVICE } from './soak-device.ts'
import type { SoakMessage } from './soak-server.ts'

/** Options of {@link soak}. */
export interface SoakOptions {
  readonly seconds: number
  readonly seed: number
  /** Gets a line now and then. */
  readonly report?: (line: string) => void
}

/** What came of it; good when `problems` is empty. */
export interface SoakResult {
  readonly problems: readonly string[]
  readonly calls: number
  readonly failedCalls: number
  readonly events: number
  readonly reportedGaps: number
  readonly reasons: Readonly<Record<string, number>>
  readonly faults: number
  readonly lives: number
  readonly subscriptions: number
  /** Octets on the heap after garbage collection, at the beginning and at the end. */
  readonly heap: readonly [number, number]
}

/** How much faster heartbeats and retries go. */
const FACTOR = 10
const CALL_TIMEOUT_MS = 1000
/** Longest time of a call: time-out, a look-up before it, and one repetition. */
const CALL_LIMIT_MS = 20_000
const RECOVERY_MS = 30_000
const HEAP_GROWTH = 8 * 1024 * 1024

/** Runs the soak. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const run = await Soak.start(options)
  try {
    return await run.run()
  } finally {
    await run.close()
  }
}

class Soak {
  readonly #options: SoakOptions
  readonly #random: Random
  readonly #proxy: FaultProxy
  readonly #tango: TangoProcess
  readonly #device: DeviceProxy
  readonly #ledgers = Array.from({ length: COUNTERS }, (_, i) => new EventLedger(counterName(i)))
  readonly #problems: string[] = []
  readonly #counts = { calls: 0, failed: 0, subscriptions: 0, lives: 1 }
  #server: ChildProcess
  #ended = false

  private constructor(options: SoakOptions, server: ChildProcess, proxy: FaultProxy, tango: TangoProcess) {
    this.#options = options
    this.#random = new Random(options.seed)
    this.#server = server
    this.#proxy = proxy
    this.#tango = tango
    this.#device = tango.proxy(`tango://127.0.0.1:${proxy.port}/${SOAK_DEVICE}#dbase=no`)
    this.#device.timeoutMs = CALL_TIMEOUT_MS
  }

  static async start(options: SoakOptions): Promise<Soak> {
    const { child, port } = await startServer(0, 0)
    const proxy = await FaultProxy.start(port)
    const tango = await TangoProcess.create({ listen: false, log: silentLogger(), clock: new FastClock(FACTOR) })
    const made = new Soak(options, child, proxy, tango)
    made.#port = port
    return made
  }

  #port = 0

  async run(): Promise<SoakResult> {
    const onStray = (error: unknown): void => {
      this.#problems.push(`a promise failed unseen: ${error instanceof Error ? error.stack : String(error)}`)
    }
    process.on('unhandledRejection', onStray)
    const subscriptions = await Promise.all(this.#ledgers.map((ledger, i) => this.#subscribe(i, ledger)))
    await this.#calm()
    const before = await this.#state()
    const work = [this.#call(), this.#call(), this.#comeAndGo(), this.#comeAndGo()]
    await this.#trouble()
    this.#ended = true
    await within('calls and subscriptions to end', Promise.all(work), CALL_LIMIT_MS * 2)
    await this.#calm()
    const after = await this.#state()
    this.#compare(before, after)
    await Promise.all(subscriptions.map((subscription) => subscription.close()))
    process.off('unhandledRejection', onStray)
    return this.#result(before.heap, after.heap)
  }

  async close(): Promise<void> {
    this.#ended = true
    await this.#tango.close()
    await this.#proxy[Symbol.asyncDispose]()
    await stopServer(this.#server, 'SIGKILL')
  }

  #subscribe(index: number, ledger: EventLedger): Promise<Subscription> {
    return this.#device.subscribe(counterName(index), 'change', (event) => ledger.note(event), { stateless: true })
  }

  /** Faults and restarts until the time is over. */
  async #trouble(): Promise<void> {
    const { seconds, report } = this.#options
    const start = performance.now()
    const until = start + seconds * 1000
    const restartEvery = Math.min(60, seconds / 3) * 1000
    let restartAt = start + restartEvery / 2
    let reportAt = start + 30_000
    const random = this.#random
    while (performance.now() < until) {
      this.#proxy.inject(random.pick(FAULTS), (end) => random.below(end))
      await pause(random.between(20, 600))
      if (random.chance(0.6)) this.#proxy.heal()
      if (random.chance(0.2)) await pause(random.between(100, 4000))
      if (performance.now() > restartAt) {
        restartAt += restartEvery
        await this.#restart()
      }
      if (report !== undefined && performance.now() > reportAt) {
        reportAt += 30_000
        report(this.#line((performance.now() - start) / 1000))
      }
    }
  }

  /** Kills the server or stops it in good order, and starts it at the same address. */
  async #restart(): Promise<void> {
    await stopServer(this.#server, this.#random.chance(0.5) ? 'SIGKILL' : 'stop')
    this.#proxy.forgetEvents()
    await pause(this.#random.between(0, 2500))
    const { child } = await startServer(this.#counts.lives, this.#port)
    this.#counts.lives += 1
    this.#server = child
  }

  /** No more faults; resolves when every subscription gets the events of the server that runs now. */
  async #calm(): Promise<void> {
    this.#proxy.heal()
    const seen = this.#ledgers.map(({ values }) => values)
    const life = (this.#counts.lives - 1) * LIFE
    const recovered = (): boolean =>
      this.#ledgers.every(({ values, last = -1 }, i) => values > (seen[i] ?? 0) + 20 && last >= life)
    try {
      await eventually('the events of all attributes', recovered, RECOVERY_MS)
    } catch {
      this.#ledgers.forEach(({ values, last }, i) => {
        const fresh = values - (seen[i] ?? 0)
        this.#problems.push(`${counterName(i)}: ${fresh} events within ${RECOVERY_MS / 1000} s of peace, last ${last}`)
      })
    }
  }

  /** Calls all the time; each must end in time, with its own result or an error of Tango. */
  async #call(): Promise<void> {
    for (let i = 0; !this.#ended; i += 1) {
      this.#counts.calls += 1
      const sent = [i, i + 1, -i]
      try {
        const echo = await within(`call ${i}`, this.#device.command('Echo', sent), CALL_LIMIT_MS)
        if (String(echo) !== String(Int32Array.from(sent)))
          this.#problems.push(`${String(echo)} came back from ${sent}`)
      } catch (error) {
        this.#failed(error)
      }
      await pause(5)
    }
  }

  /** Subscriptions that come and go. */
  async #comeAndGo(): Promise<void> {
    while (!this.#ended) {
      const index = this.#random.below(COUNTERS)
      const ledger = new EventLedger(`a short look at ${counterName(index)}`)
      try {
        const work = this.#device.subscribe(counterName(index), 'change', (event) => ledger.note(event))
        const subscription = await within('a subscription', work, CALL_LIMIT_MS)
        this.#counts.subscriptions += 1
        await pause(this.#random.below(200))
        await within('the end of a subscription', subscription.close(), CALL_LIMIT_MS)
        this.#problems.push(...ledger.unreported)
      } catch (error) {
        this.#failed(error)
        await pause(20)
      }
    }
  }

  #failed(error: unknown): void {
    this.#counts.failed += 1
    if (!(error instanceof DevFailed)) this.#problems.push(error instanceof Error ? (error.stack ?? '') : String(error))
  }

  async #state(): Promise<State> {
    for (let i = 0; i < 3; i += 1) {
      globalThis.gc?.()
      await pause(50)
    }
    const resources = new Map<string, number>()
    for (const type of process.getActiveResourcesInfo()) resources.set(type, (resources.get(type) ?? 0) + 1)
    return {
      heap: process.memoryUsage().heapUsed,
      sockets: resources.get('TCPSocketWrap') ?? 0,
      timers: resources.get('Timeout') ?? 0,
      connections: this.#tango.client.connections,
      subscriber: JSON.stringify(this.#tango.subscriber.counts),
      server: await measure(this.#server),
    }
  }

  #compare(before: State, after: State): void {
    const problem = (what: string): unknown => this.#problems.push(what)
    if (after.heap - before.heap > HEAP_GROWTH) problem(`the heap grew from ${before.heap} to ${after.heap}`)
    if (after.sockets > before.sockets) problem(`${after.sockets} sockets instead of ${before.sockets}`)
    if (after.timers > before.timers + 2) problem(`${after.timers} timers instead of ${before.timers}`)
    if (after.connections > before.connections) problem(`${after.connections} connections of the client`)
    if (after.subscriber !== before.subscriber) problem(`${after.subscriber} instead of ${before.subscriber}`)
    const { connections, held } = after.server
    if (connections > before.server.connections || held > 0) problem(`${connections} connections, ${held} octets held`)
    for (const { unreported } of this.#ledgers) this.#problems.push(...unreported)
  }

  #line(seconds: number): string {
    const { calls, failed, lives, subscriptions } = this.#counts
    const events = this.#ledgers.reduce((sum, { values }) => sum + values, 0)
    const unreported = this.#ledgers.reduce((sum, ledger) => sum + ledger.unreported.length, 0)
    const heap = (process.memoryUsage().heapUsed / 2 ** 20).toFixed(1)
    return (
      `${seconds.toFixed(0)} s: ${calls} calls (${failed} failed), ${events} events, ${unreported} unreported gaps, ` +
      `${subscriptions} short subscriptions, ${this.#proxy.counts.faults} faults, life ${lives}, heap ${heap} MiB`
    )
  }

  #result(before: number, after: number): SoakResult {
    const reasons: Record<string, number> = {}
    for (const ledger of this.#ledgers) {
      for (const [reason, count] of ledger.reasons) reasons[reason] = (reasons[reason] ?? 0) + count
    }
    return {
      problems: this.#problems,
      calls: this.#counts.calls,
      failedCalls: this.#counts.failed,
      events: this.#ledgers.reduce((sum, { values }) => sum + values, 0),
      reportedGaps: this.#ledgers.reduce((sum, { reported }) => sum + reported, 0),
      reasons,
      faults: this.#proxy.counts.faults,
      lives: this.#counts.lives,
      subscriptions: this.#counts.subscriptions,
      heap: [before, after],
    }
  }
}

interface State {
  readonly heap: number
  readonly sockets: number
  readonly timers: number
  readonly connections: number
  readonly subscriber: string
  readonly server: Extract<SoakMessage, { kind: 'measured' }>
}

async function startServer(life: number, port: number): Promise<{ child: ChildProcess; port: number }> {
  const arguments_ = [String(life), String(port), String(FACTOR)]
  const child = fork(new URL('./soak-server.js', import.meta.url), arguments_, { execArgv: ['--expose-gc'] })
  const said = await answerOf(child, 'ready')
  return { child, port: said.port }
}

async function stopServer(child: ChildProcess, how: 'SIGKILL' | 'stop'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  if (how === 'stop') child.send('stop')
  else child.kill(how)
  await within('the server to end', gone, 10_000)
}

async function measure(child: ChildProcess): Promise<Extract<SoakMessage, { kind: 'measured' }>> {
  const answer = answerOf(child, 'measured')
  child.send('measure')
  return answer
}

async function answerOf<K extends SoakMessage['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<SoakMessage, { kind: K }>> {
  const isWanted = (message: SoakMessage): message is Extract<SoakMessage, { kind: K }> => message.kind === kind
  return within(
    `the server to say ${kind}`,
    new Promise((resolve) => {
      const listen = (message: SoakMessage): void => {
        if (!isWanted(message)) return
        child.off('message', listen)
        resolve(message)
      }
      child.on('message', listen)
    }),
    20_000,
  )
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
