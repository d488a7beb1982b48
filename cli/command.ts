// What a command of the command line is: one file in `commands/` with one of these as default export.

import type { TangoProcess } from '#tango'

/** Exit codes, as scripts rely on them. */
export const EXIT = { done: 0, failed: 1, usage: 2, stopped: 130, aborted: 131 } as const

/** Value of one parsed option. */
export type OptionValue = string | boolean | undefined

/** One `--option`. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean'
  readonly doc: string
  readonly short?: string
}

/** What a command is run with. */
export interface CommandContext {
  readonly arguments: readonly string[]
  readonly options: Readonly<Record<string, OptionValue>>
  /** Opens the client side of Tango to the facility of `--host`, `TANGO_HOST`, `run.json` or the default; the caller need not close it. */
  connect(): Promise<TangoProcess>
  out(line: string): void
  err(line: string): void
  /** Resolves a hanging command at Ctrl-C; the callback gets the count of Ctrl-Cs so far. */
  onInterrupt(callback: (count: number) => void): void
}

/** One command. */
export interface CliCommand {
  readonly kind: 'command'
  /** After the name: `<device>/<attribute> [value]`. */
  readonly usage: string
  readonly doc: string
  readonly options?: Readonly<Record<string, OptionSpec>>
  /** Leave everything after the name to the command, as `serve` does with native options. */
  readonly raw?: boolean
  /** @returns the exit code */
  run(context: CommandContext): Promise<number>
}

/** Declares a command. */
export function defineCommand(command: Omit<CliCommand, 'kind'>): CliCommand {
  return { kind: 'command', ...command }
}

/** A wrong command line: exit code 2 and the usage. */
export class UsageError extends Error {}
