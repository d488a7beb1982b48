// The program under attack, in a process of its own: a server with two one-of-everything devices, without a database. It
// tells where it listens and, when asked, how much memory and how many handles it has.

import { type ServerLimits, silentLogger, TangoProcess } from '#tango'
import { EverythingDevice, everything } from '../support/everything-device.ts'
import { CodeCoverage } from './code-coverage.ts'
import { BYSTANDER, VICTIM } from './devices.ts'

/** What the parent asks. */
export type Question = { readonly kind: 'measure' | 'calls' | 'coverage' | 'stop' }

/** What the program says. */
export type TargetMessage =
  | {
      readonly kind: 'ready'
      readonly host: string
      readonly port: number
      readonly unixPath: string
      readonly admin: string
    }
  | ({ readonly kind: 'measured' } & TargetState)
  | { readonly kind: 'called'; readonly calls: readonly string[] }
  | { readonly kind: 'covered'; readonly fresh: number; readonly reached: number; readonly all: number }
  | { readonly kind: 'died'; readonly why: string }

/** Memory in octets, after garbage collection where that is possible. */
export interface TargetState {
  readonly heap: number
  readonly external: number
  readonly resident: number
  /** Octets of messages under way. */
  readonly held: number
  readonly connections: number
  readonly handles: number
}

/** Nothing of it waits for the test to go on. */
class PromptDevice extends EverythingDevice {
  override async readSlow(): Promise<number> {
    await nextTurn()
    return 7
  }

  override async slowly(value: number): Promise<number> {
    await nextTurn()
    return value
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function tell(message: TargetMessage): void {
  process.send?.(message)
}

function die(why: string): void {
  tell({ kind: 'died', why })
  setImmediate(() => process.exit(3))
}

process.on('uncaughtException', (error) => die(`uncaught: ${error.stack ?? error}`))
process.on('unhandledRejection', (error) => die(`unhandled: ${error instanceof Error ? error.stack : String(error)}`))
process.once('disconnect', () => process.exit(0))

const coverage = process.argv.includes('coverage') ? await CodeCoverage.start() : undefined
const limits: ServerLimits = JSON.parse(process.argv[2] ?? '{}')
const tango = await TangoProcess.create({ log: silentLogger(), limits })
const server = await tango.startServer({
  server: 'Everything',
  instance: 'test',
  classes: [{ ...everything, create: (context) => new PromptDevice(context) }],
  database: 'none',
  devices: [VICTIM, BYSTANDER].map((name) => ({ class: 'Everything', name })),
})
const { host, port } = tango.orb.endpoint
const { unixPath = '' } = tango.orb.reference(VICTIM, '')

process.on('message', (question: Question) => {
  if (question.kind === 'stop') void tango.close().then(() => process.exit(0))
  else if (question.kind === 'measure') void measure()
  else if (question.kind === 'calls') tell({ kind: 'called', calls: victim()?.calls ?? [] })
  else void tellCoverage()
})
tell({ kind: 'ready', host, port, unixPath, admin: server.adminName })

function victim(): EverythingDevice | undefined {
  const device = server.device(VICTIM)
  return device instanceof EverythingDevice ? device : undefined
}

async function measure(): Promise<void> {
  // the second one finds what became free by the first
  for (let i = 0; i < 2; i += 1) {
    globalThis.gc?.()
    await nextTurn()
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  const { connections, heldOctets } = tango.orb.counts
  const handles = process.getActiveResourcesInfo().length
  tell({ kind: 'measured', heap: heapUsed, external, resident: rss, held: heldOctets, connections, handles })
}

async function tellCoverage(): Promise<void> {
  tell({ kind: 'covered', ...((await coverage?.take()) ?? { fresh: 0, reached: 0, all: 0 }) })
}
