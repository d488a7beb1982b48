// Tango class Door: takes requests, has its child process run them, and pushes what that tells. A Door never waits for a
// macro, so Stop, Abort and Release always get through.

import { resolve } from 'node:path'
import { door } from '#interfaces/door'
import { type DevEncoded, Device, devFailed, deviceClass, encodeJson, type Serves, toDevFailed } from '#tango'
import { scopedNames } from '../environment.ts'
import { errorLines, exceptionFields } from '../failure.ts'
import { MacroHost } from '../macro-host.ts'
import type { LogChannel, MacroRun, MacroStatusEntry, News, OpenMessage, Outcome, ProcessMessage } from '../messages.ts'
import { argumentTexts, macroLine, readArguments } from '../parameters.ts'
import { callXml, echoOf, type MacroRequest, readRequest } from '../request.ts'
import { type AttachedDoor, type MacroServer, macroServerOf } from './macro-server.ts'

type State = 'ON' | 'RUNNING' | 'STANDBY' | 'ALARM'

/** Most lines in one event. */
const MOST_LINES = 512
/** How long freeing elements may hold up the end of a process that does not obey, ms. */
const FREE_MS = 1000

const NOTHING: DevEncoded = { format: '', data: new Uint8Array() }

/** A request that is running. */
interface Run {
  readonly number: number
  readonly macros: readonly MacroRun[]
  /** Id of the macro that reports at present. */
  id: string
  step: number
  /** Elements that the macros have used. */
  readonly used: Set<string>
  /** Told to end, by what. */
  ending: 'stop' | 'abort' | 'release' | undefined
}

/** Class `Door`. */
export class Door extends Device<typeof door> implements Serves<typeof door>, AttachedDoor {
  #server: MacroServer | undefined
  #host: MacroHost | undefined
  #unlisten: (() => void) | undefined
  #names: readonly string[] = []
  #buffers = new Map<LogChannel, string[]>()
  #run: Run | undefined
  #runs = 0
  /** The macro files have changed: replace the process when it is idle. */
  #outdated = false
  #applying = false

  override async init(): Promise<void> {
    const server = macroServerOf(this)
    // a macro server that comes later in the start calls macroServerReady itself
    if (server?.isReady === true) await this.macroServerReady(server)
  }

  override async deleted(): Promise<void> {
    this.#unlisten?.()
    this.#run = undefined
    const host = this.#host
    this.#host = undefined
    await host?.close()
  }

  async macroServerReady(server: MacroServer): Promise<void> {
    this.#unlisten?.()
    this.#server = server
    const alias =
      this.tango.tangoHost === undefined
        ? undefined
        : await this.tango
            .database()
            .deviceAlias(this.name)
            .catch(() => undefined)
    this.#names = alias === undefined ? [this.name] : [this.name, alias]
    this.#unlisten = server.listen({
      elements: () =>
        this.#host?.send({
          kind: 'elements',
          elements: server.elementReferences,
          unreachable: server.unreachablePools,
        }),
      environment: (change) => {
        if (!this.#applying)
          this.#host?.send({ kind: 'environment', set: [...change.new, ...change.change], unset: change.del })
      },
      library: () => this.#replaceWhenIdle(),
    })
    const run = this.#run
    this.#run = undefined
    if (run !== undefined) this.#endLost(run, `${server.name} was initialised again`)
    await this.#host?.close()
    const host = new MacroHost({
      open: () => this.#openMessage(server),
      message: (message) => this.#take(message),
      lost: (why) => this.#lost(why),
      clock: this.clock,
      log: this.log,
    })
    this.#host = host
    this.setState('INIT', 'the macro process is starting')
    try {
      await host.start()
      this.setState('ON')
    } catch (error) {
      this.setState('ALARM', toDevFailed(error).message)
    }
  }

  /** While a macro runs, also the elements that it has used: whoever wants to change one of them should wait. */
  override statusRead(): string {
    const used = [...(this.#run?.used ?? [])]
    return used.length === 0 ? this.status : `${this.status}\nusing ${used.join(', ')}`
  }

  readCritical() {
    return this.#buffer('critical')
  }
  readError() {
    return this.#buffer('error')
  }
  readWarning() {
    return this.#buffer('warning')
  }
  readInfo() {
    return this.#buffer('info')
  }
  readOutput() {
    return this.#buffer('output')
  }
  readDebug() {
    return this.#buffer('debug')
  }
  readResult() {
    return []
  }
  readInput() {
    return ''
  }
  readMacroStatus() {
    return NOTHING
  }
  readRecordData() {
    return NOTHING
  }

  writeInput(text: string): void {
    if (this.#run === undefined)
      throw devFailed('API_AttrNotAllowed', `${this.name}: no macro is running that could read an input`)
    this.#host?.send({ kind: 'input', text })
  }

  runMacro(argument: readonly string[]): string[] {
    if (argument.length === 0) return []
    this.#allow('RunMacro', ['ON', 'ALARM'])
    const server = this.#macroServer()
    const request = readRequest(argument)
    const ids = request.calls.map((call) => (call.id === '' ? server.nextMacroId() : call.id))
    if (request.form === 'texts') {
      const [run] = this.#plan(request, ids, server)
      if (run === undefined) throw new Error('unreachable: a request without a macro')
      this.#begin([run])
      return [callXml(run.name, run.id, argumentTexts(server.library.get(run.name).macro, run.arguments))]
    }
    try {
      this.#begin(this.#plan(request, ids, server))
    } catch (error) {
      this.#refuse(request, ids, error)
    }
    return request.document === undefined ? [] : [echoOf(request.document, ids)]
  }

  simulateMacro(argument: readonly string[]): string[] {
    const server = this.#macroServer()
    const request = readRequest(argument)
    return this.#plan(
      request,
      request.calls.map((call) => call.id),
      server,
    ).map((run) => macroLine(run.name, server.library.get(run.name).macro, run.arguments, run.id))
  }

  getMacroEnv(argument: readonly string[]): string[] {
    const [macro = '', ...wanted] = argument
    const { environment } = this.#macroServer()
    const names = wanted.length > 0 ? wanted : [...environment.entries().keys()].filter((name) => !name.includes('.'))
    return names.flatMap((name) => {
      const key = scopedNames(name, { door: this.#names, macro }).find((full) => environment.get(full) !== undefined)
      return key === undefined ? [] : [name, JSON.stringify(environment.get(key))]
    })
  }

  stopMacro(): void {
    this.#allow('StopMacro', ['RUNNING', 'STANDBY'])
    this.#tellEnd('stop')
  }

  abortMacro(): void {
    if (this.#run !== undefined) this.#tellEnd('abort')
  }

  pauseMacro(): void {
    this.#allow('PauseMacro', ['RUNNING'])
    this.#host?.send({ kind: 'pause' })
  }

  resumeMacro(): void {
    this.#allow('ResumeMacro', ['STANDBY'])
    this.#host?.send({ kind: 'resume' })
  }

  async releaseMacro(): Promise<void> {
    this.#allow('ReleaseMacro', ['RUNNING', 'STANDBY'])
    const run = this.#run
    if (run === undefined) return
    run.ending = 'release'
    await this.#free(run, 'release')
    if (this.#run !== run) return
    this.#run = undefined
    void this.#host?.kill() // never rejects
    this.#endLost(run, 'it was released')
  }

  #macroServer(): MacroServer {
    const server = this.#server ?? macroServerOf(this)
    if (server === undefined)
      throw devFailed(
        'Property_Invalid',
        `${this.name}: its server has no device of class MacroServer; define both in the same server`,
      )
    if (!server.isReady) throw devFailed('API_CommandNotAllowed', `${server.name} is not ready: ${server.status}`)
    return server
  }

  #allow(command: string, states: readonly State[]): void {
    if (states.some((state) => state === this.state)) return
    throw devFailed(
      'API_CommandNotAllowed',
      `Command ${command} not allowed when the device is in ${this.state} state`,
      { origin: `Door.${command}` },
    )
  }

  /** @throws DevFailed `Macro_Unknown`, `Macro_ParametersWrong` */
  #plan(request: MacroRequest, ids: readonly string[], server: MacroServer): MacroRun[] {
    return request.calls.map(({ name, values, hooks }, i) => {
      const { macro } = server.library.get(name)
      return { name, id: ids[i] ?? '', hooks, arguments: readArguments(name, macro, values, server.names) }
    })
  }

  #begin(macros: readonly MacroRun[]): void {
    this.#runs += 1
    const run: Run = {
      number: this.#runs,
      macros,
      id: macros[0]?.id ?? '',
      step: 0,
      used: new Set(),
      ending: undefined,
    }
    this.#run = run
    this.#buffers.clear()
    this.setState('RUNNING', `running ${macros.map((m) => m.name).join(', ')}`, { always: true })
    void this.#host?.run({ kind: 'run', run: run.number, macros }) // never rejects
  }

  /** A request in XML that cannot run: clients expect it to start and to fail. */
  #refuse(request: MacroRequest, ids: readonly string[], error: unknown): void {
    this.#buffers.clear()
    const name = request.calls.map((call) => call.name).join(', ')
    this.setState('RUNNING', `reading ${name}`, { always: true })
    const status: MacroStatusEntry = {
      id: ids[0] ?? null,
      range: [0, 100],
      state: 'exception',
      step: 0,
      ...exceptionFields(error, false),
    }
    this.push('macroStatus', encodeJson([status]))
    this.#lines(
      'error',
      toDevFailed(error)
        .errors.map((e) => `Error: ${e.desc}`)
        .flatMap((text) => text.split('\n')),
    )
    this.setState(
      'ALARM',
      toDevFailed(error)
        .errors.map((e) => e.desc)
        .join('\n'),
      { always: true },
    )
    this.#lines('debug', ['Job ended (stopped=False, aborted=False)'])
  }

  #tellEnd(how: 'stop' | 'abort'): void {
    const run = this.#run
    if (run === undefined) return
    run.ending = how
    this.#lines('debug', [`${how === 'stop' ? 'stopping' : 'aborting'} Macro '${run.id}'`])
    this.#host?.send({ kind: how })
  }

  #openMessage(server: MacroServer): OpenMessage {
    const { poolNames, recorders, macroPath } = server.properties
    return {
      kind: 'open',
      door: this.#names,
      tangoHost: this.tango.tangoHost ?? '',
      dataFolder: server.dataFolder,
      pools: poolNames,
      recorders,
      macroPath: macroPath.map((folder) => resolve(folder)),
      elements: server.elementReferences,
      unreachable: server.unreachablePools,
      environment: [...server.environment.entries()],
    }
  }

  #take(message: ProcessMessage): void {
    switch (message.kind) {
      case 'ready':
        return
      case 'news':
        for (const news of message.news) this.#publish(news)
        return
      case 'uses':
        for (const name of message.elements) this.#run?.used.add(name)
        return
      case 'environment':
        this.#applyEnvironment(message.set, message.unset)
        return
      case 'next-scan-id':
        return void this.#giveScanId(message.request) // never rejects
      case 'scan-id-unused':
        this.#server?.environment.giveBackScanId(message.scanId)
        return
      case 'done':
        this.#done(message.run, message.outcome)
        return
    }
  }

  #applyEnvironment(set: readonly (readonly [string, unknown])[], unset: readonly string[]): void {
    this.#applying = true
    try {
      this.#server?.environment.apply(set, unset)
    } catch (error) {
      this.#lines('error', [`the environment was not changed: ${toDevFailed(error).message}`])
    } finally {
      this.#applying = false
    }
  }

  async #giveScanId(request: number): Promise<void> {
    try {
      const scanId = await this.#macroServer().environment.nextScanId()
      this.#host?.send({ kind: 'scan-id', request, scanId })
    } catch (error) {
      this.#host?.send({ kind: 'scan-id', request, errors: toDevFailed(error).errors })
    }
  }

  #publish(news: News): void {
    switch (news.kind) {
      case 'lines':
        this.#lines(news.channel, news.lines)
        return
      case 'status': {
        const { status } = news
        if (this.#run !== undefined) {
          if (status.id !== null) this.#run.id = status.id
          this.#run.step = status.step
        }
        this.push('macroStatus', encodeJson([status]))
        return
      }
      case 'record':
        this.push('recordData', news.record)
        return
      case 'result':
        this.push('result', news.values)
        return
      case 'input':
        this.push('input', news.request)
        return
      case 'paused':
        this.setState(news.paused ? 'STANDBY' : 'RUNNING', news.paused ? 'paused' : 'running')
        return
    }
  }

  #done(number: number, outcome: Outcome): void {
    const run = this.#run
    if (run?.number !== number) return
    this.#run = undefined
    const status = (outcome.errors ?? []).map(({ reason, desc }) => `${reason}: ${desc}`).join('\n')
    this.#end(outcome.end === 'failed' ? 'ALARM' : 'ON', outcome.end === 'failed' ? status : undefined, outcome.end)
    if (outcome.abandoned === true) {
      void this.#host?.kill() // never rejects
      void this.#free(run, 'stop') // never rejects
    } else if (this.#outdated) this.#replaceWhenIdle()
  }

  #end(state: 'ON' | 'ALARM', status: string | undefined, how: Outcome['end']): void {
    this.setState(state, status, { always: true })
    const flag = (is: boolean) => (is ? 'True' : 'False')
    this.#lines('debug', [`Job ended (stopped=${flag(how === 'stopped')}, aborted=${flag(how === 'aborted')})`])
  }

  /** The process has ended by itself, or was killed: the run ends truthfully; another process is on its way. */
  #lost(why: string): void {
    const run = this.#run
    this.#run = undefined
    if (run !== undefined) this.#endLost(run, why)
  }

  #endLost(run: Run, why: string): void {
    const status = (entry: Pick<MacroStatusEntry, 'state' | 'exc_type' | 'exc_value' | 'exc_stack'>) =>
      this.push('macroStatus', encodeJson([{ id: run.id, range: [0, 100], step: run.step, ...entry }]))
    if (run.ending === 'release') {
      status({ state: 'abort' })
      this.#lines('warning', ['the macro was released: its process was ended and is replaced'])
      this.#end('ON', undefined, 'aborted')
      return
    }
    const error = devFailed(
      'Macro_Failed',
      `the process of the macro is gone: ${why}; its motors are stopped, and a new process is started`,
    )
    status({ state: 'exception', ...exceptionFields(error, false) })
    this.#lines('error', errorLines(run.macros.find((m) => m.id === run.id)?.name ?? 'the macro', error))
    void this.#free(run, 'stop') // never rejects
    this.#end('ALARM', error.message, 'failed')
  }

  /** Stops or releases what the macros of a run have used; gives up after a moment. */
  async #free(run: Run, how: 'stop' | 'release'): Promise<void> {
    const pool = this.#server?.poolClient
    const elements = [...run.used].flatMap((name) => pool?.find(name) ?? [])
    if (pool === undefined || elements.length === 0) return
    try {
      await Promise.race([how === 'stop' ? pool.stop(elements) : pool.release(elements), this.clock.sleep(FREE_MS)])
    } catch (error) {
      this.log.warn(`elements of the macro could not be told to ${how}`, { error: toDevFailed(error).message })
    }
  }

  /** New macro files need a new process. */
  #replaceWhenIdle(): void {
    this.#outdated = this.#run !== undefined
    if (!this.#outdated) void this.#host?.replace() // never rejects
  }

  #buffer(channel: LogChannel): string[] {
    return this.#buffers.get(channel) ?? []
  }

  /** Keeps lines for readers and sends them to watchers. */
  #lines(channel: LogChannel, lines: readonly string[]): void {
    if (lines.length === 0) return
    const most = Math.min(MOST_LINES, Math.max(1, this.properties.maxMsgBufferSize))
    const kept = [...this.#buffer(channel), ...lines]
    this.#buffers.set(channel, kept.slice(-most))
    for (let at = 0; at < lines.length; at += MOST_LINES) this.push(channel, lines.slice(at, at + MOST_LINES))
  }
}

export default deviceClass(door, Door)
