// A process that scans, for tests: `node data-publisher-child.js <data folder> <scan> <file>`; prints the number of rows
// whose `points` call has returned, one line per row, until killed.

import { writeSync } from 'node:fs'
import { ScanPublisher } from '../../data/broker/publisher.ts'
import { pointsOf, startOf } from '../unit/data/scans.ts'

const [, , folder = '', scan = '', file = ''] = process.argv
const publisher = await ScanPublisher.open(folder, { door: 'door/child/1' })
await publisher.ready
publisher.start(startOf(scan, { file, door: 'door/child/1' }))
process.stdin.on('end', () => process.exit(0)).resume()
for (let row = 0; ; row += 1) {
  publisher.points(pointsOf(scan, row))
  writeSync(1, `${row + 1}\n`)
  await new Promise((resolve) => setTimeout(resolve, 1))
}
