// Program of a server process of the launcher: serves the logical servers that it is told to, ends when told or when the launcher is gone.

import type { Beamline } from '#db-config'
import { createLogger, devFailed, TangoProcess, toDevFailed } from '#tango'
import { driverNames, loadClass } from './catalogue.ts'
import type { LauncherMessage, ReadMessage, ServerProcessMessage, StartMessage } from './messages.ts'

/** How long doors may take until they accept macros, ms. */
const DOORS_MS = 10_000

/** Quiet time before practice begins, ms: the rest of the beamline may still be starting. */
const PRACTICE_DELAY_MS = 500

/** Classes of every facility, loaded while the launcher starts the simulators. */
const USUAL_CLASSES = ['ControllerHost', 'Controller', 'Motor', 'CTExpChannel', 'Pool', 'MeasurementGroup', 'Door']

const log = createLogger({})
const practice = new AbortController()
let beamline: Beamline | undefined
let tango: TangoProcess | undefined
let close: (() => void) | undefined
let ending = false

process.on('message', (message: LauncherMessage) => {
  if (message.kind === 'stop') return void end(0)
  const work = message.kind === 'read' ? read(message) : start(message)
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

async function read({ beamline: file, isolated }: ReadMessage): Promise<void> {
  const [{ readBeamlineFile }, drivers] = await Promise.all([import('#db-config'), driverNames()])
  beamline = readBeamlineFile(file, { drivers })
  const { servers, recorders, doors, simulators, world } = beamline
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
    await serveDatabase(tango, message.dataFolder, message.database.boxes)
    tell({ kind: 'database-ready' })
  }
  for (const name of message.servers) {
    const [server = '', instance = ''] = name.split('/')
    await tango.startServer({ server, instance, classes: (className) => loadClass(className) })
  }
  await doorsAccept(tango)
  tell({ kind: 'ready' })
  if (message.servers.some((name) => /^Pool\//i.test(name))) void practiseLater(tango) // never rejects
}

async function serveDatabase(
  tango_: TangoProcess,
  dataFolder: string,
  boxes: NonNullable<StartMessage['database']>['boxes'],
): Promise<void> {
  const { applyBeamline, openStore, startDatabase } = await import('#db-config')
  const store = openStore(`${dataFolder}/tango.sqlite`)
  close = () => store.close()
  if (boxes !== undefined) {
    if (beamline === undefined) throw devFailed('Internal_Error', 'told to apply a beamline before it was read')
    applyBeamline(store, beamline, { boxes, dataFolder })
    beamline = undefined // a large one takes memory
  }
  await startDatabase(tango_, store)
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
    // in reverse order of start: the database must still answer when the others sign off
    for (const server of [...(tango?.servers ?? [])].reverse()) await server.stop()
    await tango?.close()
    close?.()
  } catch (error) {
    log.error('not closed in order', { error: String(error) })
  }
  process.exit(code)
}

function tell(message: ServerProcessMessage): void {
  if (process.connected) process.send?.(message)
}
