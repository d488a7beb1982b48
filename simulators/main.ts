// Entry of the simulator process: reads its configuration, starts the boxes, says where they are, ends with its parent.
import { readFile } from 'node:fs/promises'
import { readConfig } from './config.ts'
import { Simulation } from './simulation.ts'

try {
  const simulation = await Simulation.start(readConfig(await configFromArguments(process.argv.slice(2))))
  endWithParent(simulation)
  const { boxes, control } = simulation
  process.stdout.write(`${JSON.stringify({ ready: true, boxes, control })}\n`)
} catch (error) {
  process.stderr.write(`simulators: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

/** Ends with code 0 on SIGTERM, SIGINT, or when whoever started us closes our standard input. */
function endWithParent(simulation: Simulation): void {
  const end = () => {
    // Whatever closing meets, the process must not stay behind.
    simulation.close().finally(() => process.exit(0))
  }
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
  process.stdin.once('end', end)
  process.stdin.once('close', end)
  process.stdin.once('error', end)
  process.stdin.resume()
  // A parent that died leaves a broken pipe; its stdin end follows.
  process.stdout.on('error', end)
}

async function configFromArguments(argv: readonly string[]): Promise<unknown> {
  if (argv.length === 0) return {}
  const [flag, value] = argv
  if (flag !== '--config' || value === undefined || argv.length > 2) {
    throw new Error('usage: main.js [--config JSON|FILE]')
  }
  const inline = value.trimStart().startsWith('{')
  const text = inline ? value : await readFile(value, 'utf8')
  try {
    return JSON.parse(text)
  } catch (cause) {
    const place = inline ? '--config' : value
    throw new Error(`${place}: no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}
