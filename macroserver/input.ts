// Questions of a macro to the person at the console, in the form of the Door's attribute `Input`.

import { devFailed, parseJson } from '#tango/pure'
import type { InputRequest } from './macro.ts'

/** How the answers reach the console and come back. */
export interface InputLine {
  readonly macro: { readonly id: string | null; readonly name: string }
  ask(request: string): void
  warn(line: string): void
  /** Resolves with the next text written to `Input`; rejects when the macro is stopped. */
  nextAnswer(signal: AbortSignal): Promise<string>
}

/**
 * Asks until the answer fits.
 * @throws DevFailed `Macro_Failed` when the person cancels, or when the time is over and there is no default
 */
export async function askInput(
  prompt: string,
  request: InputRequest,
  line: InputLine,
  ended: AbortSignal,
): Promise<unknown> {
  const { type = 'String', timeoutS } = request
  const time = timeoutS === undefined ? undefined : AbortSignal.timeout(timeoutS * 1000)
  const signal = time === undefined ? ended : AbortSignal.any([ended, time])
  const text = JSON.stringify({
    type: 'input',
    prompt: request.default === undefined ? prompt : `${prompt.replace(/\?\s*$/, '')} [${String(request.default)}]? `,
    data_type: type,
    ...(request.default === undefined ? {} : { default_value: request.default }),
    timeout: timeoutS ?? null,
    allow_multiple: false,
    macro_id: line.macro.id,
    macro_name: line.macro.name,
  })
  for (;;) {
    line.ask(text)
    let written: string
    try {
      written = await line.nextAnswer(signal)
    } catch (error) {
      if (ended.aborted || time?.aborted !== true) throw error
      line.ask(JSON.stringify({ type: 'timeout', macro_id: line.macro.id, default_value: request.default ?? null }))
      if (request.default !== undefined) return request.default
      throw devFailed('Macro_Failed', `nobody answered '${prompt}' within ${timeoutS} s`)
    }
    const { input, cancel } = answerOf(written)
    if (cancel) throw devFailed('Macro_Failed', `the question '${prompt}' was cancelled`)
    const value = convert(input, type)
    if (value !== undefined) return value
    line.warn(
      Array.isArray(type)
        ? `Please give one of ${type.join(', ')}.`
        : `Please give a valid ${String(type).toLowerCase()}.`,
    )
  }
}

function answerOf(written: string): { input: unknown; cancel: boolean } {
  let answer: unknown = written
  try {
    answer = parseJson(written)
  } catch {
    // a plain text is an answer too
  }
  if (typeof answer !== 'object' || answer === null) return { input: answer, cancel: false }
  const { input, cancel } = { input: undefined, cancel: false, ...answer }
  return { input, cancel: cancel === true }
}

function convert(input: unknown, type: NonNullable<InputRequest['type']>): unknown {
  const text = String(input ?? '').trim()
  if (typeof type !== 'string') return type.find((choice) => choice === text)
  switch (type) {
    case 'String':
      return String(input ?? '')
    case 'Boolean':
      return /^(true|yes|y|on|1)$/i.test(text) ? true : /^(false|no|n|off|0)$/i.test(text) ? false : undefined
    case 'Float':
      return text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined
    case 'Integer':
      return text !== '' && Number.isSafeInteger(Number(text)) ? Number(text) : undefined
  }
}
