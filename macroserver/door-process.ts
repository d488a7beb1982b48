// Program of a Door's child process: runs the macros. It is kept warm between macros, and ends with the process of its
// Door, after stopping what it moves.

import { ScanPublisher } from '#data'
import { createLogger, DevFailed, devFailed, TangoProcess, toDevFailed } from '#tango'
import { EnvironmentCopy } from './environment-view.ts'
import { MacroLibrary } from './library.ts'
import type { DoorMessage, OpenMessage, ProcessMessage } from './messages.ts'
import { Outbox } from './outbox.ts'
import { PoolClient } from './pool-client.ts'
import { practise } from './practice.ts'
import { MacroRunner, type RunnerOutcome } from './runner.ts'
import type { ScanServices } from './scan/scan-run.ts'
import { userName } from './user-name.ts'

/** How long the process may take to stop what it moves when its Door is gone, ms. */
const LAST_STOP_MS = 1500
/** Quiet time before practice begins, ms: the rest of the beamline may still be starting. */
const PRACTICE_DELAY_MS = 500
/** How long connections are opened ahead of the first macro, ms. */
const WARM_UP_MS = 1000

const log = createLogger({})

/** Everything that lives as long as the process. */
class DoorProcess {
  readonly #tango: TangoProcess
  readonly #publisher: ScanPublisher
  readonly #pool: PoolClient
  readonly #environment: EnvironmentCopy
  readonly #runner: MacroRunner
  readonly #scanIds = new Map<number, { resolve(scanId: number): void; reject(error: unknown): void }>()
  #practice: Promise<void> = Promise.resolve()
  #stopPractice: () => void = () => undefined
  #practised = false
  #requests = 0

  private constructor(open: OpenMessage, tango: TangoProcess, publisher: ScanPublisher, library: MacroLibrary) {
    const [door = 'door'] = open.door
    this.#tango = tango
    this.#publisher = publisher
    this.#pool = new PoolClient(tango, open.pools)
    this.#pool.setElements(open.elements, open.unreachable)
    this.#environment = new EnvironmentCopy(open.environment, open.door, (set, unset) =>
      tell({ kind: 'environment', set, unset }),
    )
    const scans: ScanServices = {
      tango,
      pool: this.#pool,
      publisher: async () => publisher,
      environment: this.#environment,
      recorders: open.recorders,
      dataFolder: open.dataFolder,
      door,
      user: userName(),
      outbox: new Outbox(
        (news) => tell({ kind: 'news', news }),
        () => tango.clock.monotonic(),
      ),
      nextScanId: () => this.#nextScanId(),
      unusedScanId: (scanId) => tell({ kind: 'scan-id-unused', scanId }),
    }
    this.#runner = new MacroRunner({ scans, library, uses: (elements) => tell({ kind: 'uses', elements }) })
    process.on('unhandledRejection', (error) => {
      scans.outbox.lines('warning', [
        `a promise of a macro failed and nobody waited for it: ${toDevFailed(error).message}`,
      ])
    })
  }

  static async open(message: OpenMessage): Promise<DoorProcess> {
    const tango = await TangoProcess.create({
      listen: false,
      log,
      ...(message.tangoHost === '' ? {} : { tangoHost: message.tangoHost }),
    })
    const library = new MacroLibrary(message.macroPath)
    const [publisher] = await Promise.all([
      ScanPublisher.open(message.dataFolder, { door: message.door[0] ?? 'door', log }),
      library.load(),
    ])
    const process_ = new DoorProcess(message, tango, publisher, library)
    await process_.#warmUp(message)
    const problems = library.files.flatMap((f) => (f.error === undefined ? [] : [`${f.file}: ${f.error}`]))
    tell({ kind: 'ready', problems })
    process_.#startPractice()
    return process_
  }

  take(message: Exclude<DoorMessage, OpenMessage>): void {
    switch (message.kind) {
      case 'run':
        return void this.#run(message) // never rejects
      case 'stop':
        this.#runner.stop()
        return
      case 'abort':
        this.#runner.abort()
        return
      case 'pause':
        this.#runner.pause()
        return
      case 'resume':
        this.#runner.resume()
        return
      case 'input':
        this.#runner.input(message.text)
        return
      case 'elements':
        this.#pool.setElements(message.elements, message.unreachable)
        return
      case 'environment':
        this.#environment.update(message.set, message.unset)
        return
      case 'scan-id': {
        const waiting = this.#scanIds.get(message.request)
        this.#scanIds.delete(message.request)
        if (message.scanId !== undefined) waiting?.resolve(message.scanId)
        else waiting?.reject(new DevFailed(message.errors ?? []))
      }
    }
  }

  /** Ends what runs and what moves, then everything. */
  async close(): Promise<void> {
    const used = this.#runner.used
    this.#stopPractice()
    this.#runner.abort()
    const ended = Promise.allSettled([used.length === 0 ? undefined : this.#pool.stop(used)])
    await Promise.race([ended, this.#tango.clock.sleep(LAST_STOP_MS)])
    await Promise.race([
      Promise.allSettled([this.#publisher.close(), this.#tango.close(), this.#practice]),
      this.#tango.clock.sleep(LAST_STOP_MS),
    ])
  }

  async #run(message: Extract<DoorMessage, { kind: 'run' }>): Promise<void> {
    this.#stopPractice()
    const outcome = await this.#runner.run(message.macros)
    tell({ kind: 'done', run: message.run, outcome: wireOutcome(outcome) })
    this.#startPractice()
  }

  /** Uses the time until the next request, unless there was enough of it before. */
  #startPractice(): void {
    if (this.#practised) return
    const stop = new AbortController()
    this.#stopPractice = () => stop.abort()
    this.#practice = this.#practise(stop.signal) // never rejects
  }

  async #practise(signal: AbortSignal): Promise<void> {
    try {
      await this.#tango.clock.sleep(PRACTICE_DELAY_MS, signal)
      await practise(signal)
    } catch (error) {
      if (!signal.aborted) log.debug('no practice: the first scans will be slower', { error: String(error) })
    }
    this.#practised = !signal.aborted
  }

  async #nextScanId(): Promise<number> {
    this.#requests += 1
    const request = this.#requests
    return await new Promise<number>((resolve, reject) => {
      this.#scanIds.set(request, { resolve, reject })
      tell({ kind: 'next-scan-id', request })
    })
  }

  /** Opens the connections that the first macro needs; what does not answer costs no more than a moment. */
  async #warmUp(message: OpenMessage): Promise<void> {
    const group = this.#pool.find(String(this.#environment.lookUp('ActiveMntGrp', '') ?? ''))
    const moveable = this.#pool.elements('Moveable')[0]
    const work = Promise.allSettled([
      this.#pool.warmUp(),
      ...message.recorders.map((name) => this.#tango.proxy(name).ping()),
      ...(group === undefined ? [] : [this.#tango.proxy(group.device).ping()]),
      ...(moveable === undefined ? [] : [this.#pool.units([moveable])]),
    ])
    await Promise.race([work, this.#tango.clock.sleep(WARM_UP_MS)])
  }
}

let opened: Promise<DoorProcess> | undefined
let current: DoorProcess | undefined
let ending = false
let leaving = false
/** What came while the process was being opened. */
let early: Exclude<DoorMessage, OpenMessage>[] = []

process.on('message', (message: DoorMessage) => {
  if (message.kind === 'open') {
    opened ??= DoorProcess.open(message)
    opened.then(
      (process_) => {
        current = process_
        for (const waiting of early) process_.take(waiting)
        early = []
      },
      (error: unknown) => leave(`cannot start: ${toDevFailed(error).message}`),
    )
  } else if (current === undefined) early.push(message)
  else current.take(message)
})
process.once('disconnect', () => void end(0))
// the terminal's Ctrl-C goes to all its processes; the Door decides what it means
process.on('SIGINT', () => {})
process.on('SIGTERM', () => void end(0))
process.on('uncaughtException', (error) => leave(`a macro failed outside of its run: ${error.stack ?? error.message}`))

async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  try {
    await current?.close()
  } catch (error) {
    log.error('not closed in order', { error: String(error) })
  }
  process.exit(code)
}

/** Tells the Door why, then ends. */
function leave(reason: string): void {
  log.error('the macro process ends', { reason })
  const lines = reason.split('\n')
  if (!process.connected || leaving) return void end(1)
  leaving = true // whatever else happens here is no news: the Door sees the end of the process
  process.send?.(
    { kind: 'news', news: [{ kind: 'lines', channel: 'error', lines }] } satisfies ProcessMessage,
    () => void end(1),
  )
}

function tell(message: ProcessMessage): void {
  if (process.connected && !leaving) process.send?.(message)
}

function wireOutcome({ end: how, error, abandoned }: RunnerOutcome) {
  return {
    end: how,
    ...(error === undefined ? {} : { errors: toDevFailed(error).errors }),
    ...(abandoned === undefined ? {} : { abandoned }),
  }
}

if (process.send === undefined) throw devFailed('API_InvalidArgs', 'this program is started by a Door')
