// The life of a request: its macros one after the other, their status, and how they end. Runs in the Door's child
// process, and in the library's own.

import { devFailed } from '#tango/pure'
import { contextOf, type MacroCallState, type RequestServices } from './context.ts'
import { MacroControl } from './control.ts'
import { errorLines, exceptionFields } from './failure.ts'
import type { MacroLibrary } from './library.ts'
import type { ElementReference } from './macro.ts'
import type { MacroRun, MacroStatusEntry } from './messages.ts'
import { macroLine, macroTitle, type ParameterNames } from './parameters.ts'
import type { ScanServices } from './scan/scan-run.ts'

/** How long a macro may go on after an abort until it is given up, ms. */
const ABORT_GRACE_MS = 1000

/** How a request ended, in the process that ran it. */
export interface RunnerOutcome {
  readonly end: 'finished' | 'stopped' | 'aborted' | 'failed'
  /** What the last macro returned. */
  readonly value?: unknown
  readonly error?: unknown
  /** The macro did not end when aborted and may still be running. */
  readonly abandoned?: boolean
}

/** Options of {@link MacroRunner}. */
export interface RunnerOptions {
  readonly scans: ScanServices
  readonly library: MacroLibrary
  /** Told once of each element that a request begins to use. */
  uses(elements: readonly string[]): void
}

/** Runs one request at a time. */
export class MacroRunner {
  readonly names: ParameterNames
  readonly #options: RunnerOptions
  #control: MacroControl | undefined
  #used = new Map<string, ElementReference>()
  #answer: ((text: string) => void) | undefined

  constructor(options: RunnerOptions) {
    this.#options = options
    const { scans, library } = options
    this.names = {
      element: (name) => scans.pool.find(name),
      elementNames: (interfaceName) => scans.pool.elements(interfaceName).map((e) => e.name),
      macroNames: () => library.names(),
      unreachable: () => scans.pool.unreachable,
    }
  }

  /** Elements that the running request has used. */
  get used(): readonly ElementReference[] {
    return [...this.#used.values()]
  }

  stop(): void {
    this.#control?.requestStop()
  }

  abort(): void {
    this.#control?.requestAbort()
  }

  pause(): void {
    this.#control?.requestPause()
  }

  resume(): void {
    if (this.#control?.resume() === false)
      this.#options.scans.outbox.lines('warning', ['what caused the pause is still there'])
  }

  /** An answer to the question of the macro. */
  input(text: string): void {
    this.#answer?.(text)
  }

  /** Runs macros one after the other; the first that does not finish ends the request. Never rejects. */
  async run(macros: readonly MacroRun[]): Promise<RunnerOutcome> {
    if (this.#control !== undefined)
      return { end: 'failed', error: devFailed('Door_Busy', 'another request is running') }
    const { outbox } = this.#options.scans
    const state: { status: (state: 'pause' | 'resume') => void } = { status: () => undefined }
    const control = new MacroControl((paused, reason) => {
      if (reason !== undefined) outbox.lines('warning', [reason])
      state.status(paused ? 'pause' : 'resume')
      outbox.add({ kind: 'paused', paused })
    })
    this.#control = control
    this.#used = new Map()
    try {
      let outcome: RunnerOutcome = { end: 'finished' }
      for (const macro of macros) {
        outcome = await this.#runOne(macro, control, state)
        if (outcome.end !== 'finished') break
      }
      return outcome
    } finally {
      this.#control = undefined
      outbox.flush()
    }
  }

  async #runOne(
    run: MacroRun,
    control: MacroControl,
    state: { status: (state: 'pause' | 'resume') => void },
  ): Promise<RunnerOutcome> {
    const { scans, library } = this.#options
    const { outbox } = scans
    let step = 0
    const status = (entry: Omit<MacroStatusEntry, 'id' | 'range' | 'step'>): MacroStatusEntry => {
      const { state, ...more } = entry
      return { id: run.id, range: [0, 100], state, step, ...more }
    }
    const tell = (entry: Omit<MacroStatusEntry, 'id' | 'range' | 'step'>) =>
      outbox.add(() => [{ kind: 'status', status: status(entry) }])
    state.status = (paused) => tell({ state: paused })
    const found = library.find(run.name)
    if (found === undefined) {
      const error = devFailed('Macro_Unknown', `the macro '${run.name}' is gone; it was there when the request came`)
      return this.#failed(run.name, error, tell)
    }
    const { macro } = found
    const line = macroLine(run.name, macro, run.arguments, run.id)
    outbox.lines('debug', [`[START] runMacro Macro '${line}'`])
    tell({ state: 'start', name: run.name, macro_line: line })
    if (run.hooks.length > 0)
      outbox.lines('warning', [`hooks are not supported yet: ${run.hooks.join(', ')} will not run`])
    const call: MacroCallState = {
      name: run.name,
      title: macroTitle(run.name, macro, run.arguments),
      id: run.id,
      step: (percent) => {
        step = percent
        return status({ state: 'step' })
      },
    }
    const services = this.#requestServices(control)
    try {
      const work = Promise.resolve().then(() => macro.run(contextOf(call, services), run.arguments))
      const ended = await this.#endOf(work, control)
      if (ended === 'abandoned') {
        tell({ state: 'abort' })
        outbox.lines('warning', [`${run.name} does not end; its process is replaced`])
        return { end: 'aborted', abandoned: true }
      }
      if (control.signal.aborted) return this.#ended(run.name, control, tell)
      outbox.add(() => {
        step = 100
        return [{ kind: 'status', status: status({ state: 'finish' }) }]
      })
      if (macro.result !== undefined)
        outbox.add({ kind: 'result', values: (Array.isArray(ended.value) ? ended.value : [ended.value]).map(String) })
      outbox.lines('debug', [`[ END ] runMacro Macro '${line}'`])
      return { end: 'finished', value: ended.value }
    } catch (error) {
      return control.signal.aborted ? this.#ended(run.name, control, tell) : this.#failed(run.name, error, tell)
    }
  }

  /** Waits for the macro; after an abort only for a moment. */
  async #endOf(work: Promise<unknown>, control: MacroControl): Promise<{ value: unknown } | 'abandoned'> {
    let timer: NodeJS.Timeout | undefined
    const givenUp = new Promise<'abandoned'>((resolve) => {
      const begin = () => {
        timer = setTimeout(() => resolve('abandoned'), ABORT_GRACE_MS)
      }
      control.abort.addEventListener('abort', begin, { once: true })
    })
    try {
      return await Promise.race([work.then((value) => ({ value })), givenUp])
    } finally {
      clearTimeout(timer)
    }
  }

  #ended(name: string, control: MacroControl, tell: (entry: { state: 'stop' | 'abort' }) => void): RunnerOutcome {
    const aborted = control.abort.aborted
    tell({ state: aborted ? 'abort' : 'stop' })
    this.#options.scans.outbox.lines('debug', [
      `[ENDEX] (${aborted ? 'AbortException' : 'StopException'}) runMacro ${name}`,
    ])
    return { end: aborted ? 'aborted' : 'stopped' }
  }

  #failed(
    name: string,
    error: unknown,
    tell: (entry: { state: 'exception'; exc_type: string; exc_value: string; exc_stack: readonly string[] }) => void,
  ): RunnerOutcome {
    const { outbox } = this.#options.scans
    tell({ state: 'exception', ...exceptionFields(error) })
    outbox.lines('error', errorLines(name, error))
    outbox.lines('info', ['Hint: in Spock execute `www` to get more details'])
    return { end: 'failed', error }
  }

  #requestServices(control: MacroControl): RequestServices {
    const { scans, library, uses } = this.#options
    return {
      scans,
      library,
      control,
      names: this.names,
      uses: (elements) => {
        const fresh = elements.filter((e) => !this.#used.has(e.device))
        if (fresh.length === 0) return
        for (const element of fresh) this.#used.set(element.device, element)
        uses(fresh.map((e) => e.name))
      },
      nextAnswer: (signal) => this.#nextAnswer(signal),
    }
  }

  async #nextAnswer(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted()
    return await new Promise<string>((resolve, reject) => {
      const onAbort = () => reject(signal.reason)
      this.#answer = (text) => {
        signal.removeEventListener('abort', onAbort)
        resolve(text)
      }
      signal.addEventListener('abort', onAbort, { once: true })
    }).finally(() => {
      this.#answer = undefined
    })
  }
}
