// Access control beside the native service: the same answers to the same calls, and native clients that obey ours.

import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { fileURLToPath } from 'node:url'
import { memoryStore, type Store, startAccessControl, startDatabase } from '#db-config'
import { silentLogger, TangoProcess } from '#tango'
import { CLI, CliProcess, runCli } from '../support/facility.ts'
import { freePort } from '../support/free-port.ts'
import { type NativeTango, type NativeTangoOptions, startNativeTango } from '../support/native-tango.ts'
import { needPeers, runPython } from '../support/peers.ts'

const PYTHON_FOLDER = '../../../test/interop/python/'
const DIFFERENTIAL = fileURLToPath(new URL(`${PYTHON_FOLDER}access_control_differential.py`, import.meta.url))
const CLIENT = fileURLToPath(new URL(`${PYTHON_FOLDER}access_control_client.py`, import.meta.url))

const SERVICE = 'sys/access_control/1'
const DEVICE = 'sys/tg_test/1'
const SCRIPT_MS = 120_000

describe('Access control', function () {
  this.timeout(180_000)
  let store: Store
  let tango: TangoProcess
  let tangoHost: string
  const natives: NativeTango[] = []
  let program: CliProcess | undefined

  beforeEach(async () => {
    const port = await freePort()
    tangoHost = `127.0.0.1:${port}`
    store = memoryStore()
    tango = await TangoProcess.create({ host: '127.0.0.1', port, tangoHost, log: silentLogger() })
    await startDatabase(tango, store)
    await startAccessControl(tango, store)
  })

  afterEach(async () => {
    program?.child.kill('SIGKILL')
    await program?.ended
    program = undefined
    await tango.close()
    store.close()
    await Promise.all(natives.splice(0).map((native) => native.stop()))
  })

  it('answers as the native service does, over a file and over the tables of a native database', async function () {
    needPeers(this, 'pytango', 'native-database', 'TangoAccessControl')
    // in its strict mode MariaDB refuses the rows that the native service inserts
    const first = await startNative({ mariadbd: '--sql-mode=NO_ENGINE_SUBSTITUTION' })
    await first.serve('TangoAccessControl', '1')
    const second = await startNative({})
    const url = `mysql://tango:tango@localhost/tango?socket=${encodeURIComponent(second.socket)}`
    await second.run(process.execPath, [CLI, 'serve', 'TangoAccessControl', '1', '--database', url])
    const theirs = await answers(first.tangoHost)
    assert.ok(theirs.length > 1000, `${theirs.length} answers`)
    assert.deepEqual(different(theirs, await answers(tangoHost)), [])
    assert.deepEqual(different(theirs, await answers(second.tangoHost)), [])
  })

  it('says what to do when a service of its own is started without MariaDB', async () => {
    program = new CliProcess(['serve', 'TangoAccessControl', '1'], { TANGO_HOST: tangoHost })
    const { code, stderr } = await program.ended
    assert.notEqual(code, 0)
    assert.match(stderr, /a database in a file serves access control itself; for one in MariaDB say --database URL/)
  })

  it('makes a native client refuse what its user may not do', async function () {
    needPeers(this, 'pytango')
    await serveTangoTest()
    const all = {
      access: 'ACCESS_WRITE',
      read: 'done',
      state: 'done',
      write: 'done',
      'allowed command': 'done',
      'other command': 'done',
      list: 'done',
      add: 'done',
      property: 'done',
      restart: 'done',
    }
    const service = tango.proxy(SERVICE)
    const { username } = userInfo()
    assert.deepEqual(await client(), all, 'without a service')

    await service.command('RegisterService')
    assert.deepEqual(await client(), all, 'everybody may write')

    store.properties.put({ scope: 'class', owner: 'TangoTest' }, 'AllowedAccessCmd', ['DevString'])
    await service.command('AddAddressForUser', [username, '*.*.*.*'])
    await service.command('AddDeviceForUser', [username, '*/*/*', 'read'])
    const refused = 'API_ReadOnlyMode'
    assert.deepEqual(
      await client(),
      {
        ...all,
        access: 'ACCESS_READ',
        write: refused,
        'other command': refused,
        add: refused,
        property: refused,
        restart: refused,
      },
      'a user who may only read',
    )
    assert.deepEqual(await client({ SUPER_TANGO: 'true' }), all, 'SUPER_TANGO')

    await service.command('RemoveDeviceForUser', [username, '*/*/*', 'read'])
    await service.command('AddDeviceForUser', [username, 'sys/*/*', 'write'])
    await service.command('AddDeviceForUser', [username, 'sys/database/*', 'read'])
    const some = await client()
    assert.equal(some.write, 'done', 'a right to some devices')
    assert.equal(some.add, refused, 'a stricter rule for one of them')

    await service.command('RemoveAddressForUser', [username, '*.*.*.*'])
    await service.command('AddAddressForUser', [username, '203.0.113.*'])
    assert.equal((await client()).write, refused, 'from the wrong machine')

    await service.command('UnregisterService')
    assert.equal((await client()).write, 'done', 'turned off')
  })

  it('is turned on and off from the command line, which shows the rules', async () => {
    const db = async (...words: readonly string[]): Promise<string> => {
      const { code, stdout, stderr } = await runCli(['db', ...words, '--host', tangoHost])
      assert.equal(code, 0, stderr)
      return stdout
    }
    assert.equal(await db('access'), 'access control is off: everybody may write\n')
    await tango.proxy(SERVICE).command('AddDeviceForUser', ['ann', 'a/*/*', 'read'])
    const on = [
      `access control is on (${SERVICE})`,
      '*: from *.*.*.*; to */*/* write',
      'ann: from as *; to a/*/* read',
      '',
    ]
    assert.equal(await db('access', 'on'), on.join('\n'))
    assert.equal(await db('access'), on.join('\n'))
    assert.equal(await db('access', 'off'), 'access control is off: everybody may write\n')
    assert.deepEqual(store.properties.get({ scope: 'object', owner: 'CtrlSystem' }, 'Services'), [])
  })

  it('tells from the command line what is missing', async () => {
    store.devices.unexport({ name: SERVICE })
    const { code, stderr } = await runCli(['db', 'access', 'on', '--host', tangoHost])
    assert.equal(code, 1)
    assert.match(stderr, /sys\/access_control\/1 does not run: start TangoAccessControl\/1/)
  })

  it('makes our client refuse the same', async () => {
    await serveTangoTest()
    const { username } = userInfo()
    const service = tango.proxy(SERVICE)
    await service.command('AddDeviceForUser', [username, DEVICE, 'read'])
    await service.command('RegisterService')
    const other = await TangoProcess.create({ listen: false, tangoHost, log: silentLogger() })
    try {
      const proxy = other.proxy(DEVICE)
      assert.equal(await proxy.state(), 'RUNNING')
      await assert.rejects(proxy.write('double_scalar_w', 1), { reason: 'API_ReadOnlyMode' })
    } finally {
      await other.close()
    }
  })

  async function startNative(options: NativeTangoOptions): Promise<NativeTango> {
    const native = await startNativeTango(options)
    natives.push(native)
    return native
  }

  /** Our TangoTest in a process of its own, known to our database. */
  async function serveTangoTest(): Promise<void> {
    store.devices.define({ name: DEVICE, server: 'TangoTest/test', class: 'TangoTest' })
    store.devices.define({ name: 'dserver/TangoTest/test', server: 'TangoTest/test', class: 'DServer' })
    program = new CliProcess(['serve', 'TangoTest', 'test'], { TANGO_HOST: tangoHost })
    await program.says(/Ready to accept request/, 20_000)
  }

  async function client(env: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, string>>> {
    const { code, stdout, stderr } = await runPython(CLIENT, [DEVICE], { env: { TANGO_HOST: tangoHost, ...env } })
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout) as Record<string, string>
  }

  async function answers(host: string): Promise<readonly unknown[]> {
    const { code, stdout, stderr } = await runPython(DIFFERENTIAL, [], {
      timeoutMs: SCRIPT_MS,
      env: { TANGO_HOST: host },
    })
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout) as unknown[]
  }
})

/** Pairs of answers that are not equal. */
function different(theirs: readonly unknown[], ours: readonly unknown[]): readonly unknown[] {
  const pairs = theirs.map((native, i) => ({ native, ours: ours[i] }))
  const wrong = pairs.filter((pair) => JSON.stringify(pair.native) !== JSON.stringify(pair.ours))
  return theirs.length === ours.length ? wrong : [...wrong, `${ours.length} answers, not ${theirs.length}`]
}
