// Several thousand calls of PyTango, proper and odd, to the native database on MariaDB and to ours: same answers, in the
// same order. What differs is listed here with its reason, and explained in docs/reference/database.md.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDatabase } from '../../db-config/server/database-device.ts'
import { openStore } from '../../db-config/store/open-store.ts'
import { silentLogger } from '../../tango/log.ts'
import { TangoProcess } from '../../tango/process.ts'
import { startNativeTango } from '../support/native-tango.ts'
import { needPeers } from '../support/peers.ts'
import { type Answers, compare, drive } from './database-differential.ts'
import { ON_MARIADB, ON_SQLITE } from './database-differential-allowed.ts'

describe('The database beside the native one', function () {
  this.timeout(200_000)
  let folder: string
  let native: Answers

  before(async function () {
    needPeers(this, 'pytango', 'native-database')
    const system = await startNativeTango()
    try {
      native = await drive(system.tangoHost)
    } finally {
      await system.stop()
    }
  })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'database-differential-'))
  })

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  it('gives PyTango the same answers from SQLite', async () => {
    compare(native, await answersOf(join(folder, 'tango.sqlite')), ON_SQLITE)
  })

  it('gives PyTango the same answers from the native tables on MariaDB', async () => {
    const system = await startNativeTango()
    try {
      compare(native, await answersOf(`mysql://tango:tango@localhost/tango?socket=${system.socket}`), ON_MARIADB)
    } finally {
      await system.stop()
    }
  })
})

/** What our database device answers. @param where its storage */
async function answersOf(where: string): Promise<Answers> {
  const store = openStore(where)
  const tango = await TangoProcess.create({ host: '127.0.0.1', log: silentLogger() })
  try {
    await startDatabase(tango, store)
    return await drive(`127.0.0.1:${tango.orb.endpoint.port}`)
  } finally {
    await tango.close()
    store.close()
  }
}
