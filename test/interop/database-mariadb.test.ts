// Our database over a MariaDB with the tables of a native installation: same answers, same rows, beside native servers.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { dirname } from 'node:path'
import { databaseCommands } from '../../db-config/server/commands.ts'
import { memoryStore } from '../../db-config/store/memory-store.ts'
import { openStore } from '../../db-config/store/open-store.ts'
import type { Place, Store } from '../../db-config/store/store.ts'
import { DevFailed } from '../../tango/errors/dev-failed.ts'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers } from '../support/peers.ts'
import { eventually } from '../support/waiting.ts'
import { ask, type Step, undated } from './dialogue-step.ts'
import { contentOf, newSchema, sql, urlOf } from './mariadb.ts'

const GOLDEN = new URL('../../../test/interop/golden/', import.meta.url)

const DEVICE: Place = { scope: 'device', owner: 'a/b/1' }

describe('The database in MariaDB', function () {
  this.timeout(90_000)
  let native: NativeTango
  const open: Store[] = []

  before(async function () {
    needPeers(this, 'native-database', 'TangoTest', 'pytango')
    native = await startNativeTango()
  })

  afterEach(() => {
    for (const store of open.splice(0)) store.close()
  })

  after(async () => {
    await native?.stop()
  })

  function opened(url: string): Store {
    const store = openStore(url)
    open.push(store)
    return store
  }

  for (const engine of ['MyISAM', 'InnoDB'] as const) {
    describe(`with tables of engine ${engine}`, () => {
      it('answers a recorded dialogue as the native database does, or as SQLite', () => {
        const store = opened(newSchema(native, `dialogue_${engine}`, engine))
        const reference = memoryStore()
        const failures = differences(store, reference)
        reference.close()
        assert.deepEqual(failures, [])
      })

      it('keeps every byte that a Tango client can send', () => {
        const store = opened(newSchema(native, `bytes_${engine}`, engine))
        const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, i) => i))
        const values = [bytes, '', ' ', "'; DROP TABLE device; --", '%_|\\', '?']
        store.properties.put(DEVICE, 'v', values)
        assert.deepEqual(store.properties.get(DEVICE, 'v'), values)
        assert.deepEqual(store.properties.history(DEVICE, 'v')[0]?.values, values)
        assert.equal(
          sql(native, 'SELECT HEX(value) FROM property_device WHERE count = 1', `bytes_${engine}`).trim(),
          Buffer.from(bytes, 'latin1').toString('hex').toUpperCase(),
        )
        assert.throws(() => store.properties.put(DEVICE, 'v', ['Ω']), /'Ω'.*Latin-1/)
        assert.deepEqual(store.properties.get(DEVICE, 'V'), values)
      })

      it('takes back everything that a failed transaction has written', () => {
        const schema = `undo_${engine}`
        const store = opened(newSchema(native, schema, engine))
        fill(store)
        const before = contentOf(native, schema)
        assert.ok((before.property_device?.length ?? 0) > 10)
        assert.throws(
          () =>
            store.transaction(() => {
              change(store)
              assert.notDeepEqual(store.properties.get(DEVICE, 'p3'), ['3'])
              throw new Error('enough')
            }),
          /enough/,
        )
        // numbers of histories are taken, not given back
        const numbers = Object.keys(before).filter((table) => table.endsWith('_history_id'))
        const kept = (content: Record<string, string[]>) =>
          Object.entries(content).filter(([table]) => !numbers.includes(table))
        assert.deepEqual(kept(contentOf(native, schema)), kept(before))
      })

      it('takes back everything when the database refuses a statement in the middle', () => {
        const schema = `refused_${engine}`
        const store = opened(newSchema(native, schema, engine))
        fill(store)
        const before = contentOf(native, schema).property_device
        assert.throws(
          () =>
            store.transaction(() => {
              store.properties.put(DEVICE, 'p1', ['other'])
              store.properties.put(DEVICE, 'n'.repeat(300), ['too long a name'])
            }),
          { reason: 'DB_SQLError' },
        )
        assert.deepEqual(contentOf(native, schema).property_device, before)
        store.properties.put(DEVICE, 'p1', ['after'])
        assert.deepEqual(store.properties.get(DEVICE, 'p1'), ['after'])
      })

      it('goes on after its connection was killed, but not in the middle of a transaction', () => {
        const schema = `killed_${engine}`
        const store = opened(newSchema(native, schema, engine))
        store.properties.put(DEVICE, 'p', ['first'])
        kill(schema)
        assert.deepEqual(store.properties.get(DEVICE, 'p'), ['first'])
        assert.throws(
          () =>
            store.transaction(() => {
              store.properties.put(DEVICE, 'p', ['half'])
              store.properties.get(DEVICE, 'p')
              kill(schema)
              store.properties.put(DEVICE, 'q', ['other half'])
            }),
          /DB_SQLError: the connection to mysql:\/\/tango@.* was lost/,
        )
        assert.deepEqual(store.properties.get(DEVICE, 'p'), ['first'])
        assert.deepEqual(store.properties.get(DEVICE, 'q'), [])
        store.properties.put(DEVICE, 'p', ['second'])
        assert.deepEqual(store.properties.get(DEVICE, 'p'), ['second'])
      })

      it('loses no change of two processes that write the same property', async () => {
        const url = newSchema(native, `both_${engine}`, engine)
        const module = new URL('../../db-config/store/open-store.js', import.meta.url).href
        const endings = await Promise.all([1, 2].map(() => ran(['-e', INCREMENT, module, url])))
        assert.deepEqual(endings, [0, 0])
        const store = opened(url)
        assert.deepEqual(store.properties.get(DEVICE, 'count'), ['80'])
        assert.deepEqual(
          store.properties.history(DEVICE, 'count').map(({ values: [value] }) => value),
          Array.from({ length: 10 }, (_, i) => String(71 + i)),
        )
      })

      it('shows no other writer half of a change', () => {
        const url = newSchema(native, `apart_${engine}`, engine)
        const one = opened(url)
        const other = opened(url)
        one.transaction(() => {
          one.properties.put(DEVICE, 'p', ['1'])
          one.properties.get(DEVICE, 'p')
          // waits some seconds for the first one
          assert.throws(() => other.properties.put(DEVICE, 'p', ['2']), /DB_SQLError: .*[Ll]ock wait timeout/)
        })
        assert.deepEqual(one.properties.get(DEVICE, 'p'), ['1'])
        assert.deepEqual(one.properties.history(DEVICE, 'p').length, 1)
      })
    })
  }

  function kill(schema: string): void {
    const ids = sql(native, `SELECT id FROM information_schema.processlist WHERE user = 'tango' AND db = '${schema}'`)
    const found = ids.split('\n').filter((id) => id !== '')
    assert.ok(found.length > 0)
    sql(native, found.map((id) => `KILL ${id};`).join('\n'))
  }

  it('refuses texts that are not UTF-8, as native servers do, only where the address says so', () => {
    const url = newSchema(native, 'charset')
    const strict = opened(url.replace('latin1', 'utf8'))
    const latin1 = opened(url)
    assert.throws(() => strict.properties.put(DEVICE, 'p', ['\xe9']), /is not UTF-8/)
    const bytes = Buffer.from('µm €').toString('latin1')
    strict.properties.put(DEVICE, 'p', [bytes])
    assert.deepEqual(strict.properties.get(DEVICE, 'p'), [bytes])
    assert.deepEqual(latin1.properties.get(DEVICE, 'p'), ['\xb5m \x80'])
    latin1.properties.put(DEVICE, 'p', ['\xe9'])
    assert.deepEqual(latin1.properties.get(DEVICE, 'p'), ['\xe9'])
  })

  it('says that MariaDB hangs, and goes on when it answers again', async () => {
    const store = openStore(newSchema(native, 'hanging'), { deadlineMs: 300 })
    open.push(store)
    store.properties.put(DEVICE, 'p', ['1'])
    const pid = Number(readFileSync(`${dirname(native.socket)}/mariadb.pid`, 'utf8'))
    process.kill(pid, 'SIGSTOP')
    try {
      assert.throws(() => store.properties.get(DEVICE, 'p'), /mariadb\.sock\/hanging does not answer within 0\.3 s$/)
      assert.throws(() => store.properties.put(DEVICE, 'p', ['2']), /does not answer within 0\.3 s/)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await eventually('an answer', () => store.properties.get(DEVICE, 'p')[0] === '1', 10_000)
    store.properties.put(DEVICE, 'p', ['3'])
    assert.deepEqual(store.properties.get(DEVICE, 'p'), ['3'])
  })

  describe('that cannot be used', () => {
    let silent: Server | undefined

    afterEach(() => {
      silent?.close()
      silent = undefined
    })

    const refusal = (url: string, options: { deadlineMs?: number } = {}): string => {
      try {
        openStore(url, options).close()
      } catch (error) {
        assert.ok(error instanceof DevFailed)
        assert.equal(error.reason, 'DB_SQLError')
        return error.message
      }
      return 'opened'
    }

    it('refuses a wrong password without showing it', () => {
      const message = refusal(urlOf(native).replace('tango:tango@', 'tango:Secret%21@'))
      assert.match(message, /mysql:\/\/tango@.*mariadb\.sock\/tango refuses the login: Access denied for user 'tango'/)
      assert.doesNotMatch(message, /Secret/)
    })

    it('says which schema is missing, or which tables', () => {
      assert.match(refusal(urlOf(native, 'nowhere')), /refuses the login: .*nowhere/)
      sql(native, "CREATE DATABASE bare; GRANT ALL ON bare.* TO 'tango'@'localhost'")
      assert.match(refusal(urlOf(native, 'bare')), /has no Tango tables: create them/)
      newSchema(native, 'partly')
      sql(native, 'DROP TABLE property_pipe_class', 'partly')
      assert.match(refusal(urlOf(native, 'partly')), /has no table property_pipe_class/)
    })

    it('says which host has no database', () => {
      assert.match(refusal('mysql://tango:tango@127.0.0.1:1/tango'), /tango@127\.0\.0\.1:1\/tango cannot be reached/)
    })

    it('says which host does not answer', async () => {
      silent = createServer().listen(0, '127.0.0.1')
      await new Promise((resolve) => silent?.once('listening', resolve))
      const address = silent.address()
      const port = typeof address === 'object' ? address?.port : undefined
      const url = `mysql://tango:tango@127.0.0.1:${port}/tango`
      assert.match(
        refusal(url, { deadlineMs: 200 }),
        new RegExp(`127.0.0.1:${port}/tango does not answer within 0.2 s`),
      )
    })
  })
})

function commandsOf(store: Store): object {
  return databaseCommands(store, {
    name: 'sys/database/2',
    address: () => '127.0.0.1:10000',
    runningSince: '',
    updateStarters: () => {},
  })
}

/** Steps in which the store answers neither as the recording nor as the reference. */
function differences(store: Store, reference: Store): readonly string[] {
  const { steps } = JSON.parse(readFileSync(new URL('database-dialogue.json', GOLDEN), 'utf8')) as { steps: Step[] }
  const mine = commandsOf(store)
  const theirs = commandsOf(reference)
  return steps.flatMap((step) => {
    const answer = undated(ask(mine, step))
    const other = undated(ask(theirs, step))
    const recorded = undated(step.error ? { reason: step.error.reason } : { result: step.result })
    if (answer === recorded || answer === other) return []
    return [
      `${step.command} ${JSON.stringify(step.argument)}\n  native  ${recorded}\n  SQLite  ${other}\n  MariaDB ${answer}`,
    ]
  })
}

/** Counts to 40 in a property that others count in too. */
const INCREMENT = `
  const { openStore } = await import(process.argv[1])
  const store = openStore(process.argv[2])
  const place = { scope: 'device', owner: 'a/b/1' }
  for (let i = 0; i < 40; i += 1) {
    store.transaction(() => {
      const [value = '0'] = store.properties.get(place, 'count')
      store.properties.put(place, 'count', [String(Number(value) + 1)])
    })
  }
  store.close()`

function ran(words: readonly string[]): Promise<number | null> {
  const child = spawn(process.execPath, ['--input-type=module', ...words], { stdio: 'inherit', timeout: 30_000 })
  return new Promise((resolve) => child.once('close', resolve))
}

/** Devices, aliases, properties with histories of every kind. */
function fill(store: Store): void {
  for (let i = 1; i <= 3; i += 1) store.devices.define({ name: `a/b/${i}`, server: 'S/1', class: 'C', alias: `al${i}` })
  store.devices.define({ name: 'dserver/S/1', server: 'S/1', class: 'DServer' })
  for (let i = 1; i <= 12; i += 1) store.properties.put(DEVICE, `p${i}`, [String(i)])
  for (let i = 1; i <= 12; i += 1) store.properties.put(DEVICE, 'deep', [String(i), 'x'])
  store.properties.put({ scope: 'device', owner: 'dserver/S/1' }, 'p', ['1'])
  store.properties.put({ scope: 'deviceAttribute', owner: 'a/b/1', member: 'at' }, 'label', ['L'])
  store.properties.put({ scope: 'class', owner: 'C' }, 'p', ['1', '2'])
  store.properties.put({ scope: 'object', owner: 'o' }, 'p', ["it's"])
  store.servers.put({ name: 'S/1', host: 'h', mode: 1, level: 2 })
  store.attributeAliases.put('a/b/1/at', 'x1')
  store.events.export('e/1', { ior: 'IOR:1', host: 'h', pid: 3, version: '5' })
}

/** One of each kind of write, over what is there and over what is new. */
function change(store: Store): void {
  store.properties.put(DEVICE, 'deep', ['13'])
  store.properties.put(DEVICE, 'p3', ['changed'])
  store.properties.put(DEVICE, 'p3', ['changed', 'again'])
  store.properties.put(DEVICE, 'new', ['1', '2', '3'])
  store.properties.delete(DEVICE, 'p1*')
  store.properties.putAll(
    { scope: 'device', owner: 'a/b/9' },
    new Map([
      ['a', ['1']],
      ['b', ['2', '3']],
    ]),
  )
  store.properties.put({ scope: 'deviceAttribute', owner: 'a/b/1', member: 'at' }, 'unit', ['mm'])
  store.properties.drop('class', 'C')
  store.devices.export('a/b/1', { ior: 'IOR:2', host: 'other', pid: 9, version: '6' })
  store.devices.setAlias('a/b/2', 'elsewhere')
  store.devices.define({ name: 'a/b/3', server: 'T/1', class: 'D' })
  store.devices.define({ name: 'a/b/4', server: 'T/1', class: 'D' })
  assert.equal(store.devices.get('a/b/4')?.server, 'T/1')
  store.devices.renameServer('S/1', 'S/2')
  store.servers.rename('S/1', 'S/2')
  store.servers.setHost('S/2', 'there')
  store.devices.unexport({ server: 'S/2' })
  store.devices.delete({ name: 'a/b/2' })
  store.attributeAliases.put('a/b/1/at', 'x2')
  store.events.unexport('e/1')
  store.access.addAddress({ user: 'me', address: '1.2.3.4' })
  store.access.addDevice({ user: 'me', device: '*/*/*', rights: 'write' })
}
