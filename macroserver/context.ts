// What a macro can do, for one call: every method works detached (`run({ move }, ...)`), and everything that waits ends
// when the request is stopped.

import { devFailed } from '#tango/pure'
import type { MacroControl } from './control.ts'
import { askInput, type InputLine } from './input.ts'
import { type MacroLibrary, moduleOf } from './library.ts'
import type { ElementReference, MacroContext } from './macro.ts'
import type { LogChannel, MacroStatusEntry } from './messages.ts'
import { didYouMean } from './nearest.ts'
import { type MacroArguments, macroTitle, type ParameterNames, rawValues, readArguments } from './parameters.ts'
import { linkStops, refuseFailedChannels, refuseIncompleteMotion, throwIfEnded } from './scan/outcomes.ts'
import { runScan, type ScanServices } from './scan/scan-run.ts'

/** What the calls of one request share. */
export interface RequestServices {
  readonly scans: ScanServices
  readonly library: MacroLibrary
  readonly names: ParameterNames
  readonly control: MacroControl
  /** Elements that are used from now on. */
  uses(elements: readonly ElementReference[]): void
  nextAnswer(signal: AbortSignal): Promise<string>
}

/** One call of a macro. */
export interface MacroCallState {
  readonly name: string
  readonly title: string
  /** Id of the outermost macro of the request. */
  readonly id: string | null
  /** Progress as an entry of the status; undefined for macros that others run. */
  step(percent: number): MacroStatusEntry | undefined
}

/** Makes the context of a call. */
export function contextOf(call: MacroCallState, services: RequestServices): MacroContext {
  const { scans, library, control, names, uses } = services
  const { pool, outbox, environment } = scans
  const say =
    (channel: LogChannel) =>
    (...lines: readonly string[]) =>
      outbox.lines(
        channel,
        lines.flatMap((line) => line.split('\n')),
      )
  const output = say('output')

  /** Runs `work` while stop and abort reach the elements. */
  const using = async <T>(elements: readonly ElementReference[], work: () => Promise<T>): Promise<T> => {
    throwIfEnded(control)
    uses(elements)
    const unlink = linkStops(pool, control, elements)
    try {
      return await work()
    } catch (error) {
      throwIfEnded(control)
      throw error
    } finally {
      unlink()
    }
  }

  const activeMeasurementGroup = (): ElementReference => {
    const name = environment.of(call.name).get('ActiveMntGrp')
    const group = pool.find(String(name))
    if (group?.type === 'MeasurementGroup') return group
    const groups = pool.elements('MeasurementGroup').map((g) => g.name)
    const why =
      pool.unreachable.length > 0
        ? `the pool ${pool.unreachable.join(', ')} is not reachable`
        : `there are ${groups.join(', ') || 'none'}`
    throw devFailed(
      'Element_Unknown',
      `ActiveMntGrp is '${String(name)}', which is no measurement group: ${why}${didYouMean(String(name), groups)}`,
    )
  }

  return {
    signal: control.signal,
    environment: environment.of(call.name),
    output,
    info: say('info'),
    warning: say('warning'),
    error: say('error'),
    debug: say('debug'),
    outputBlock: (lines) => output('<BLOCK>', ...lines, '</BLOCK>'),
    positions: (moveables) => pool.positions(moveables),
    limits: (moveable) => pool.limits(moveable),
    elements: (interfaceName) => pool.elements(interfaceName),
    activeMeasurementGroup,
    macros: () => library.all().map(({ name, file, macro }) => ({ name, module: moduleOf(file), doc: macro.doc })),

    stepScan: async (options) => {
      const group = options.group ?? activeMeasurementGroup()
      uses([...options.moveables, group])
      return await runScan({ ...options, group }, call, control, scans)
    },

    move: async (targets) => {
      const moveables = targets.map((t) => t.moveable)
      const positions = targets.map((t) => t.position)
      return await using(moveables, async () => {
        for (const { moveable, position } of targets)
          outbox.lines('debug', [`Starting ${moveable.name} movement to ${position}`])
        const moved = await pool.moveTo(moveables, positions, control.abort)
        throwIfEnded(control)
        refuseIncompleteMotion(moveables, positions, moved)
        return [...moved.dvalue]
      })
    },

    count: async (group, integrationTime) =>
      await using([group], async () => {
        const prepared = await pool.prepareGroup(group, integrationTime, 1)
        const acquired = await prepared.acquire(0, control.abort)
        throwIfEnded(control)
        const labels = prepared.channels.map((c) => c.label)
        refuseFailedChannels(labels, acquired)
        return new Map(labels.map((label, i) => [label, acquired.dvalue[i + 2] ?? Number.NaN]))
      }),

    run: async (name, ...parameters) => {
      throwIfEnded(control)
      const { macro } = library.get(name)
      const values: MacroArguments = readArguments(name, macro, rawValues(parameters), names)
      const inner: MacroCallState = { name, title: macroTitle(name, macro, values), id: call.id, step: () => undefined }
      return await macro.run(contextOf(inner, services), values)
    },

    progress: (percent) => {
      const status = call.step(Math.min(100, Math.max(0, percent)))
      if (status !== undefined) outbox.add({ kind: 'status', status })
    },

    input: async (prompt, request = {}) => {
      const line: InputLine = {
        macro: { id: call.id, name: call.name },
        ask: (text) => {
          outbox.add({ kind: 'input', request: text })
          outbox.flush()
        },
        warn: (text) => outbox.lines('warning', [text]),
        nextAnswer: services.nextAnswer,
      }
      throwIfEnded(control)
      try {
        return await askInput(prompt, request, line, control.signal)
      } catch (error) {
        throwIfEnded(control)
        throw error
      }
    },

    checkPoint: async () => {
      throwIfEnded(control)
      await control.pausePoint()
      throwIfEnded(control)
    },

    sleep: async (seconds) => {
      throwIfEnded(control)
      try {
        await scans.tango.clock.sleep(seconds * 1000, control.signal)
      } catch (error) {
        throwIfEnded(control)
        throw error
      }
    },
  }
}
