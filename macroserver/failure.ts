// A macro's failure as people and clients read it: lines for Error, and the fields of an `exception` status.

import { DevFailed, toDevFailed } from '#tango/pure'
import type { MacroStatusEntry } from './messages.ts'

/** Frames of the program that are shown, at most. */
const MOST_FRAMES = 10

/** Lines for the attribute Error: what ran, then the errors, the last level first. */
export function errorLines(name: string, error: unknown): string[] {
  return [`An error occurred while running ${name}:`, ...levelsOf(error).map(({ reason, desc }, i) => `${i === 0 ? '' : 'because: '}${reason}: ${desc}`)]
}

/** The fields that an `exception` status has beside the common ones; each line ends with a line feed. */
export function exceptionFields(error: unknown): Required<Pick<MacroStatusEntry, 'exc_type' | 'exc_value' | 'exc_stack'>> {
  const levels = levelsOf(error)
  const [top] = levels
  return {
    exc_type: top?.reason ?? 'Error',
    exc_value: top?.desc ?? '',
    exc_stack: [
      'Errors, the first cause last:',
      ...levels.map(({ reason, desc, origin }) => `  ${reason}: ${desc}${origin === '' || origin === 'unknown' ? '' : ` (${origin})`}`),
      ...framesOf(error),
    ].map((line) => `${line}\n`),
  }
}

/** Levels from the last one to the first cause; errors of the language keep their own name. */
function levelsOf(error: unknown): readonly { reason: string; desc: string; origin: string }[] {
  if (error instanceof Error && !(error instanceof DevFailed)) return [{ reason: error.name, desc: error.message, origin: '' }]
  return [...toDevFailed(error).errors].reverse()
}

/** Where in the program it was thrown, without Node's own frames. */
function framesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && !line.includes('node:'))
  return frames.length === 0 ? [] : ['Called from, the last call first:', ...frames.slice(0, MOST_FRAMES).map((line) => `  ${line.trim()}`)]
}
