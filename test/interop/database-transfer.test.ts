// `bandoneon db export` and `import` between the native database and ours: whatever one of them holds arrives in the
// other one and comes back as the same file.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatText, memoryStore, startAccessControl, startDatabase } from '#db-config'
import { silentLogger, TangoProcess } from '#tango'
import type { DatabaseContent, PropertyContent } from '../../db-config/transfer/content.ts'
import { runCli } from '../support/facility.ts'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers } from '../support/peers.ts'

const DEVICES = 2000

/** Without it MariaDB takes the bytes of native servers for UTF-8 and refuses the upper half of ISO 8859-1. */
const LATIN = '--skip-character-set-client-handshake --character-set-server=latin1'

/** Values that tools get wrong. */
const ODD: Readonly<Record<string, readonly string[]>> = {
  empty: [''],
  empties: ['', '', ''],
  blanks: [' ', '  leading', 'trailing  '],
  lines: ['one\ntwo\r\nthree\n', '\t', '\n'],
  quotes: ["it's", '"double"', '`back`', "''", '\\', '\\\\', "\\'", 'a\\nb', '%_%', '\\%', '*', '--', ';', '/* */'],
  latin: ['caf\u00e9', '\u00b5m \u00b1 1 \u00c5', '\u00ff\u00a0\u0080\u009f'],
  control: ['\u0001\u001b[31m\u007f'],
  json: ['{"a": [1, "b"]}', 'null', '0', '-1', '1e3'],
  long: ['x'.repeat(60_000)],
  'with space': ['v'],
  'Percent%under_score': ['v'],
  [`long name ${'n'.repeat(230)}`]: ['v'],
}

describe('bandoneon db export and import', function () {
  this.timeout(240_000)
  let folder: string
  let native: NativeTango | undefined
  const open: { close(): Promise<void> | void }[] = []

  beforeEach(function () {
    needPeers(this, 'native-database')
    folder = mkdtempSync(join(tmpdir(), 'transfer-'))
  })

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close()
    await native?.stop()
    native = undefined
    rmSync(folder, { recursive: true, force: true })
  })

  it('carries odd names and values from the native database into ours and back without loss', async () => {
    native = await startNativeTango({ mariadbd: LATIN })
    await fillOddly(native.tangoHost)
    const ours = await ownDatabase()
    const first = await exported(native.tangoHost)
    assert.match(first, /"value":"caf\u00e9"/)
    const done = await run(['db', 'import', await file(first), '--replace', '--host', ours])
    assert.match(done.stderr, /changes made/)
    assert.equal(await exported(ours), first)
    // what clients read is the same, too
    assert.deepEqual(await valuesOf(ours), await valuesOf(native.tangoHost))
    // and back into another native one, which begins with the same content of its own
    const other = await startNativeTango({ mariadbd: LATIN })
    open.push({ close: () => other.stop() })
    await run(['db', 'import', await file(first), '--replace', '--host', other.tangoHost])
    assert.equal(await exported(other.tangoHost), first)
  })

  it(`carries ${DEVICES} devices in both directions, and an import made again changes nothing`, async () => {
    native = await startNativeTango()
    const ours = await ownDatabase()
    const generated = await file(formatText(manyDevices()))
    await run(['db', 'import', generated, '--host', native.tangoHost])
    const first = await exported(native.tangoHost)
    assert.equal(first.match(/"device":"b\d+\/mot\/\d+","server"/g)?.length, DEVICES)
    await run(['db', 'import', await file(first), '--replace', '--host', ours])
    assert.equal(await exported(ours), first)
    for (const host of [native.tangoHost, ours]) {
      const again = await run(['db', 'import', await file(first), '--replace', '--host', host])
      assert.match(again.stderr, /: 0 changes made/, host)
      assert.equal(again.stdout, '')
    }
  })

  it('shows what an import would change and changes nothing with --dry-run', async () => {
    native = await startNativeTango()
    const before = await exported(native.tangoHost)
    const wanted = before
      .replace(
        '"device":"sys/tg_test/1","server":"TangoTest/test"',
        '"device":"sys/tg_test/1","server":"TangoTest/other"',
      )
      .replace(/^.*"device":"sys\/rest\/0".*\n/m, '')
      .concat('{"object":"Line","property":"energy","value":"12"}\n')
    const words = ['db', 'import', await file(wanted), '--replace', '--host', native.tangoHost]
    const dry = await run([...words, '--dry-run'])
    assert.deepEqual(
      dry.stdout.split('\n').filter((line) => line !== ''),
      [
        '- device dserver/TangoRestServer/rest (TangoRestServer/rest, DServer) with its properties',
        '- device dserver/TangoTest/test (TangoTest/test, DServer) with its properties',
        '- device sys/rest/0 (TangoRestServer/rest, TangoRestServer) with its properties',
        '~ device sys/tg_test/1 (TangoTest/test, TangoTest -> TangoTest/other, TangoTest)',
        '+ property energy of object Line = ["12"]',
      ],
    )
    assert.equal(await exported(native.tangoHost), before)
    await run(words)
    const after = await exported(native.tangoHost)
    assert.match(after, /"server":"TangoTest\/other"/)
    assert.doesNotMatch(after, /"device":"sys\/rest\/0"/)
    assert.match(after, /\{"object":"Line","property":"energy","value":"12"\}/)
  })

  async function run(words: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
    const ending = await runCli(words)
    assert.equal(ending.code, 0, `bandoneon ${words.join(' ')}: ${ending.stdout}${ending.stderr}`)
    return ending
  }

  async function exported(tangoHost: string): Promise<string> {
    const target = join(folder, `export-${open.length}-${Math.random()}.jsonl`)
    await run(['db', 'export', target, '--host', tangoHost])
    return readFileSync(target, 'utf8')
  }

  async function file(text: string): Promise<string> {
    const path = join(folder, 'import.jsonl')
    writeFileSync(path, text)
    return path
  }

  async function ownDatabase(): Promise<string> {
    const store = memoryStore()
    open.push(store)
    const tango = await TangoProcess.create({ host: '127.0.0.1', port: 0, log: silentLogger() })
    open.push(tango)
    await startDatabase(tango, store)
    await startAccessControl(tango, store)
    return `127.0.0.1:${tango.orb.endpoint.port}`
  }

  async function client(tangoHost: string): Promise<TangoProcess> {
    const tango = await TangoProcess.create({ listen: false, tangoHost, log: silentLogger() })
    open.push(tango)
    return tango
  }

  async function fillOddly(tangoHost: string): Promise<void> {
    const database = (await client(tangoHost)).database()
    await database.addDevice({ server: 'Odd/one', class: 'OddClass', name: 'Odd/Dev-1.a/X_%', alias: 'odd-alias' })
    await database.addServer('Lonely/admin', [{ name: 'dserver/Lonely/admin', class: 'DServer' }])
    await database.putDeviceAlias('dserver/Odd/one', 'admin-alias')
    await database.putDeviceProperty('Odd/Dev-1.a/X_%', ODD)
    await database.putDeviceProperty('not/defined/anywhere', { orphan: ['kept'] })
    await database.putDeviceProperty('dserver/Odd/one', { polling_threads_pool_conf: ['odd/dev-1.a/x_%'] })
    await database.putClassProperty('OddClass', ODD)
    await database.putProperty('bandoneon/revision/1', ODD)
    for (const object of ['semi;colon', 'semiXcolon', 'semi;_', ';'])
      await database.putProperty(object, { of: [object, 'two'] })
    await database.putDeviceAttributeProperty('odd/dev-1.a/x_%', {
      Att: { ...ODD, __value: '3.5' },
      att2: { unit: '' },
    })
    await database.putClassAttributeProperty('OddClass', { Att: ODD })
    await database.putDevicePipeProperty('odd/dev-1.a/x_%', { Pipe: ODD })
    await database.putClassPipeProperty('OddClass', { Pipe: ODD })
    await database.putAttributeAlias('odd/dev-1.a/x_%/Att', 'AttAlias')
    await database.putServerInfo({ name: 'Odd/one', host: 'host1', controlled: true, level: 5 })
    await database.putServerInfo({ name: 'Strange/one', host: 'h2', controlled: false, mode: 7, level: -1 })
  }

  /** What a client reads of the odd properties. */
  async function valuesOf(tangoHost: string): Promise<unknown> {
    const database = (await client(tangoHost)).database()
    const names = Object.keys(ODD)
    const attributes = await database.getDeviceAttributeProperty('odd/dev-1.a/x_%', ['Att', 'att2'])
    return {
      device: [...(await database.getDeviceProperty('Odd/Dev-1.a/X_%', names))],
      class: [...(await database.getClassProperty('OddClass', names))],
      object: [...(await database.getProperty('bandoneon/revision/1', names))],
      attributes: [...attributes].map(([name, properties]) => [name, [...properties].sort()]),
      alias: await database.deviceOfAlias('odd-alias'),
      attributeAlias: await database.attributeOfAlias('AttAlias'),
      info: await database.serverInfo('Odd/one'),
    }
  }
})

function manyDevices(): DatabaseContent {
  const properties: PropertyContent[] = []
  const devices = Array.from({ length: DEVICES }, (_, i) => {
    const name = `b${i % 20}/mot/${i}`
    properties.push(
      { scope: 'device', owner: name, member: undefined, name: 'axis', values: [String(i)] },
      {
        scope: 'device',
        owner: name,
        member: undefined,
        name: 'polled_attr',
        values: ['state', '1000', 'position', '200'],
      },
      { scope: 'deviceAttribute', owner: name, member: 'position', name: 'unit', values: ['mm'] },
    )
    return { name, server: `Motors/${i % 40}`, class: 'Motor', alias: i % 3 === 0 ? `mot${i}` : undefined }
  })
  return { servers: [], devices, attributeAliases: [], properties, access: [] }
}
