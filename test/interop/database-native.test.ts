// Native Tango programs against our database: the C++ server TangoTest, a PyTango server, PyTango's Database class.
import assert from 'node:assert/strict'
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { startDatabase } from '../../db-config/server/database-device.ts'
import { openStore } from '../../db-config/store/open-store.ts'
import type { Store } from '../../db-config/store/store.ts'
import { silentLogger } from '../../tango/log.ts'
import { TangoProcess } from '../../tango/process.ts'
import { needPeers, PYTHON } from '../support/peers.ts'
import { within } from '../support/waiting.ts'

const TANGO_TEST = '/usr/lib/tango/TangoTest'
const SCRIPTS = new URL('../../../test/interop/python/', import.meta.url).pathname

describe('Native programs with our database', function () {
  this.timeout(60_000)
  let folder: string
  let store: Store
  let tango: TangoProcess
  let children: ChildProcess[]

  before(function () {
    needPeers(this, 'TangoTest', 'pytango')
  })

  beforeEach(async () => {
    children = []
    folder = mkdtempSync(join(tmpdir(), 'database-'))
    await open(0)
  })

  afterEach(async () => {
    await Promise.all(children.map(stop))
    await close()
    rmSync(folder, { recursive: true })
  })

  async function open(port: number): Promise<void> {
    store = openStore(join(folder, 'tango.sqlite'))
    tango = await TangoProcess.create({ port, log: silentLogger() })
    await startDatabase(tango, store)
  }

  async function close(): Promise<void> {
    await tango.close()
    store.close()
  }

  const environment = (): NodeJS.ProcessEnv => ({ ...process.env, TANGO_HOST: `127.0.0.1:${tango.orb.endpoint.port}` })

  /** Starts a server and waits until it is ready. */
  async function serve(command: string, ...args: string[]): Promise<ChildProcess> {
    const child = spawn(command, args, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] })
    children.push(child)
    const ready = (async () => {
      for await (const line of createInterface({ input: child.stdout })) {
        if (line.includes('Ready to accept request')) return
      }
      throw new Error(`${command} ${args.join(' ')} ended before it was ready`)
    })()
    await within(`${command} to be ready`, ready, 20_000)
    child.stdout.resume()
    return child
  }

  async function python(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(PYTHON, args, { env: environment(), timeout: 40_000 })
    return stdout.trim()
  }

  function define(server: string, name: string, deviceClass: string): void {
    store.devices.define({ name, server, class: deviceClass })
    store.devices.define({ name: `dserver/${server}`, server, class: 'DServer' })
  }

  it('lets TangoTest run, and answers what PyTango asks', async () => {
    define('TangoTest/test', 'sys/tg_test/1', 'TangoTest')
    const child = await serve(TANGO_TEST, 'test')
    const answer: unknown = JSON.parse(await python(join(SCRIPTS, 'database_client.py')))
    assert.deepEqual(answer, {
      added: ['ex/tra/1'],
      servers: ['DataBaseds/2', 'TangoTest/test'],
      classes: ['TangoTest'],
      classList: ['dserver/TangoTest/test', 'DServer', 'sys/tg_test/1', 'TangoTest'],
      imported: ['sys/tg_test/1', 1, '5'],
      info: ['TangoTest', 'TangoTest/test', 1, true],
      unknown: 'DB_DeviceNotDefined',
      exported: ['sys/database/2', 'sys/tg_test/1'],
      domains: ['dserver', 'sys'],
      families: ['database', 'tg_test'],
      members: ['1'],
      instances: ['test'],
      inheritance: 'TangoTest',
      properties: { one: ['1'], two: ['a', 'b'], wide: ['éµ'], none: [] },
      propertyList: ['one', 'two'],
      history: [
        [['1'], false],
        [[], true],
      ],
      classProperty: { p: ['x'], q: [] },
      objects: ['object'],
      property: ['x', 'y'],
      attributeProperty: { label: ['L'], unit: ['mm'] },
      alias: ['sys/tg_test/1', 'tt', 'sys/tg_test/1'],
      aliases: ['tt'],
      aliasTaken: 'DB_SQLError',
      noAlias: 'DB_DeviceNotDefined',
      attributeAlias: ['sys/tg_test/1/ampli', 'ampli'],
      serverInfo: ['somewhere', 1, 3],
      limit: ['-5'],
      polled: ['double_scalar', '200'],
      select: [
        [1, 0, 1, 2],
        ['sys/tg_test/1', ''],
      ],
    })
    assert.equal(store.devices.get('dserver/TangoTest/test')?.exported, true)
    await stop(child)
    assert.equal(store.devices.get('sys/tg_test/1')?.exported, false)
    assert.equal(store.devices.get('dserver/TangoTest/test')?.exported, false)
  })

  it('gives a native server its configuration again when it restarts', async () => {
    define('TangoTest/test', 'sys/tg_test/1', 'TangoTest')
    const set = `import tango; d = tango.DeviceProxy("sys/tg_test/1"); c = d.get_attribute_config("double_scalar")
c.label = "mine"; c.max_value = "12"; d.set_attribute_config(c)`
    const get = `import tango; c = tango.DeviceProxy("sys/tg_test/1").get_attribute_config("double_scalar")
print(c.label, c.max_value)`
    await stop(await after(serve(TANGO_TEST, 'test'), () => python('-c', set)))
    await serve(TANGO_TEST, 'test')
    assert.equal(await python('-c', get), 'mine 12')
  })

  it('keeps properties and memorized values of a PyTango server', async () => {
    define('database_server/1', 'py/test/1', 'PyClass')
    define('database_server/2', 'py/test/2', 'PyClass')
    store.properties.put({ scope: 'device', owner: 'py/test/1' }, 'start', ['3.5'])
    const script = join(SCRIPTS, 'database_server.py')
    const read = 'import tango; print(tango.DeviceProxy("py/test/1").value, tango.DeviceProxy("py/test/2").value)'
    const second = serve(PYTHON, script, '2')
    const first = await serve(PYTHON, script, '1')
    await second
    assert.equal(await python('-c', read), '3.5 1.0')
    await python('-c', 'import tango; tango.DeviceProxy("py/test/1").value = 42.5')
    await stop(first)
    await serve(PYTHON, script, '1')
    assert.equal(await python('-c', read), '42.5 1.0')
  })

  it('tells a native server that it is not defined', async () => {
    const child = spawn(TANGO_TEST, ['unknown'], { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] })
    children.push(child)
    const output = createInterface({ input: child.stdout })
    const errors = createInterface({ input: child.stderr })
    const lines: string[] = []
    output.on('line', (line) => lines.push(line))
    errors.on('line', (line) => lines.push(line))
    const [code] = await within('TangoTest to give up', once(child, 'close'), 20_000)
    assert.notEqual(code, 0)
    assert.match(lines.join('\n'), /not defined in database/)
  })

  it('is found again by native programs after a restart on the same port', async () => {
    define('TangoTest/test', 'sys/tg_test/1', 'TangoTest')
    await serve(TANGO_TEST, 'test')
    const { port } = tango.orb.endpoint
    await close()
    await open(port)
    const session = `import tango
d = tango.DeviceProxy("sys/tg_test/1"); print(d.ampli); c = d.get_attribute_config("ampli"); c.label = "later"
d.set_attribute_config(c); print(tango.Database().get_device_attribute_property("sys/tg_test/1", "ampli")["ampli"]["label"][0])`
    assert.deepEqual((await python('-c', session)).split('\n'), ['0.0', 'later'])
  })
})

/** Waits for a server, works with it, and returns it. */
async function after<T>(server: Promise<T>, work: () => Promise<unknown>): Promise<T> {
  const running = await server
  await work()
  return running
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  try {
    await within('the end of a server', closed, 10_000)
  } catch {
    child.kill('SIGKILL')
    await closed
  }
}
