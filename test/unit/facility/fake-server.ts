// A child program that behaves as told by the name of the beamline or of the first server: for tests of the supervision.

import type { LauncherMessage, ServerProcessMessage } from '../../../facility/messages.ts'

const tell = (message: ServerProcessMessage): void => void process.send?.(message)
const failed = (desc: string): void =>
  tell({ kind: 'failed', errors: [{ reason: 'Beamline_Invalid', severity: 'ERR', desc, origin: 'fake' }] })

process.on('message', (message: LauncherMessage) => {
  if (message.kind === 'stop') {
    if (process.env.STUBBORN === undefined) process.exit(0)
    return
  }
  if (message.kind === 'start-server' || message.kind === 'stop-server') {
    const { kind, server } = message
    process.stdout.write(`${kind} ${server}\n`)
    if (server === 'Silent/1') return
    const errors = [{ reason: 'Box_Broken', severity: 'ERR', desc: `${server} will not`, origin: 'fake' }] as const
    return tell({ kind: 'server-changed', server, ...(server === 'Broken/1' ? { errors } : {}) })
  }
  if (message.kind === 'hosted') {
    const { id, done, errors = [] } = message
    process.stdout.write(`${id} ${done} ${errors.map(({ reason }) => reason).join()}\n`)
    return
  }
  if (message.kind === 'read') return failed(`${message.beamline}:1:1: wrong`)
  if (message.kind !== 'start') return
  switch (message.servers[0]) {
    case 'Dies/now':
      process.exit(3)
      break
    case 'Fails/always':
      failed('it has no mind to')
      break
    case 'Asks/for':
      tell({ kind: 'hosting', id: 1, server: 'New/1', wanted: 'usual' })
      tell({ kind: 'hosting', id: 2, server: 'Broken/1', wanted: 'apart' })
      tell({ kind: 'applied', servers: [{ name: 'New/1', wanted: 'usual' }] })
      tell({ kind: 'ready' })
      break
    case 'Dies/later':
      tell({ kind: 'ready' })
      setImmediate(() => process.exit(4))
      break
    default:
      process.stdout.write(`serves ${message.servers.join(' ')}${message.database === undefined ? '' : ' again'}\n`)
      tell({ kind: 'ready' })
  }
})
if (process.env.STUBBORN === 'very') process.on('SIGTERM', () => undefined)
process.once('disconnect', () => process.exit(0))
