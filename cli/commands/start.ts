// `bandoneon start`: a whole facility in the foreground.

import { Facility } from '#facility'
import { devFailed } from '#tango/pure'
import { defineCommand, EXIT, UsageError } from '../command.ts'
import { DATABASE_DOC, databaseUrl } from '../database-option.ts'
import { DEFAULT_DATA } from '../facility-address.ts'

export default defineCommand({
  usage: '[--port N] [--data DIR] [--beamline FILE] [--isolated] [--database URL]',
  doc: 'Runs database, simulators, device servers, pool, macro server and recorder until Ctrl-C.',
  options: {
    port: { type: 'string', doc: 'port of the Tango database, 0 = any free one (10000)' },
    data: { type: 'string', doc: `data folder (${DEFAULT_DATA})` },
    beamline: { type: 'string', doc: 'beamline file (the demo beamline)' },
    isolated: { type: 'boolean', doc: 'every logical server in a process of its own' },
    database: { type: 'string', doc: DATABASE_DOC },
  },
  async run({ options, arguments: words, out, onInterrupt }) {
    if (words.length > 0) throw new UsageError(`'${words[0]}' is not expected here`)
    const port = Number(options.port ?? 10000)
    if (!Number.isInteger(port) || port < 0 || port > 65535) throw new UsageError(`--port ${options.port} is no port`)
    const { promise: interrupted, stop } = interruption()
    let running: Facility | undefined
    onInterrupt((count) => {
      stop()
      if (count > 2) process.exit(EXIT.stopped)
    })
    const starting = Facility.start({
      port,
      data: String(options.data ?? DEFAULT_DATA),
      isolated: options.isolated === true,
      ...(typeof options.database === 'string' ? { database: databaseUrl(options.database) } : {}),
      ...(typeof options.beamline === 'string' ? { beamline: options.beamline } : {}),
    })
    try {
      running = await Promise.race([starting, interrupted.then(() => undefined)])
      if (running !== undefined) {
        out(running.readyLine)
        await interrupted
      }
    } finally {
      const facility = running ?? (await starting.catch(() => undefined)) // a failed start has cleaned up itself
      await facility?.close()
    }
    if (running === undefined) throw devFailed('API_ShutdownInProgress', 'interrupted before everything was ready')
    return EXIT.done
  },
})

function interruption(): { promise: Promise<void>; stop: () => void } {
  let stop = () => {}
  const promise = new Promise<void>((resolve) => {
    stop = resolve
  })
  return { promise, stop }
}
