#!/usr/bin/env node
// `bandoneon <command>`: finds the command's file, parses its options, runs it, ends with its exit code.

import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { TangoProcess } from '#tango'
import { DevFailed } from '#tango/pure'
import { type CliCommand, type CommandContext, EXIT, type OptionSpec, UsageError } from './command.ts'
import { findTangoHost } from './facility-address.ts'

const folder = join(dirname(fileURLToPath(import.meta.url)), 'commands')
const COMMON: Readonly<Record<string, OptionSpec>> = {
  host: { type: 'string', doc: 'host:port of the Tango database' },
  help: { type: 'boolean', short: 'h', doc: 'show this help' },
}

async function main(argv: readonly string[]): Promise<number> {
  const { rest, plugins } = leadingOptions(argv)
  const [name, ...words] = rest
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    await showCommands()
    return name === undefined ? EXIT.usage : EXIT.done
  }
  if (name === '--version') {
    print(version())
    return EXIT.done
  }
  const command = await loadCommand(name)
  if (command === undefined) {
    complain(`bandoneon: there is no command '${name}'; there are ${commandNames().join(', ')}`)
    return EXIT.usage
  }
  return await runCommand(name, command, words, plugins)
}

async function runCommand(
  name: string,
  command: CliCommand,
  words: readonly string[],
  plugins: readonly string[],
): Promise<number> {
  const interrupts: ((count: number) => void)[] = []
  let interrupted = 0
  const onSignal = () => {
    interrupted += 1
    if (interrupts.length === 0) process.exit(EXIT.stopped)
    for (const callback of interrupts) callback(interrupted)
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  let tango: TangoProcess | undefined
  try {
    const specs = { ...COMMON, ...command.options }
    const parsed =
      command.raw === true ? { values: { plugins: plugins.join(',') }, positionals: words } : parse(words, specs)
    if ('help' in parsed.values && parsed.values.help === true) {
      print(helpOf(name, command))
      return EXIT.done
    }
    const context: CommandContext = {
      arguments: parsed.positionals,
      options: parsed.values,
      out: print,
      err: complain,
      onInterrupt: (callback) => interrupts.push(callback),
      connect: async () => {
        const host = 'host' in parsed.values && typeof parsed.values.host === 'string' ? parsed.values.host : undefined
        const { createLogger, TangoProcess: Process } = await import('#tango')
        tango ??= await Process.create({
          listen: false,
          tangoHost: findTangoHost(host, process.env),
          log: createLogger({ level: 'ERROR' }),
        })
        return tango
      },
    }
    return await command.run(context)
  } catch (error) {
    return reportFailure(name, command, error)
  } finally {
    await tango?.close()
  }
}

function reportFailure(name: string, command: CliCommand, error: unknown): number {
  if (error instanceof UsageError) {
    complain(`bandoneon ${name}: ${error.message}`)
    complain(`usage: bandoneon ${name} ${command.usage}`)
    return EXIT.usage
  }
  if (error instanceof DevFailed) {
    for (const level of [...error.errors].reverse()) complain(`bandoneon ${name}: ${level.desc} (${level.reason})`)
    return EXIT.failed
  }
  complain(`bandoneon ${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  return EXIT.failed
}

function parse(words: readonly string[], specs: Readonly<Record<string, OptionSpec>>) {
  const options = Object.fromEntries(
    Object.entries(specs).map(([key, spec]) => [
      key,
      { type: spec.type, ...(spec.short === undefined ? {} : { short: spec.short }) },
    ]),
  )
  try {
    // negative numbers are values, not options
    const guarded = words.map((w) => (/^-\.?\d/.test(w) ? `\0${w}` : w))
    const { values, positionals } = parseArgs({ args: guarded, options, allowPositionals: true })
    return {
      values: values as Record<string, string | boolean | undefined>,
      positionals: positionals.map((p) => p.replace(/^\0/, '')),
    }
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

/** `--plugins` may stand before the command: `bandoneon --plugins folder serve ...`. */
function leadingOptions(argv: readonly string[]): { rest: readonly string[]; plugins: readonly string[] } {
  if (argv[0] !== '--plugins') return { rest: argv, plugins: [] }
  return { rest: argv.slice(2), plugins: (argv[1] ?? '').split(',') }
}

function commandNames(): string[] {
  return readdirSync(folder)
    .filter((f) => /^[\w-]+\.(js|ts)$/.test(f) && !f.endsWith('.d.ts'))
    .map((f) => f.replace(/\.\w+$/, ''))
    .sort()
}

async function loadCommand(name: string): Promise<CliCommand | undefined> {
  const file = ['js', 'ts'].map((ending) => join(folder, `${name}.${ending}`)).find((f) => existsSync(f))
  if (file === undefined || !/^[\w-]+$/.test(name)) return undefined
  const module: { default: CliCommand } = await import(pathToFileURL(file).href)
  return module.default
}

async function showCommands(): Promise<void> {
  print('usage: bandoneon <command> [arguments]\n')
  for (const name of commandNames()) {
    const command = await loadCommand(name)
    print(`  ${name.padEnd(9)} ${command?.doc ?? ''}`)
  }
  print('\n`bandoneon <command> --help` shows the options of a command.')
}

function helpOf(name: string, command: CliCommand): string {
  const options = Object.entries({ ...command.options, ...COMMON })
  const lines = options.map(
    ([key, spec]) => `  --${key}${spec.type === 'string' ? ' <value>' : ''}`.padEnd(28) + spec.doc,
  )
  return [`usage: bandoneon ${name} ${command.usage}`, '', command.doc, '', ...lines].join('\n')
}

function version(): string {
  return process.env.npm_package_version ?? '0.1.0'
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`)
}

process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed),
)
process.exitCode = await main(process.argv.slice(2))
