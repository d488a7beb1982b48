// `npm run bench [-- section ...] [--quick]`: measures in one run on this machine and prints tables. Nothing is asserted.

import { callRates } from './call-rate.ts'
import { databases } from './database.ts'
import { libraryMode } from './library-mode.ts'
import { manyDevices } from './many-devices.ts'
import { load, machine, say } from './report.ts'
import { scanDeadTime } from './scan-dead-time.ts'
import { startUp } from './start-up.ts'
import { tangoCalls } from './tango-calls.ts'

/** Options of every section. */
export interface BenchOptions {
  readonly rounds: number
  /** Duration of one sample of the call rates, s. */
  readonly seconds: number
}

const SECTIONS = {
  scans: scanDeadTime,
  library: libraryMode,
  startup: startUp,
  calls: callRates,
  tango: tangoCalls,
  devices: manyDevices,
  database: databases,
} as const

const words = process.argv.slice(2)
const quick = words.includes('--quick')
const named = words.filter((word) => !word.startsWith('--'))
const wrong = [
  ...named.filter((name) => !(name in SECTIONS)),
  ...words.filter((word) => word.startsWith('--') && word !== '--quick'),
]
if (wrong.length > 0) {
  say(`usage: npm run bench [-- section ...] [--quick]; sections: ${Object.keys(SECTIONS).join(', ')}`)
  process.exit(2)
}

say('# Bandoneon benchmarks\n')
machine()
const options: BenchOptions = quick ? { rounds: 3, seconds: 0.2 } : { rounds: 7, seconds: 0.5 }
for (const [name, run] of Object.entries(SECTIONS)) {
  if (named.length > 0 && !named.includes(name)) continue
  say()
  try {
    await run(options)
  } catch (error) {
    say(`section ${name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    process.exitCode = 1
  }
}
say(`load average at the end ${load()}`)
// servers that did not end must not keep the run alive
process.exit()
