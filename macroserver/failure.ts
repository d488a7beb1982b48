// A macro's failure as people and clients read it: lines for Error, and the fields of an `exception` status.

import { DevFailed, toDevFailed } from '#tango/pure'
import type { MacroStatusEntry } from './messages.ts'

/** Frames of the program that are shown, at most. */
const MOST_FRAMES = 10

/** Lines for the attribute Error: what ran, the first cause, and what failed because of it. */
export function errorLines(name: string, error: unknown): string[] {
  const [cause, ...above] = levelsOf(error)
  return [
    `An error occurred while running ${name}:`,
    ...`${cause?.reason}: ${cause?.desc}`.split('\n'),
    ...above.map(({ desc }) => `  therefore: ${desc}`),
  ]
}

/**
 * The fields that an `exception` status has beside the common ones; each line ends with a line feed.
 * @param frames whether the place in the program says something
 */
export function exceptionFields(
  error: unknown,
  frames = true,
): Required<Pick<MacroStatusEntry, 'exc_type' | 'exc_value' | 'exc_stack'>> {
  const levels = levelsOf(error)
  return {
    exc_type: levels[0]?.reason ?? 'Error',
    exc_value: levels[0]?.desc ?? '',
    exc_stack: [
      'Errors, the first cause first:',
      ...levels.map(
        ({ reason, desc, origin }) =>
          `  ${reason}: ${desc}${origin === '' || origin === 'unknown' ? '' : ` (${origin})`}`,
      ),
      ...(frames ? framesOf(error) : []),
    ].flatMap((text) => text.split('\n').map((line) => `${line}\n`)),
  }
}

/** Levels from the first cause to the last one; errors of the language keep their own name. */
function levelsOf(error: unknown): readonly { reason: string; desc: string; origin: string }[] {
  if (error instanceof Error && !(error instanceof DevFailed))
    return [{ reason: error.name, desc: error.message, origin: '' }]
  return toDevFailed(error).errors
}

/** Where in the program it was thrown, without Node's own frames. */
function framesOf(error: unknown): string[] {
  if (!(error instanceof Error)) return []
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line) && !line.includes('node:'))
  return frames.length === 0
    ? []
    : ['Called from, the last call first:', ...frames.slice(0, MOST_FRAMES).map((line) => `  ${line.trim()}`)]
}
