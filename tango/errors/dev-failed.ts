// DevFailed: the only error that crosses a process (Tango IDL, exceptions DevFailed and MultiDevFailed).

/** How bad one level of the stack is, in wire order. */
export const SEVERITIES = ['WARN', 'ERR', 'PANIC'] as const

/** Severity of one error. */
export type Severity = (typeof SEVERITIES)[number]

/** One level of the stack; element 0 is the first cause. */
export interface DevError {
  readonly reason: string
  readonly severity: Severity
  readonly desc: string
  readonly origin: string
}

/** Tango's exception with its stack; `message` shows the last level first. */
export class DevFailed extends Error {
  readonly errors: readonly DevError[]

  constructor(errors: readonly DevError[]) {
    super(
      errors
        .map((e) => `${e.reason}: ${e.desc}`)
        .reverse()
        .join(' <- '),
    )
    this.name = 'DevFailed'
    this.errors = errors
  }

  /** Reason of the first cause. */
  get reason(): string {
    return this.errors[0]?.reason ?? ''
  }

  /** Whether any level has this reason. */
  has(reason: string): boolean {
    return this.errors.some((e) => e.reason === reason)
  }
}

/** One failed member of a call on several attributes. */
export interface NamedDevError {
  readonly name: string
  /** Position in the call, from 0. */
  readonly index: number
  readonly errors: readonly DevError[]
}

/** Failure of some attributes of a write call; the others were written. */
export class MultiDevFailed extends DevFailed {
  readonly failures: readonly NamedDevError[]

  constructor(failures: readonly NamedDevError[]) {
    super(failures.flatMap((f) => f.errors))
    this.name = 'MultiDevFailed'
    this.failures = failures
  }
}

/** Options of {@link devFailed}. */
export interface DevFailedOptions {
  /** What went wrong below; its levels come first. */
  readonly cause?: unknown
  /** `Class.method`; taken from the call stack when absent. */
  readonly origin?: string
  readonly severity?: Severity
}

/**
 * Makes a DevFailed, on top of the levels of `cause`.
 * @param reason one of `REASONS`
 * @param desc names the device, the value and the limit, and says what to do
 */
export function devFailed(reason: string, desc: string, options: DevFailedOptions = {}): DevFailed {
  const level: DevError = {
    reason,
    severity: options.severity ?? 'ERR',
    desc,
    origin: options.origin ?? callerOf(new Error().stack),
  }
  const below = options.cause === undefined ? [] : toDevFailed(options.cause).errors
  return new DevFailed([...below, level])
}

/** Any thrown value as DevFailed; what is not one becomes `Internal_Error`. */
export function toDevFailed(thrown: unknown): DevFailed {
  if (thrown instanceof DevFailed) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return new DevFailed([
    { reason: 'Internal_Error', severity: 'ERR', desc: error.message, origin: callerOf(error.stack, 1) },
  ])
}

/** Function named in line `depth` of a stack (line 0 is the message). */
function callerOf(stack: string | undefined, depth = 2): string {
  const frames = stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? []
  const match = /at (?:async )?(?:new )?([\w$.<>]+) \(/.exec(frames[depth - 1] ?? '')
  return match?.[1] ?? 'unknown'
}
