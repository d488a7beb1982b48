// A recorder process for tests: `node data-recorder-child.js <data folder>`; prints `ready` and runs until killed.

import { fileURLToPath } from 'node:url'
import { findClassFile, importDefault } from '#tango'
import { isRecorder } from '../../data/recorder.ts'
import { ScanRecorder } from '../../data/scan-recorder.ts'

const path = await findClassFile('nexus', [fileURLToPath(new URL('../../data/recorders/', import.meta.url))])
const nexus = await importDefault(path ?? '')
if (!isRecorder(nexus)) throw new Error('no recorder nexus')
const log = {
  info: () => {},
  warn: (message: string, fields?: unknown) => console.error('warn', message, JSON.stringify(fields)),
  error: (message: string, fields?: unknown) => console.error('error', message, JSON.stringify(fields)),
}
await ScanRecorder.open(process.argv[2] ?? '', { recorders: new Map([['nexus', nexus]]), pollMs: 50, log })
console.log('ready')
// ends with its owner, even if that one is killed
process.stdin.on('end', () => process.exit(0)).resume()
