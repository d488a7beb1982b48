// Program of a server process of the launcher: serves the logical servers that it is told to, ends when told or when the launcher is gone.

import { createLogger, TangoProcess, toDevFailed } from '#tango'
import { loadClass } from './catalogue.ts'
import type { LauncherMessage, ServerProcessMessage, StartMessage } from './messages.ts'

/** How long doors may take until they accept macros, ms. */
const DOORS_MS = 10_000

const log = createLogger({})
let tango: TangoProcess | undefined
let close: (() => void) | undefined
let ending = false

process.on('message', (message: LauncherMessage) => {
  if (message.kind === 'stop') return void end(0)
  start(message).catch((error: unknown) => {
    const failure = toDevFailed(error)
    log.error('cannot start', { error: failure.message })
    tell({ kind: 'failed', message: failure.message })
    void end(1)
  })
})
process.once('disconnect', () => void end(0)) // the launcher is gone
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => signal === 'SIGTERM' && void end(0))
process.on('unhandledRejection', (error) => log.error('a promise failed unseen', { error: String(error) }))

async function start(message: StartMessage): Promise<void> {
  const [host = '127.0.0.1'] = message.tangoHost.split(':')
  tango = await TangoProcess.create({ host, port: message.database?.port ?? 0, tangoHost: message.tangoHost, log })
  if (message.database !== undefined) {
    const { applyBeamline, openStore, readBeamlineFile, startDatabase } = await import('#db-config')
    const store = openStore(`${message.dataFolder}/tango.sqlite`)
    close = () => store.close()
    const beamline = readBeamlineFile(message.database.beamline)
    applyBeamline(store, beamline, { boxes: message.database.boxes, dataFolder: message.dataFolder })
    await startDatabase(tango, store)
    tell({ kind: 'database-ready' })
  }
  for (const name of message.servers) {
    const [server = '', instance = ''] = name.split('/')
    await tango.startServer({ server, instance, classes: (className) => loadClass(className) })
  }
  await doorsAccept(tango)
  tell({ kind: 'ready' })
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
