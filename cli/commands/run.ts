// `bandoneon run`: runs a macro on a door and shows what it says; Ctrl-C stops it, a second one aborts, a third one releases.

import { door } from '#interfaces/door'
import { type DeviceProxy, type DevState, decodeEncoded, type TangoProcess } from '#tango'
import { devFailed } from '#tango/pure'
import { type CommandContext, defineCommand, EXIT, UsageError } from '../command.ts'
import { type Screen, screenFor } from '../screen.ts'

type Outcome = 'finish' | 'stop' | 'abort' | 'exception'
type DoorProxy = DeviceProxy<typeof door>

/** How often the state is read beside the events, so that a lost event cannot hang the command, ms. */
const CHECK_MS = 2_000
/** Turns of waiting for the outcome once the door is idle again. */
const SILENT_TURNS = 2
/** Reads that may fail in a row before the door counts as lost. */
const LOST_AFTER = 5

export default defineCommand({
  usage: '[--door <device>] <macro> [parameter ...]',
  doc: 'Runs a macro; Ctrl-C stops it, twice aborts it.',
  options: {
    door: { type: 'string', doc: 'door device or alias; needed when several are running' },
    quiet: { type: 'boolean', doc: 'no progress bar' },
  },
  async run(context) {
    const words = context.arguments.length === 1 ? splitWords(context.arguments[0] ?? '') : context.arguments
    if (words.length === 0) throw new UsageError('name the macro')
    const tango = await context.connect()
    const name = typeof context.options.door === 'string' ? context.options.door : await onlyDoor(tango)
    const screen = screenFor(process.stdout, context.options.quiet !== true)
    const outcome = await runOnDoor(tango, tango.proxy(name, door), words, screen, context)
    screen.end()
    return { finish: EXIT.done, exception: EXIT.failed, stop: EXIT.stopped, abort: EXIT.aborted }[outcome]
  },
})

async function runOnDoor(
  tango: TangoProcess,
  proxy: DoorProxy,
  words: readonly string[],
  screen: Screen,
  context: CommandContext,
): Promise<Outcome> {
  let outcome: Outcome | undefined
  let started = false
  const news = new Signal()
  for (const [attribute, show] of [
    ['output', (lines: readonly string[]) => screen.lines(lines)],
    ['info', (lines: readonly string[]) => screen.lines(lines)],
    ['warning', (lines: readonly string[]) => screen.lines(lines.map((l) => `Warning: ${l}`))],
    ['error', (lines: readonly string[]) => screen.lines(lines.map((l) => `Error: ${l}`))],
  ] as const)
    await proxy.subscribe(attribute, 'change', (e) => {
      if (started && e.reading?.value !== undefined) show(e.reading.value as readonly string[])
    })
  await proxy.subscribe('macroStatus', 'change', (e) => {
    const value = e.reading?.value
    if (!started || value === undefined) return
    const status = statusOf(decodeEncoded(value as Parameters<typeof decodeEncoded>[0]))
    if (status?.step !== undefined) screen.progress(status.step)
    if (status !== undefined && isOutcome(status.state)) {
      outcome = status.state
      news.raise()
    }
  })
  let state: DevState | undefined
  await proxy.subscribe('State', 'change', (e) => {
    if (started && e.reading?.value !== undefined) {
      state = e.reading.value as DevState
      news.raise()
    }
  })
  context.onInterrupt((count) => {
    const command = count === 1 ? 'stopMacro' : count === 2 ? 'abortMacro' : 'releaseMacro'
    screen.lines([`${count === 1 ? 'stopping' : count === 2 ? 'aborting' : 'releasing'} ...`])
    proxy.command(command).catch((error: unknown) => screen.lines([`Error: ${command}: ${String(error)}`]))
  })
  started = true
  await proxy.command('runMacro', words, { timeoutMs: 10_000 })
  let failures = 0
  let busySeen = false
  let silent = 0
  for (;;) {
    await news.wait(CHECK_MS, tango)
    let read: DevState | undefined
    try {
      // the events say it first; the read is the net below them
      read = state ?? (await proxy.state())
      if (news.timedOut) read = await proxy.state()
      failures = 0
    } catch (error) {
      failures += 1
      if (failures >= LOST_AFTER)
        throw devFailed('API_CommunicationFailed', `${proxy.name} does not answer any more`, { cause: error })
      continue
    }
    if (read === 'RUNNING' || read === 'STANDBY') busySeen = true
    else if (outcome !== undefined) return outcome
    else if (busySeen || news.timedOut) {
      // the events may still be on their way; after that, a door that is idle again without a word was restarted
      silent += 1
      if (silent < SILENT_TURNS) continue
      screen.lines([
        `Error: ${proxy.name} is ${read} again without saying how the macro ended; its server was probably restarted`,
      ])
      return 'exception'
    }
  }
}

/** Something to wait for that others raise. */
class Signal {
  timedOut = false
  #raised = false
  #wake: (() => void) | undefined

  raise(): void {
    this.#raised = true
    this.#wake?.()
  }

  async wait(timeoutMs: number, tango: TangoProcess): Promise<void> {
    this.timedOut = false
    if (!this.#raised)
      await new Promise<void>((resolve) => {
        const cancel = tango.clock.setTimer(timeoutMs, () => {
          this.timedOut = true
          resolve()
        })
        this.#wake = () => {
          cancel()
          resolve()
        }
      })
    this.#raised = false
    this.#wake = undefined
  }
}

async function onlyDoor(tango: TangoProcess): Promise<string> {
  const doors = await tango.database().exportedDevicesOfClass('Door')
  if (doors.length === 1 && doors[0] !== undefined) return doors[0]
  throw new UsageError(
    doors.length === 0
      ? 'no door is running; start a facility or name one with --door'
      : `several doors are running (${doors.join(', ')}); name one with --door`,
  )
}

/** Words of a macro line; quotes keep blanks together. */
function splitWords(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '')
}

function statusOf(value: unknown): { state: string; step?: number } | undefined {
  const last: unknown = Array.isArray(value) ? value.at(-1) : value
  if (typeof last !== 'object' || last === null || !('state' in last)) return undefined
  const step = 'step' in last && typeof last.step === 'number' ? last.step : undefined
  return { state: String(last.state), ...(step === undefined ? {} : { step }) }
}

function isOutcome(state: string): state is Outcome {
  return state === 'finish' || state === 'stop' || state === 'abort' || state === 'exception'
}
