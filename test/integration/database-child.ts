// A process that serves the Tango database of a file: tells its port, and makes backups when told.

import { openStore, startDatabase } from '#db-config'
import { silentLogger, TangoProcess } from '#tango'

/** What the parent is told. */
export type DatabaseChildMessage =
  | { readonly kind: 'serving'; readonly port: number; readonly openMs: number }
  | { readonly kind: 'backup'; readonly file: string; readonly tookMs: number; readonly worstPauseMs: number }

function tell(message: DatabaseChildMessage): void {
  process.send?.(message)
}

const began = performance.now()
const store = openStore(process.argv[2] ?? '')
const openMs = performance.now() - began
const tango = await TangoProcess.create({ log: silentLogger() })
await startDatabase(tango, store)

process.on('message', async () => {
  const start = performance.now()
  let last = start
  let worstPauseMs = 0
  const beat = setInterval(() => {
    worstPauseMs = Math.max(worstPauseMs, performance.now() - last)
    last = performance.now()
  }, 1)
  const file = (await store.backup?.()) ?? ''
  clearInterval(beat)
  tell({ kind: 'backup', file, tookMs: performance.now() - start, worstPauseMs })
})
process.once('disconnect', async () => {
  await tango.close()
  store.close()
})
tell({ kind: 'serving', port: tango.orb.endpoint.port, openMs })
