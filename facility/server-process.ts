// Program of a server process of the launcher: serves the logical servers that it is told to, ends when told or when the launcher is gone.

import type { CheckedBeamline, Store } from '#db-config'
import { createLogger, devFailed, TangoProcess, toDevFailed } from '#tango'
import { shareAccessControl } from './access-control.ts'
import { loadClass } from './catalogue.ts'
import { authorHere, checkFiles, serveConfiguration } from './configuration.ts'
import { hostingOf } from './hosting.ts'
import { launchedServers } from './launched-servers.ts'
import { LauncherRequests } from './launcher-requests.ts'
import { changeServer, startLogicalServer } from './logical-server.ts'
import type {
  AppliedServer,
  ChangeServerMessage,
  LauncherMessage,
  ReadMessage,
  ServerProcessMessage,
  StartMessage,
} from './messages.ts'
import { planProcesses } from './process-plan.ts'

/** How long doors may take until they accept macros, ms. */
const DOORS_MS = 10_000

/** Quiet time before practice begins, ms: the rest of the beamline may still be starting. */
const PRACTICE_DELAY_MS = 500

/** Classes of every facility, loaded while the launcher starts the simulators. */
const USUAL_CLASSES = ['ControllerHost', 'Controller', 'Motor', 'CTExpChannel', 'Pool', 'MeasurementGroup', 'Door']

const log = createLogger({})
const practice = new AbortController()
const launcher = new LauncherRequests(tell)
let read: CheckedBeamline | undefined
let tango: TangoProcess | undefined
let opened: Store | undefined
let ending = false

process.on('message', (message: LauncherMessage) => {
  if (message.kind === 'stop') return void end(0)
  if (message.kind === 'hosted') return launcher.answered(message)
  if ('server' in message) return void change(message) // never rejects
  const work = message.kind === 'read' ? readFiles(message) : start(message)
  work.catch((error: unknown) => {
    const failure = toDevFailed(error)
    // the launcher tells what is wrong with a beamline file
    if (message.kind === 'start') log.error('cannot start', { error: failure.message })
    tell({ kind: 'failed', errors: failure.errors })
    void end(1)
  })
})
process.once('disconnect', () => void end(0)) // the launcher is gone
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => signal === 'SIGTERM' && void end(0))
process.on('unhandledRejection', (error) => log.error('a promise failed unseen', { error: String(error) }))

async function readFiles({ beamline: file, isolated }: ReadMessage): Promise<void> {
  const { accepted, serversOfBeamline } = await import('#db-config')
  read = await checkFiles(file)
  const beamline = accepted(read)
  const { recorders, doors, simulators, world } = beamline
  const servers = await launchedServers(serversOfBeamline(beamline))
  tell({
    kind: 'plan',
    plan: {
      servers,
      recorders: recorders.map(({ server }) => server),
      doors: doors.map(({ device }) => device),
      simulators,
      world,
    },
  })
  if (isolated) return
  // a class that cannot be loaded is missed when a device needs it
  await Promise.allSettled(USUAL_CLASSES.map((name) => loadClass(name)))
}

async function start(message: StartMessage): Promise<void> {
  const [host = '127.0.0.1'] = message.tangoHost.split(':')
  tango = await TangoProcess.create({ host, port: message.database?.port ?? 0, tangoHost: message.tangoHost, log })
  if (message.database !== undefined) {
    const { where = `${message.dataFolder}/tango.sqlite`, boxes } = message.database
    await serveDatabase(tango, message.dataFolder, where, boxes)
    tell({ kind: 'database-ready' })
  }
  const applied = message.database === undefined || message.database.boxes !== undefined ? [] : await appliedHere()
  const names = serversOf(message, applied)
  for (const name of names) if (message.stopped?.includes(name) !== true) await startLogicalServer(tango, name)
  if (opened !== undefined) await serveConfiguration(tango, opened, launcher)
  await doorsAccept(tango)
  tell({ kind: 'ready' })
  if (applied.length > 0) tell({ kind: 'applied', servers: applied })
  if (message.servers.some((name) => /^Pool\//i.test(name))) void practiseLater(tango) // never rejects
}

/** After a restart the database may have another configuration than the one that the launcher has begun with. */
async function appliedHere(): Promise<readonly AppliedServer[]> {
  if (opened === undefined) return []
  const { appliedServers } = await import('#db-config')
  return await hostingOf(appliedServers(opened))
}

/** In the order of dependence, also when some have come later. */
function serversOf({ servers }: StartMessage, applied: readonly AppliedServer[]): readonly string[] {
  const present = applied.filter(({ wanted }) => wanted === 'usual').map(({ name }) => name)
  const names = servers.length === 0 || present.length === 0 ? servers : present
  return planProcesses({ servers: names, recorders: [] }, false)[0]?.servers ?? names
}

async function change(order: ChangeServerMessage): Promise<void> {
  if (tango !== undefined) tell(await changeServer(tango, order))
}

async function serveDatabase(
  tango_: TangoProcess,
  dataFolder: string,
  where: string,
  boxes: NonNullable<StartMessage['database']>['boxes'],
): Promise<void> {
  const { accepted, applyAtStart, isMysqlUrl, openStore, startAccessControl, startDatabase } = await import(
    '#db-config'
  )
  const alarming = log.child({})
  alarming.attach(({ level, message }) => level === 'ERROR' && tell({ kind: 'alarm', text: message }))
  const store = openStore(where, { environment: process.env, log: alarming })
  opened = store
  if (boxes !== undefined) {
    if (read === undefined) throw devFailed('Internal_Error', 'told to apply a beamline before it was read')
    const origin = { author: authorHere(), reason: 'start of the facility', cause: 'start' as const }
    const { documents } = read
    const request = { documents, beamline: accepted(read), ...origin }
    const { replaced } = applyAtStart(store, request, { boxes, dataFolder })
    if (replaced !== undefined) {
      const { number: revision, author } = replaced
      log.warn('the beamline file of this start replaces what was applied last', { revision, author })
    }
    read = undefined // a large one takes memory
  }
  await startDatabase(tango_, store)
  if (isMysqlUrl(where)) await shareAccessControl(tango_, store)
  else await startAccessControl(tango_, store)
}

async function practiseLater({ clock }: TangoProcess): Promise<void> {
  const { signal } = practice
  try {
    await clock.sleep(PRACTICE_DELAY_MS, signal)
    const { practise } = await import('./practice.ts')
    await practise(signal)
  } catch (error) {
    if (!signal.aborted) log.debug('no practice: the first scans will be slower', { error: String(error) })
  }
}

async function doorsAccept(process_: TangoProcess): Promise<void> {
  const doors = process_.servers.flatMap((server) => server.devicesOfClass('Door'))
  const deadline = process_.clock.monotonic() + DOORS_MS
  while (doors.some((door) => door.state === 'INIT') && process_.clock.monotonic() < deadline)
    await process_.clock.sleep(5)
}

async function end(code: number): Promise<void> {
  if (ending) return
  ending = true
  practice.abort()
  try {
    await tango?.close()
    opened?.close()
  } catch (error) {
    log.error('not closed in order', { error: String(error) })
  }
  process.exit(code)
}

function tell(message: ServerProcessMessage): void {
  if (process.connected) process.send?.(message)
}
