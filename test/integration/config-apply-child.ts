// Applies two configurations in turn to a database file until it is killed. Arguments: database, first file, second file.

import { openStore } from '#db-config'
import { applyRevision, stepsTaken } from '../../db-config/config/apply-revision.ts'
import { checkTree } from '../../db-config/config/beamline-file.ts'
import { loadTree } from '../../db-config/config/include.ts'

const [, , database = '', ...files] = process.argv
const store = openStore(database)
const loaded = files.map((file) => checkTree(loadTree(file)))
process.send?.('ready')
for (let round = 0; ; round += 1) {
  const { beamline, documents } = loaded[round % loaded.length] ?? {}
  if (beamline === undefined || documents === undefined) throw new Error('the files are wrong')
  applyRevision(store, { beamline, documents, author: 'child', reason: `round ${round}`, cause: 'apply' })
  stepsTaken(store)
  process.send?.(round)
  // lets the messages go out
  await new Promise((resolve) => setImmediate(resolve))
}
