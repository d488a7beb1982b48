// Runs the Python script of the differential test of databases, and compares what two databases have answered.
import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { runPython } from '../support/peers.ts'

const SCRIPT = fileURLToPath(new URL('../../../test/interop/python/database_differential.py', import.meta.url))
const SCRIPT_MS = 120_000
const MIN_STEPS = 3500

/** Answers by the name of the step. */
export type Answers = Readonly<Record<string, unknown>>

/** Steps whose answers may differ. */
export interface Allowed {
  readonly steps: RegExp
  /** What the native answer, as JSON, must look like. */
  readonly native?: RegExp
  /** What ours must look like. */
  readonly ours?: RegExp
  readonly why: string
}

/** Makes all calls to the database at an address. */
export async function drive(address: string): Promise<Answers> {
  const { code, stdout, stderr } = await runPython(SCRIPT, [address], { timeoutMs: SCRIPT_MS })
  assert.equal(code, 0, `the script failed for ${address}: ${stderr}`)
  return JSON.parse(stdout) as Answers
}

/**
 * Fails with all differences that no rule allows. The words of an error are not compared, and neither is whether its
 * origin ends in `()`, of which the native server is not sure either.
 */
export function compare(native: Answers, ours: Answers, allowed: readonly Allowed[]): void {
  const steps = Object.keys(native)
  assert.ok(steps.length > MIN_STEPS, `only ${steps.length} steps were taken`)
  assert.deepEqual(Object.keys(ours), steps)
  const used = new Set<Allowed>()
  const unexpected = steps.filter((step) => {
    const [theirs, own] = [native[step], ours[step]].map((answer) => JSON.stringify(plain(answer)))
    if (theirs === own) return false
    const rules = allowed.filter(
      (rule) =>
        rule.steps.test(step) && rule.native?.test(theirs ?? '') !== false && rule.ours?.test(own ?? '') !== false,
    )
    for (const rule of rules) used.add(rule)
    return rules.length === 0
  })
  const text = (step: string): string =>
    `${step}\n  native ${JSON.stringify(native[step])}\n  ours   ${JSON.stringify(ours[step])}`
  assert.equal(unexpected.map(text).join('\n'), '')
  // a rule that nothing needs any more hides the next defect
  assert.deepEqual(
    allowed.filter((rule) => !used.has(rule)).map((rule) => rule.why),
    [],
  )
}

/** An answer without what is not compared. */
function plain(answer: unknown): unknown {
  if (Array.isArray(answer)) return answer.map(plain)
  if (typeof answer !== 'object' || answer === null) return answer
  const entries = Object.entries(answer).map(([key, value]: [string, unknown]) => {
    if ('reason' in answer && key === 'desc') return [key, typeof value === 'string' && value !== '']
    if ('reason' in answer && key === 'origin') return [key, String(value).replace(/\(\)$/, '')]
    return [key, plain(value)]
  })
  return Object.fromEntries(entries)
}
