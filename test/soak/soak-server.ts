// Program: one life of the server of the soak. Arguments: life, port (0: any), factor of the clock.

import { silentLogger, TangoProcess } from '#tango'
import { FastClock } from './fast-clock.ts'
import { SOAK_DEVICE, soakClass } from './soak-device.ts'

/** What the program says. */
export type SoakMessage =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'measured'; readonly heap: number; readonly connections: number; readonly held: number }

/** Pause between the events of an attribute, real ms. */
const PERIOD_MS = 50

const [life = 0, port = 0, factor = 1] = process.argv.slice(2).map(Number)
const tango = await TangoProcess.create({ log: silentLogger(), port, clock: new FastClock(factor) })
await tango.startServer({
  server: 'Soak',
  instance: 'test',
  classes: [soakClass(life, PERIOD_MS * factor)],
  database: 'none',
  devices: [{ class: 'Soak', name: SOAK_DEVICE }],
})
process.on('message', (question: 'measure' | 'stop') => {
  if (question === 'stop') void tango.close().then(() => process.exit(0))
  else {
    globalThis.gc?.()
    const { connections, heldOctets } = tango.orb.counts
    tell({ kind: 'measured', heap: process.memoryUsage().heapUsed, connections, held: heldOctets })
  }
})
process.once('disconnect', () => process.exit(0))
tell({ kind: 'ready', port: tango.orb.endpoint.port })

function tell(message: SoakMessage): void {
  process.send?.(message)
}
