// The native Starter with our database: it is told of a change of its servers as it is by the native one.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDatabase } from '../../db-config/server/database-device.ts'
import { memoryStore } from '../../db-config/store/memory-store.ts'
import type { Store } from '../../db-config/store/store.ts'
import { silentLogger } from '../../tango/log.ts'
import { TangoProcess } from '../../tango/process.ts'
import { needPeers } from '../support/peers.ts'
import { eventually } from '../support/waiting.ts'

const STARTER = '/usr/lib/tango/Starter'

describe('The native Starter with our database', function () {
  this.timeout(60_000)
  let folder: string
  let store: Store
  let tango: TangoProcess
  let starter: ChildProcess | undefined

  before(function () {
    needPeers(this, 'native-database')
    if (!existsSync(STARTER)) this.skip()
  })

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'database-starter-'))
    store = memoryStore()
    tango = await TangoProcess.create({ host: '127.0.0.1', log: silentLogger() })
    await startDatabase(tango, store)
  })

  afterEach(async () => {
    starter?.kill('SIGKILL')
    starter = undefined
    await tango.close()
    store.close()
    await rm(folder, { recursive: true, force: true })
  })

  it('updates its servers when one of them has started', async () => {
    const host = hostname().split('.')[0] ?? ''
    const device = `tango/admin/${host}`
    const address = `127.0.0.1:${tango.orb.endpoint.port}`
    store.devices.define({ name: device, server: `Starter/${host}`, class: 'Starter' })
    store.devices.define({ name: `dserver/Starter/${host}`, server: `Starter/${host}`, class: 'DServer' })
    store.devices.define({ name: 'dserver/Some/1', server: 'Some/1', class: 'DServer' })
    store.properties.put({ scope: 'device', owner: device }, 'LogFileHome', [folder])
    starter = spawn(STARTER, [host], { env: { ...process.env, TANGO_HOST: address }, stdio: 'ignore' })
    const exported = (): boolean => store.devices.get(`dserver/Starter/${host}`)?.exported === true
    await eventually('the start of the Starter', exported, 30_000)
    const proxy = tango.proxy(`tango://${address}/${device}`)
    const told = async (): Promise<boolean> =>
      (await proxy.blackBox(50)).some((line) => line.includes('UpdateServersInfo'))
    const database = tango.proxy(`tango://${address}/sys/database/2`)
    await database.command('DbExportDevice', ['dserver/Some/1', 'IOR:0', host, '1', '5'])
    await eventually('the call of the Starter', told, 10_000)
  })
})
