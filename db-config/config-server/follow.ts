// Has running devices follow a changed database: through the admin devices of their servers, which native servers have
// too. What does not run takes the change at its next start.

import type { DeviceProxy, TangoProcess } from '#tango'
import { DevFailed, toDevFailed } from '#tango/pure'
import { type Step, stepLine } from '../config/plan.ts'

/** How a step ended. `waiting`: its server does not run. */
export type StepResult = 'done' | 'waiting' | 'failed'

/** A step that was tried. */
export interface FollowedStep extends Step {
  readonly result: StepResult
  /** State of the device afterwards; absent when it is gone or does not run. */
  readonly state?: string
  /** Why it failed or waits, or what the device says when it is not well. */
  readonly text?: string
}

/** Longest restart of one device, ms: an `init` may take 30 s. */
const DEVICE_MS = 40_000
/** Longest restart of a whole server, ms. */
const SERVER_MS = 60_000
/** Time-out of small questions, ms. */
const ASK_MS = 3_000
/** Pause between two looks at a server that restarts, ms. */
const LOOK_MS = 100
/** Most devices of one rank that are restarted at the same time. */
const AT_ONCE = 8

/** Reasons of servers that do not run. */
const NOT_RUNNING = [
  'API_CantConnectToDevice',
  'API_DeviceNotExported',
  'API_CommunicationFailed',
  'DB_DeviceNotDefined',
  'API_ConnectionFailed',
]

/** What following needs. */
export interface FollowOptions {
  readonly tango: TangoProcess
  /** Starts a server that the launcher does not know yet, if this process may. @returns whether it did */
  readonly startServer?: ((server: string) => Promise<boolean>) | undefined
  /** Ends a server that nothing is left of, if it is this facility's. @returns whether it was */
  readonly endServer?: ((server: string) => Promise<boolean>) | undefined
  /** Told before each step. */
  readonly progress?: (text: string) => void
}

/** Restarts what has to be; one object per application. */
export class Follower {
  readonly #options: FollowOptions
  readonly #admins = new Map<string, DeviceProxy>()
  readonly #running = new Map<string, boolean>()
  /** Servers that were started or restarted as a whole, with all that they have now. */
  readonly #fresh = new Set<string>()
  #devicesOf: (server: string) => number = () => 0

  constructor(options: FollowOptions) {
    this.#options = options
  }

  /** Connects to the admin devices while the database still knows all of them. */
  async prepare(steps: readonly Step[]): Promise<void> {
    const servers = new Set(steps.map(({ server }) => server))
    await Promise.all(
      [...servers].map(async (server) => {
        const admin = this.#options.tango.proxy(`dserver/${server}`).withTimeout(ASK_MS)
        try {
          await admin.ping()
          this.#admins.set(server.toLowerCase(), admin)
          this.#running.set(server.toLowerCase(), true)
        } catch {
          this.#running.set(server.toLowerCase(), false)
        }
      }),
    )
  }

  /**
   * Takes the steps one rank after the other and stops at the first failure.
   * @param devicesOf devices that a server has in the database now
   */
  async follow(steps: readonly Step[], devicesOf: (server: string) => number): Promise<readonly FollowedStep[]> {
    this.#devicesOf = devicesOf
    const followed: FollowedStep[] = []
    for (const group of ranks(steps)) {
      for (let at = 0; at < group.length; at += AT_ONCE) {
        const some = group.slice(at, at + AT_ONCE)
        this.#options.progress?.(some.map(stepLine).join('\n'))
        followed.push(...(await Promise.all(some.map((step) => this.#take(step)))))
      }
      if (followed.some(({ result }) => result === 'failed')) return followed
    }
    await this.endEmpty(steps)
    return followed
  }

  async #take(step: Step): Promise<FollowedStep> {
    const server = step.server.toLowerCase()
    try {
      if (this.#running.get(server) !== true && !(await this.#start(step))) {
        if (step.action === 'remove') return { ...step, result: 'done' } // it does not run any more than its server
        return { ...step, result: 'waiting', text: `${step.server} does not run; it takes this at its start` }
      }
      if (!this.#fresh.has(server)) await this.#act(step)
      return step.action === 'remove' ? { ...step, result: 'done' } : { ...step, ...(await this.#condition(step)) }
    } catch (error) {
      const failure = toDevFailed(error)
      const text = failure.errors.map(({ desc }) => desc).join('; ')
      return { ...step, result: 'failed', text }
    }
  }

  /** A server that has come with the change. */
  async #start({ action, server }: Step): Promise<boolean> {
    const key = server.toLowerCase()
    if (action === 'remove' || this.#options.startServer === undefined) return false
    const started = await this.#options.startServer(server)
    if (started) {
      this.#running.set(key, true)
      this.#fresh.add(key)
    }
    return started
  }

  async #act(step: Step): Promise<void> {
    const { action, device } = step
    const proxy = this.#options.tango.proxy(device)
    switch (action) {
      case 'reload':
        try {
          await proxy.command('ReloadElements', undefined, { timeoutMs: DEVICE_MS })
        } catch (error) {
          // a pool of another program reads its elements at its start
          if (!(error instanceof DevFailed) || !error.has('API_CommandNotFound')) throw error
          await this.#restartServer(step)
        }
        return
      case 'init':
        await proxy.command('Init', undefined, { timeoutMs: DEVICE_MS })
        return
      case 'create':
      case 'restart':
      case 'remove':
        await this.#restartDevice(step)
    }
  }

  async #restartDevice(step: Step): Promise<void> {
    const { action, device, server } = step
    try {
      await this.#admin(server).command('DevRestart', device, { timeoutMs: DEVICE_MS })
    } catch (error) {
      if (!(error instanceof DevFailed)) throw error
      if (action === 'remove') {
        // a native server has lost the device, or cannot make it again: what counts is what it serves
        if (NOT_RUNNING.some((reason) => error.has(reason) && reason !== 'DB_DeviceNotDefined')) throw error
      } else if (error.has('API_DeviceNotFound')) {
        // a server that makes its devices only at its start
        await this.#restartServer(step)
      } else throw error
    }
    // a server that has lost everything is ended after the last step
    if (action !== 'remove' || this.#devicesOf(server) === 0) return
    if (await this.#serves(step)) await this.#restartServer(step)
  }

  /** Whether a server still has a device. */
  async #serves({ server, device }: Step): Promise<boolean> {
    return (await this.#served(server)).includes(device)
  }

  /** Devices of a running server. */
  async #served(server: string): Promise<readonly string[]> {
    const lines: unknown = await this.#admin(server).command('QueryDevice', undefined, { timeoutMs: ASK_MS })
    return Array.isArray(lines)
      ? lines.map((line) =>
          String(line)
            .toLowerCase()
            .replace(/^.*?::/, ''),
        )
      : []
  }

  async #restartServer(step: Step): Promise<void> {
    const { clock } = this.#options.tango
    const before = (await this.#served(step.server)).length
    // some of what it should have may never have come
    const wanted = Math.min(this.#devicesOf(step.server), step.action === 'remove' ? before - 1 : before)
    await this.#admin(step.server).command('RestartServer', undefined, { timeoutMs: ASK_MS })
    this.#fresh.add(step.server.toLowerCase())
    const deadline = clock.monotonic() + SERVER_MS
    for (;;) {
      // its devices go away first and come one by one, so one answer says nothing
      await clock.sleep(LOOK_MS)
      if (await this.#isBack(step, wanted).catch(() => false)) return
      if (clock.monotonic() > deadline) {
        const what = `${step.server} was restarted and did not come back within ${SERVER_MS / 1000} s`
        throw new DevFailed([{ reason: 'API_DeviceTimedOut', severity: 'ERR', desc: what, origin: 'Follower' }])
      }
    }
  }

  /** Whether a restarted server serves again what it should; the last device is the last one to answer. */
  async #isBack({ action, device, server }: Step, wanted: number): Promise<boolean> {
    const served = await this.#served(server)
    if (served.includes(device) === (action === 'remove') || served.length < wanted) return false
    for (const name of new Set([...(action === 'remove' ? [] : [device]), ...served.slice(-1)])) {
      await this.#options.tango.proxy(name).withTimeout(ASK_MS).ping()
    }
    return true
  }

  /** What the device says of itself; trouble of a device is no failure of the step. */
  async #condition({ device }: Step): Promise<Pick<FollowedStep, 'result' | 'state' | 'text'>> {
    const proxy = this.#options.tango.proxy(device).withTimeout(ASK_MS)
    try {
      const state = await proxy.state()
      if (state !== 'FAULT' && state !== 'ALARM' && state !== 'UNKNOWN') return { result: 'done', state }
      return { result: 'done', state, text: await proxy.status() }
    } catch (error) {
      return { result: 'done', text: `it does not answer: ${toDevFailed(error).message}` }
    }
  }

  /** Ends servers that have nothing left in the database. What does not end undoes no configuration; it is told in the log. */
  async endEmpty(steps: readonly Step[]): Promise<void> {
    for (const server of new Set(steps.filter(({ action }) => action === 'remove').map((s) => s.server))) {
      if (this.#devicesOf(server) > 0) continue
      this.#options.progress?.(`ending ${server}`)
      try {
        await this.#end(server)
      } catch (error) {
        if (error instanceof DevFailed && NOT_RUNNING.some((reason) => error.has(reason))) continue
        const { message } = toDevFailed(error)
        this.#options.tango.log.error('a removed server cannot be ended', { server, error: message })
      }
    }
  }

  async #end(server: string): Promise<void> {
    // also one that does not run at this moment: nobody is to start it again
    if ((await this.#options.endServer?.(server)) === true) return
    if (this.#running.get(server.toLowerCase()) !== true) return
    await this.#admin(server).command('Kill', undefined, { timeoutMs: ASK_MS })
  }

  #admin(server: string): DeviceProxy {
    const key = server.toLowerCase()
    const admin = this.#admins.get(key) ?? this.#options.tango.proxy(`dserver/${server}`)
    this.#admins.set(key, admin)
    return admin
  }
}

/** Neighbours of the same action and class may be restarted together. */
function ranks(steps: readonly Step[]): readonly (readonly Step[])[] {
  const groups: Step[][] = []
  for (const step of steps) {
    const last = groups.at(-1)
    if (last?.[0]?.action === step.action && last[0].class === step.class) last.push(step)
    else groups.push([step])
  }
  return groups
}
