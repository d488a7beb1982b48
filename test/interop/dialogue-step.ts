// One step of the recorded dialogue with the native database.

import { DevFailed } from '../../tango/errors/dev-failed.ts'

/** A command with what the native database said. */
export interface Step {
  readonly command: string
  readonly argument: unknown
  readonly result?: unknown
  readonly error?: { readonly reason: string }
}

/** What our handlers say to a step. */
export function ask(commands: object, { command, argument }: Step): unknown {
  const key = command.charAt(0).toLowerCase() + command.slice(1)
  try {
    const result: unknown = Reflect.get(commands, key)(argument)
    if (typeof result === 'object' && result !== null && 'lvalue' in result && result.lvalue instanceof Int32Array) {
      return { result: { ...result, lvalue: [...result.lvalue] } }
    }
    return { result: result ?? null }
  } catch (error) {
    if (error instanceof DevFailed) return { reason: error.reason }
    throw error
  }
}

/** A reply as text, without its times. */
export function undated(value: unknown): string {
  return JSON.stringify(value)
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'DATE')
    .replace(/\d+(st|nd|rd|th) \w+ \d{4} at \d\d:\d\d:\d\d/g, 'SPOKEN')
}
