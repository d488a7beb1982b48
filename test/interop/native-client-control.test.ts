// Our client against native servers, second part: pipes, locks, polling, histories, logging, groups, attribute proxies.

import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { DevFailed, type GroupReply, MultiDevFailed, silentLogger, TangoProcess } from '#tango'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers, PYTHON, runPython } from '../support/peers.ts'
import { eventually } from '../support/waiting.ts'

const PEER = resolve(import.meta.dirname, '../../../test/interop/python/peer.py')
const TRY_WRITE = resolve(import.meta.dirname, '../../../test/interop/python/try_write.py')
const DEVICE = 'sys/tg_test/1'

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => assert.fail('should fail'),
    (e: unknown) => e,
  )
  assert.ok(error instanceof DevFailed, String(error))
  return error.reason
}

describe('The client controls native servers', function () {
  this.timeout(60_000)
  let native: NativeTango
  let tango: TangoProcess

  before(async function () {
    needPeers(this, 'native-database', 'TangoTest', 'pytango')
    native = await startNativeTango()
    tango = await TangoProcess.create({ tangoHost: native.tangoHost, listen: false, log: silentLogger() })
    const devices = ['test/peer/1', 'test/peer/2', 'test/peer/3'].map((name) => ({ class: 'Peer', name }))
    await tango.database().addServer('peer/test', devices)
    await Promise.all([native.serve('TangoTest', 'test'), native.run(PYTHON, [PEER, 'test'])])
  })

  after(async () => {
    await tango?.close()
    await native?.stop()
  })

  it('reads, writes and configures pipes with nested blobs', async () => {
    const { pipes } = tango.proxy('test/peer/1')
    const configs = await pipes.config()
    assert.deepEqual(configs.map(({ name, writable }) => [name, writable]).sort(), [
      ['nested', false],
      ['pp', true],
    ])
    const nested = await pipes.read('nested')
    assert.equal(nested.blob.name, 'outer')
    assert.deepEqual(nested.values, {
      i: 3n,
      d: 1.5,
      flag: true,
      word: 'café',
      words: ['a', '', 'c'],
      box: { x: 7n, t: 'deep' },
    })
    await pipes.write('pp', {
      number: 1,
      numbers: [1, 2],
      word: 'e',
      flag: true,
      inner: { big: 5n, short: { type: 'DevShort', value: 3 }, deeper: { words: ['x'] } },
      floats: Float32Array.of(1.5),
      none: { type: 'DevLong', value: [] },
    })
    const written = await pipes.read('PP')
    assert.deepEqual(written.values, {
      number: 1,
      numbers: Float64Array.of(1, 2),
      word: 'e',
      flag: true,
      inner: { big: 5n, short: 3, deeper: { words: ['x'] } },
      floats: Float32Array.of(1.5),
      none: Int32Array.of(),
    })
    assert.deepEqual(
      (await pipes.writeRead('pp', { name: 'b', elements: [{ name: 'z', type: 'DevLong', value: 4 }] })).blob,
      {
        name: 'b',
        elements: [{ name: 'z', type: 'DevLong', value: 4 }],
      },
    )
    assert.equal(await reasonOf(pipes.read('nope')), 'API_PipeNotFound')
    assert.equal(await reasonOf(pipes.write('nested', { a: 1 })), 'API_PipeNotWritable')
    assert.equal(await reasonOf(pipes.write('pp', { a: [] })), 'API_PipeWrongArg')
    const [config] = await pipes.config(['pp'])
    assert.ok(config)
    await pipes.setConfig([{ ...config, label: 'renamed' }])
    assert.equal((await pipes.config(['pp']))[0]?.label, 'renamed')
  })

  it('holds locks beyond their validity, several at one server, and keeps others from writing', async () => {
    const first = tango.proxy('test/peer/1')
    const second = tango.proxy('test/peer/2')
    assert.equal((await first.lock.status()).locked, false)
    await first.lock.take({ validityS: 2 })
    await first.lock.take({ validityS: 2 })
    await second.lock.take({ validityS: 3 })
    const status = await first.lock.status()
    assert.deepEqual([status.locked, status.byMe, status.pid], [true, true, process.pid])
    assert.match(status.text, /is locked by CPP or Python client/)
    assert.equal(tango.locks.count, 2)
    // longer than both locks hold without being renewed
    const began = performance.now()
    await eventually('both locks to be old', () => performance.now() - began > 4000)
    for (const device of ['test/peer/1', 'test/peer/2']) {
      const { stdout } = await runPython(TRY_WRITE, [device], { env: { TANGO_HOST: native.tangoHost } })
      assert.equal(stdout.trim(), 'API_DeviceLocked', device)
    }
    await first.write('level', 3)
    assert.equal(await first.lock.release(), 1)
    assert.equal((await first.lock.status()).byMe, true)
    assert.equal(await first.lock.release(), 0)
    assert.deepEqual([(await first.lock.status()).locked, (await second.lock.status()).locked], [false, true])
    const { stdout } = await runPython(TRY_WRITE, ['test/peer/1'], { env: { TANGO_HOST: native.tangoHost } })
    assert.equal(stdout.trim(), 'written')
    await second.lock.release()
    assert.equal(tango.locks.count, 0)
    assert.equal(await reasonOf(tango.proxy('dserver/peer/test').lock.take()), 'API_DeviceUnlockable')
  })

  it('gives its locks back when it closes', async () => {
    const other = await TangoProcess.create({ tangoHost: native.tangoHost, listen: false, log: silentLogger() })
    await other.proxy('test/peer/3').lock.take({ validityS: 100 })
    await other.close()
    assert.equal((await tango.proxy('test/peer/3').lock.status()).locked, false)
  })

  it('starts, changes, shows and ends polling', async () => {
    const { polling } = tango.proxy(DEVICE)
    assert.deepEqual(await polling.objects(), [])
    assert.equal(await polling.isAttributePolled('double_scalar'), false)
    await polling.pollAttribute('double_scalar', 100)
    await polling.pollCommand('State', 200)
    await polling.pollAttribute('DOUBLE_scalar', 50)
    assert.equal(await polling.attributePeriod('Double_Scalar'), 50)
    assert.equal(await polling.commandPeriod('State'), 200)
    assert.equal(await polling.attributePeriod('ampli'), undefined)
    assert.equal(await polling.isCommandPolled('state'), true)
    assert.equal(await reasonOf(polling.pollAttribute('double_scalar', 2)), 'API_NotSupported')
    assert.equal(await reasonOf(polling.pollAttribute('nope', 100)), 'API_AttrNotFound')
    assert.equal(await reasonOf(polling.pollCommand('DevDouble', 100)), 'API_IncompatibleCmdArgumentType')
    await polling.stopAttribute('double_scalar')
    assert.equal(await reasonOf(polling.stopAttribute('double_scalar')), 'API_PollObjNotFound')
    await polling.stopCommand('State')
    assert.equal(await reasonOf(polling.stopCommand('State')), 'API_DeviceNotPolled')
    assert.deepEqual(await polling.objects(), [])
  })

  it('reads histories of attributes and commands, with errors and invalid values in their places', async () => {
    const peer = tango.proxy('test/peer/1')
    await peer.polling.pollAttribute('odd', 20)
    const records = await eventually('a full history', async () => {
      const found = await peer.history('odd', 10)
      return found.length === 10 ? found : undefined
    })
    await peer.polling.stopAttribute('odd')
    for (const { time, reading, error } of records) {
      assert.ok(time > 1.7e9)
      if (error !== undefined) assert.equal(error.reason, 'Box_Broken')
      else if (reading?.quality === 'INVALID') assert.equal(reading.value, undefined)
      else {
        const data = reading?.value
        assert.ok(data instanceof Float64Array)
        assert.equal(data.length, Math.max(1, data[0] ?? 0))
        assert.deepEqual(reading?.written, Float64Array.of(0))
      }
    }
    assert.deepEqual(
      records.map(({ time }) => time),
      records.map(({ time }) => time).sort((a, b) => a - b),
    )
    assert.ok(records.some(({ error }) => error !== undefined) && records.some(({ reading }) => reading?.value))

    const test = tango.proxy(DEVICE)
    await test.polling.pollCommand('State', 30)
    await test.polling.pollCommand('Status', 30)
    await test.polling.pollAttribute('wave', 30)
    const states = await eventually('three states', async () => {
      const found = await test.commandHistory('State', 3)
      return found.length === 3 ? found : undefined
    })
    assert.deepEqual(
      states.map(({ value }) => value),
      ['RUNNING', 'RUNNING', 'RUNNING'],
    )
    assert.match(String((await test.commandHistory('Status', 1))[0]?.value), /RUNNING/)
    const [wave] = await eventually('a wave', () => test.history('wave', 1).catch(() => undefined))
    assert.ok(wave?.reading?.value instanceof Float64Array)
    for (const name of ['State', 'Status']) await test.polling.stopCommand(name)
    await test.polling.stopAttribute('wave')
    assert.equal(await reasonOf(test.history('ampli')), 'API_AttrNotPolled')
    assert.equal(await reasonOf(test.commandHistory('DevVoid')), 'API_CmdNotPolled')
  })

  it('reads the cache or the device, as the source says', async () => {
    const proxy = tango.proxy(DEVICE)
    proxy.source = 'CACHE'
    assert.equal(await reasonOf(proxy.read('double_scalar')), 'API_AttrNotPolled')
    assert.equal(await reasonOf(proxy.command('State')), 'API_CmdNotPolled')
    await proxy.polling.pollAttribute('double_scalar', 1000)
    const first = await eventually('a cached value', () => proxy.read('double_scalar').catch(() => undefined))
    assert.equal((await proxy.read('double_scalar')).time, first.time)
    proxy.source = 'DEV'
    assert.ok((await proxy.read('double_scalar')).time > first.time)
    await proxy.polling.stopAttribute('double_scalar')
  })

  it('writes and reads in one call', async () => {
    const proxy = tango.proxy('test/peer/1')
    assert.equal((await proxy.writeRead('level', 4)).value, 4)
    const [level, warm, nope] = await proxy.writeReadMany({ level: 5 }, ['level', 'warm', 'nope'])
    assert.ok(level !== undefined && !(level instanceof DevFailed) && level.value === 5)
    assert.ok(warm !== undefined && !(warm instanceof DevFailed))
    assert.ok(nope instanceof DevFailed && nope.reason === 'API_AttrNotFound')
    const failed = await tango
      .proxy(DEVICE)
      .writeMany({ double_scalar_w: 1, short_scalar_ro: 2, long_scalar: 3 })
      .catch((e: unknown) => e)
    assert.ok(failed instanceof MultiDevFailed)
    assert.deepEqual(
      failed.failures.map(({ index, errors }) => [index, errors[0]?.reason]),
      [[1, 'API_AttrNotWritable']],
    )
  })

  it('changes log levels and targets', async () => {
    const { logging } = tango.proxy(DEVICE)
    await logging.setLevel('DEBUG')
    assert.equal(await logging.level(), 'DEBUG')
    await logging.setLevel('ERROR')
    assert.equal(await logging.level(), 'ERROR')
    const target = `file::/tmp/bandoneon-log-${process.pid}.log`
    await logging.addTarget(target)
    assert.ok((await logging.targets()).includes(target))
    await logging.removeTarget('file::*')
    assert.ok(!(await logging.targets()).includes(target))
    assert.equal(await reasonOf(logging.addTarget('nonsense')), 'API_MethodArgument')
  })

  it('reads the black box, names, properties and the alias of a device', async () => {
    const proxy = tango.proxy(DEVICE)
    await proxy.ping()
    const [line] = await proxy.blackBox(1)
    assert.match(line ?? '', /Operation ping requested from/)
    assert.equal(await reasonOf(proxy.blackBox(0)), 'API_BlackBoxArgument')
    assert.equal(await proxy.description(), 'A TANGO device')
    await proxy.properties.put({ One: 'a', Many: ['b', 'c'] })
    assert.deepEqual((await proxy.properties.list('*n*')).sort(), ['Many', 'One'])
    assert.deepEqual([...(await proxy.properties.get(['Many', 'None']))], [['Many', ['b', 'c']]])
    await proxy.properties.delete(['One', 'Many'])
    assert.deepEqual(
      (await proxy.properties.history('One')).map(({ values }) => values.length),
      [1, 0],
    )
    assert.equal(await proxy.alias(), undefined)
    await tango.database().putDeviceAlias('test/peer/2', 'peer-two')
    assert.equal(await tango.proxy('peer-two').alias(), 'peer-two')
    await tango.proxy('peer-two').properties.put({ greeting: 'hi' })
    assert.deepEqual(await tango.proxy('test/peer/2').properties.list('g*'), ['greeting'])
    assert.equal(await proxy.access(), 'WRITE')
  })

  it('finds devices and attributes by every form of their names', async () => {
    const database = tango.database()
    await database.putAttributeAlias(`${DEVICE}/ampli`, 'amplitude')
    const host = native.tangoHost
    await database.putDeviceAlias(DEVICE, 'tester')
    for (const name of [
      DEVICE,
      'SYS/Tg_Test/1',
      'tester',
      `tango://${host}/${DEVICE}`,
      `TANGO://${host}/${DEVICE}#dbase=yes`,
      `tango://${host}/tester`,
    ]) {
      assert.equal(await tango.proxy(name).deviceName(), DEVICE, name)
    }
    for (const name of ['amplitude', `tango://${host}/amplitude`, 'tester/ampli', `tango://${host}/${DEVICE}/ampli`]) {
      const attribute = tango.attribute(name)
      await attribute.write(2.5)
      // an attribute that is only written is read as its set value
      assert.equal((await attribute.read()).written, 2.5, name)
      assert.equal(await attribute.attributeName(), 'ampli')
    }
    assert.equal(await database.attributeAlias(`${DEVICE}/ampli`), 'amplitude')
    assert.equal(await database.attributeAlias(`${DEVICE}/wave`), undefined)
    assert.equal(await reasonOf(tango.attribute('no_such_alias').read()), 'DB_SQLError')
    assert.throws(() => tango.attribute('a/b/c'), /API_WrongAttributeNameSyntax/)
  })

  it('administers properties of attributes, pipes and classes, services and tables of the native database', async () => {
    const database = tango.database()
    const values = (history: readonly { readonly values: readonly string[] }[]): number[] =>
      history.map((entry) => entry.values.length)
    await database.putDevicePipeProperty('test/peer/1', { Pp: { label: 'x', list: ['1', '2'] } })
    const pipes = await database.getDevicePipeProperty('test/peer/1', ['Pp', 'none'])
    assert.deepEqual(pipes.get('Pp')?.get('list'), ['1', '2'])
    assert.equal(pipes.get('none')?.size, 0)
    assert.deepEqual(
      (await database.devicePipeList('test/peer/1')).map((name) => name.toLowerCase()),
      ['pp'],
    )
    await database.deleteDevicePipeProperty('test/peer/1', 'Pp', ['list'])
    assert.deepEqual(values(await database.devicePipePropertyHistory('test/peer/1', 'Pp', 'list')), [2, 0])
    await database.deleteAllDevicePipeProperty('test/peer/1', ['Pp'])
    assert.equal((await database.getDevicePipeProperty('test/peer/1', ['Pp'])).get('Pp')?.size, 0)

    await database.putClassPipeProperty('Peer', { pp: { label: 'y' } })
    assert.deepEqual((await database.getClassPipeProperty('Peer', ['pp'])).get('pp')?.get('label'), ['y'])
    assert.deepEqual(await database.classPipeList('Peer'), ['pp'])
    await database.deleteClassPipeProperty('Peer', 'pp', ['label'])
    assert.deepEqual(values(await database.classPipePropertyHistory('Peer', 'pp', 'label')), [1, 0])

    await database.putClassAttributeProperty('Peer', { level: { unit: 'm' }, odd: { unit: 's' } })
    assert.deepEqual((await database.classAttributeList('Peer')).sort(), ['level', 'odd'])
    await database.deleteClassAttributeProperty('Peer', 'level', ['unit'])
    assert.deepEqual(values(await database.classAttributePropertyHistory('Peer', 'level', 'unit')), [1, 0])
    await database.deleteClassAttribute('Peer', 'odd')
    assert.equal((await database.getClassAttributeProperty('Peer', ['odd'])).get('odd')?.size, 0)

    await database.putDeviceAttributeProperty('test/peer/3', { text: { a: '1' }, odd: { a: '1' }, mood: { a: '1' } })
    await database.deleteDeviceAttributeProperty('test/peer/3', 'mood', ['a'])
    assert.deepEqual(values(await database.deviceAttributePropertyHistory('test/peer/3', 'mood', 'a')), [1, 0])
    await database.deleteAllDeviceAttributeProperty('test/peer/3', ['text'])
    await database.deleteDeviceAttribute('test/peer/3', 'odd')
    assert.equal((await database.getDeviceAttributeProperty('test/peer/3', ['text', 'odd'])).get('odd')?.size, 0)
    await database.putDeviceAttributeProperty('test/peer/3', { fwd: { __root_att: `${DEVICE}/ampli` } })
    assert.deepEqual(await database.forwardedAttributes(DEVICE), [
      { device: 'test/peer/3', attribute: 'fwd', root: `${DEVICE}/ampli` },
    ])

    await database.putClassProperty('Peer', { P: '1' })
    await database.deleteClassProperty('Peer', ['P'])
    assert.deepEqual(values(await database.classPropertyHistory('Peer', 'P')), [1, 0])
    await database.putProperty('free', { P: ['1', '2'] })
    await database.deleteProperty('free', ['P'])
    assert.deepEqual(values(await database.propertyHistory('free', 'P')), [2, 0])

    const service = { name: 'Logging', instance: 'main', device: 'test/peer/1' }
    await database.registerService(service)
    await database.registerService({ ...service, device: 'test/peer/2' })
    assert.deepEqual(await database.services('logging', 'MAIN'), [{ ...service, device: 'test/peer/2' }])
    await database.unregisterService(service)
    assert.deepEqual(await database.services(), [])

    const { host } = await database.importDevice('dserver/peer/test')
    await database.putServerInfo({ name: 'peer/test', host, controlled: true, level: 3 })
    const hosted = await database.hostServersInfo(host)
    assert.deepEqual(
      hosted.find(({ name }) => name.toLowerCase() === 'peer/test'),
      { name: 'peer/test', controlled: true, level: 3 },
    )
    assert.ok((await database.classInheritance('test/peer/1')).includes('Peer'))
    assert.deepEqual(await database.select("name, alias from device where name = 'test/peer/3'"), [
      ['test/peer/3', undefined],
    ])
    assert.equal(await reasonOf(database.select('nonsense')), 'DB_SQLError')
    assert.equal(await reasonOf(database.deviceOfAlias('zzz')), 'DB_DeviceNotDefined')
    assert.equal(await reasonOf(database.putDeviceAlias('test/peer/1', 'a/b')), 'DB_IncorrectArguments')
  })

  it('offers one attribute as an object, typed by its spec', async () => {
    const level = tango.attribute('test/peer/1/level', { type: 'DevDouble', writable: true })
    await level.write(7)
    const value: number | undefined = (await level.read()).value
    assert.equal(value, 7)
    assert.equal((await level.writeRead(8)).value, 8)
    await level.setConfig({ unit: 'mm' })
    assert.equal((await level.config()).unit, 'mm')
    await level.poll(50)
    assert.deepEqual([await level.isPolled(), await level.pollPeriod()], [true, 50])
    const [record] = await eventually('a history', () => level.history(1).catch(() => undefined))
    assert.equal(record?.reading?.value, 8)
    await level.stopPoll()
    assert.equal(await level.isPolled(), false)
    await level.putProperties({ mine: ['1', '2'] })
    assert.deepEqual((await level.properties()).get('mine'), ['1', '2'])
    await level.deleteProperties(['mine'])
    assert.equal((await level.properties()).has('mine'), false)
    assert.deepEqual([await level.state(), (await level.ping()) >= 0], ['ON', true])
  })

  it('calls groups of devices, nested and by pattern, and says who failed', async () => {
    const group = tango.group('all')
    assert.deepEqual(await group.add('test/peer/*'), ['test/peer/1', 'test/peer/2', 'test/peer/3'])
    assert.deepEqual(await group.add(['test/peer/1']), [])
    const inner = tango.group('inner')
    await inner.add([DEVICE, 'no/such/device'])
    group.addGroup(inner)
    assert.equal(inner.fullName, 'all.inner')
    assert.throws(() => inner.addGroup(group), /API_MethodArgument/)
    assert.deepEqual(group.devices(), ['test/peer/1', 'test/peer/2', 'test/peer/3', DEVICE, 'no/such/device'])
    assert.equal(group.size({ forward: false }), 3)
    assert.equal(group.group('all.inner'), inner)
    assert.equal(await group.ping(), false)
    assert.equal(await group.ping({ forward: false }), true)

    const shown = (replies: readonly GroupReply[]): unknown[] =>
      replies.map((reply) =>
        reply.status === 'ok' ? reply.value : reply.status === 'failed' ? reply.error.reason : '-',
      )
    assert.deepEqual(shown(await group.command('State')), ['ON', 'ON', 'ON', 'RUNNING', 'DB_DeviceNotDefined'])
    assert.deepEqual(shown(await group.commandEach('Echo', ['a', 'b', 'c'], { forward: false })), ['a', 'b', 'c'])
    assert.equal(await reasonOf(group.commandEach('Echo', ['a'])), 'API_MethodArgument')
    const written = await group.writeEach('level', [1, 2, 3], { forward: false })
    assert.deepEqual(
      written.map(({ device, name, status }) => [device, name, status]),
      ['test/peer/1', 'test/peer/2', 'test/peer/3'].map((device) => [device, 'level', 'ok']),
    )
    const readings = await group.read('level')
    assert.deepEqual(
      readings.map((reply) => (reply.status === 'ok' ? reply.value.value : reply.status)),
      [1, 2, 3, 'failed', 'failed'],
    )
    group.disable('test/peer/2')
    const many = await group.readMany(['level', 'State'], { forward: false })
    assert.deepEqual(
      many.map((reply) => [reply.device, reply.name, reply.status === 'ok' ? reply.value.value : reply.status]),
      [
        ['test/peer/1', 'level', 1],
        ['test/peer/1', 'State', 'ON'],
        ['test/peer/2', 'level', 'disabled'],
        ['test/peer/2', 'State', 'disabled'],
        ['test/peer/3', 'level', 3],
        ['test/peer/3', 'State', 'ON'],
      ],
    )
    group.enable('*')
    inner.disable()
    assert.deepEqual(shown(await group.command('State')), ['ON', 'ON', 'ON', '-', '-'])
    assert.deepEqual([group.isEnabled('test/peer/2'), group.isEnabled(DEVICE)], [true, false])
    await group.write('level', 9, { forward: false, timeoutMs: 1000 })
    assert.equal((await tango.proxy('test/peer/3').read('level')).value, 9)
    assert.equal(group.remove(['test/peer/1', 'inner']), 2)
    assert.equal(inner.parent, undefined)
    group.clear()
    assert.equal(group.size(), 0)
  })
})
