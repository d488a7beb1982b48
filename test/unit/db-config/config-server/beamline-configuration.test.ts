// The configuration device with a small beamline behind it, all in one process.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '#db-config'
import { Memory } from '../../../../db-config/config/memory.ts'
import { eventually } from '../../../support/waiting.ts'
import { BEAMLINE, Configured } from './configured.ts'

const LIMIT = ['[-1, 1]', '[-2, 1]'] as const
const NEW_AXIS = ['{ name: m2, axis: 2 }', '{ name: m2, axis: 2 }\n      - { name: m3, axis: 3 }'] as const
const NEW_GROUP = ['measurementGroups:', 'motorGroups: [{ name: both, motors: [m1, m2] }]\nmeasurementGroups:'] as const
const NEW_SERVER = [
  ['[Pool/small]', '[Pool/small, Controllers/x]'],
  ['{ name: counters,', '{ name: counters, server: Controllers/x,'],
] as const
const ORIGIN = { author: 'anna@crate', reason: 'a test' }

describe('BeamlineConfiguration', () => {
  let facility: Configured

  beforeEach(async () => {
    facility = await Configured.start()
  })

  afterEach(async () => {
    await facility[Symbol.asyncDispose]()
  })

  const minimum = async (): Promise<string | undefined> =>
    (await facility.tango.proxy('m1').attributeConfig(['Position']))[0]?.minValue

  it('checks documents in memory, with includes', async () => {
    const part = { path: 'parts/c.yaml', text: 'doors:\n  - { device: door/small/1 }\n' }
    const root = { path: 'root.yaml', text: `${BEAMLINE}include: [parts/*.yaml]\n` }
    const { findings, beamline } = await facility.ask('check', { documents: [root, part] })
    assert.equal(beamline, undefined)
    const [found] = findings.filter(({ text }) => /doors need a macro server/.test(text))
    assert.deepEqual([found?.file, found?.line, found?.column], ['parts/c.yaml', 2, 5])
    const right = await facility.ask('check', { documents: [{ path: 'root.yaml', text: BEAMLINE }] })
    assert.deepEqual([right.findings, right.beamline, right.version], [[], 'small', 1])
  })

  it('plans without changing anything', async () => {
    const { lines, steps, blockers, newest } = await facility.ask('plan', facility.documents([...NEW_AXIS]))
    assert.deepEqual(lines, ['+ motor/motors/3: Motor in Pool/small'])
    assert.deepEqual(
      steps.map(({ action, device }) => `${action} ${device}`),
      ['create motor/motors/3', 'reload pool/small/1'],
    )
    assert.deepEqual([blockers, newest], [[], 1])
    assert.equal(facility.store.devices.get('motor/motors/3'), undefined)
  })

  it('applies documents: the database, the devices, the pool and the revision', async () => {
    const answer = await facility.ask('apply', { ...facility.documents([...NEW_AXIS], [...LIMIT]), ...ORIGIN })
    assert.equal(answer.revision, 2)
    assert.deepEqual(
      answer.steps.map(({ action, device, result, state }) => `${action} ${device} ${result} ${state}`),
      ['create motor/motors/3 done ON', 'restart motor/motors/1 done ON', 'reload pool/small/1 done ON'],
    )
    assert.equal(await minimum(), '-2')
    await facility.tango.proxy('m3').write('Position', 4)
    const { value } = await facility.tango.proxy('P').read('MotorList')
    assert.ok(Array.isArray(value) && value.some((line) => String(line).includes('"m3"')))
    assert.deepEqual(new Memory(facility.store).get('pending'), [])
  })

  it('keeps devices that are not concerned as they are', async () => {
    await facility.tango.proxy('m2').write('Position', 7)
    const before = facility.tango.servers.flatMap((server) => server.device('motor/motors/2') ?? [])[0]
    await facility.ask('apply', facility.documents([...NEW_AXIS], [...LIMIT]))
    const after = facility.tango.servers.flatMap((server) => server.device('motor/motors/2') ?? [])[0]
    assert.equal(before, after)
    assert.equal((await facility.tango.proxy('m2').read('Position')).value, 7)
  })

  it('brings groups and takes them away', async () => {
    await facility.ask('apply', facility.documents([...NEW_GROUP]))
    assert.equal(await facility.tango.proxy('both').state(), 'ON')
    await facility.ask('apply', facility.documents())
    assert.ok(facility.tango.servers.every((server) => server.device('mg/p/both') === undefined))
    await assert.rejects(facility.tango.proxy('mg/p/both').state())
  })

  it('puts everything back when a device cannot be made, and says why', async () => {
    facility.missing.add('MotorGroup')
    await assert.rejects(facility.ask('apply', { ...facility.documents([...NEW_GROUP], [...LIMIT]), ...ORIGIN }), {
      message: /revision 2 could not take effect .*no class MotorGroup.*as before/,
    })
    assert.equal(facility.store.devices.get('mg/p/both'), undefined)
    assert.equal(await minimum(), '-1')
    assert.equal(await facility.tango.proxy('m1').state(), 'ON')
    const { revisions, revision, newest } = await facility.ask('history')
    assert.deepEqual([revision, newest], [1, 2])
    assert.deepEqual([revisions[0]?.applied, revisions[1]?.applied], [false, true])
    assert.match(revisions[0]?.withdrawn ?? '', /MotorGroup/)
    assert.deepEqual(new Memory(facility.store).get('pending'), [])
    assert.equal(await facility.configuration.state(), 'ON')
  })

  it('brings a server and ends it when nothing is left of it, whether it runs or not', async () => {
    const names = () => facility.tango.servers.map(({ name }) => name).filter((name) => name.startsWith('Controllers/'))
    for (const isRunning of [true, false]) {
      await facility.ask('apply', facility.documents(...NEW_SERVER))
      assert.deepEqual(names(), ['Controllers/x'])
      assert.equal(await facility.tango.proxy('c1').state(), 'ON')
      if (!isRunning) await facility.tango.servers.find(({ name }) => name === 'Controllers/x')?.stop()
      await facility.ask('apply', facility.documents())
      assert.deepEqual(names(), [])
      assert.equal(facility.store.devices.get('dserver/Controllers/x'), undefined)
    }
    assert.deepEqual(facility.ended, ['Controllers/x', 'Controllers/x'])
    assert.equal(await facility.tango.proxy('c1').state(), 'ON')
  })

  it('takes a server back that was brought in vain', async () => {
    facility.missing.add('MotorGroup')
    const vain = facility.ask('apply', facility.documents(...NEW_SERVER, [...NEW_GROUP]))
    await assert.rejects(vain, /no class MotorGroup.*the database and the devices are as before/)
    assert.ok(facility.tango.servers.every(({ name }) => name !== 'Controllers/x'))
    assert.equal(await facility.tango.proxy('c1').state(), 'ON')
  })

  it('is applied although a removed server does not end', async () => {
    await facility.ask('apply', facility.documents(...NEW_SERVER))
    facility.missing.add('Controllers/x')
    const { revision } = await facility.ask('apply', facility.documents())
    assert.equal(revision, 3)
    assert.equal(await facility.tango.proxy('c1').state(), 'ON')
  })

  it('goes on where an earlier process has ended between database and devices', async () => {
    facility.store.properties.put(
      { scope: 'deviceAttribute', owner: 'motor/motors/1', member: 'Position' },
      'min_value',
      ['-5'],
    )
    const step = { action: 'restart', device: 'motor/motors/1', class: 'Motor', server: 'Pool/small' }
    const memory = new Memory(facility.store)
    memory.put('pending', [JSON.stringify(step)])
    memory.write()
    assert.equal(await minimum(), '-1')
    await facility.tango.proxy('dserver/BeamlineConfiguration/1').command('DevRestart', 'sys/bandoneon-config/1')
    await eventually('the new limit', async () => (await minimum()) === '-5')
    await eventually('the end', () => new Memory(facility.store).get('pending').length === 0)
  })

  it('refuses while a device that would be restarted is moving', async () => {
    const group = facility.tango.proxy('mg')
    await group.write('IntegrationTime', 30)
    await group.command('Prepare')
    await group.command('Start')
    const change = facility.documents(['channels: [c1]', 'channels: [c1, sys/tg_test/1/double_scalar]'])
    const { blockers } = await facility.ask('plan', change)
    assert.deepEqual(blockers, [{ device: 'mntgrp/p/mg', text: 'mg is MOVING' }])
    await assert.rejects(facility.ask('apply', change), { message: /mg is MOVING; wait until that has ended/ })
    assert.equal((await facility.ask('apply', facility.documents([...NEW_AXIS]))).revision, 2)
    assert.equal(await group.state(), 'MOVING')
    await group.command('Stop')
  })

  it('refuses a second application while one is running', async () => {
    const [first, second] = await Promise.allSettled([
      facility.ask('apply', { ...facility.documents([...LIMIT]), ...ORIGIN }),
      facility.ask('apply', facility.documents([...NEW_AXIS])),
    ])
    const refused = [first, second].find(({ status }) => status === 'rejected')
    assert.ok(refused?.status === 'rejected')
    assert.match(String(refused.reason), /is applying a configuration/)
  })

  it('is RUNNING while it applies, and tells the new revision by event', async () => {
    const states: unknown[] = []
    const revisions: unknown[] = []
    await facility.configuration.subscribe('State', 'change', (e) => states.push(e.reading?.value))
    await facility.configuration.subscribe('revision', 'change', (e) => revisions.push(e.reading?.value))
    await facility.ask('apply', facility.documents([...LIMIT]))
    await eventually('the events', () => states.at(-1) === 'ON' && states.includes('RUNNING') && revisions.at(-1) === 2)
    assert.match(await facility.configuration.status(), /revision 2 is applied/)
  })

  it('saves documents for an editor, refuses those of a stale base, and applies them later', async () => {
    const put = await facility.ask('putDocuments', { ...facility.documents([...LIMIT]), base: 1, ...ORIGIN })
    assert.equal(put.revision, 2)
    assert.equal(await minimum(), '-1')
    await assert.rejects(facility.ask('putDocuments', { ...facility.documents([...NEW_AXIS]), base: 1, ...ORIGIN }), {
      message: /since revision 1.*revision 2 by anna@crate on .* \(a test\)/s,
    })
    const { documents } = await facility.ask('getDocuments', { revision: 2 })
    assert.match(documents[0]?.text ?? '', /\[-2, 1\]/)
    assert.match((await facility.ask('getDocuments')).documents[0]?.text ?? '', /\[-1, 1\]/)
    const applied = await facility.ask('apply', { revision: 2, base: 2, ...ORIGIN })
    assert.deepEqual([applied.revision, applied.newest], [2, 2])
    assert.equal(await minimum(), '-2')
  })

  it('refuses to save what is wrong, with file, line and column', async () => {
    const wrong = facility.documents(['driver: dummy-motor', 'driver: dummi-motor'])
    await assert.rejects(facility.ask('putDocuments', { ...wrong, base: 1 }), {
      message: /small\.yaml:8:13: .*did you mean dummy-motor/,
    })
  })

  it('goes back to an earlier revision', async () => {
    await facility.ask('apply', facility.documents([...NEW_AXIS]))
    const back = await facility.ask('rollback', { revision: 1, ...ORIGIN })
    assert.deepEqual([back.revision, back.lines], [3, ['- motor/motors/3: Motor in Pool/small']])
    const { lines } = await facility.ask('diff', { from: 2, to: 3 })
    assert.ok(lines.includes('-      - { name: m3, axis: 3 }'))
    await assert.rejects(facility.ask('rollback', { revision: 9 }), { message: /no revision 9; there are 1 to 3/ })
  })

  it('dumps what it has, and gives the schema of its files', async () => {
    const { text } = await facility.ask('dump')
    const plan = await facility.ask('plan', { documents: [{ path: 'd.yaml', text }] })
    assert.deepEqual(plan.lines, [])
    const { schema } = await facility.ask('schema')
    assert.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema')
  })

  it('takes characters beyond those of Tango in files and reasons', async () => {
    const reason = 'λ → µ'
    const { documents } = facility.documents()
    const [root] = documents as { path: string; text: string }[]
    const text = `${root?.text}# λ → \u{1f50d}\n`
    const argument = JSON.stringify({ documents: [{ path: 'small.yaml', text }], reason, author: 'å' })
    const ascii = argument.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    await facility.configuration.command('apply', ascii)
    const answer = JSON.parse(await facility.configuration.command('getDocuments', '{}')) as { documents: object[] }
    assert.deepEqual(answer.documents, [{ path: 'small.yaml', text }])
    const history = JSON.parse(await facility.configuration.command('history', '')) as {
      revisions: { reason: string }[]
    }
    assert.equal(history.revisions[0]?.reason, reason)
  })

  for (const [what, command, argument, message] of [
    ['text that is no JSON', 'plan', 'documents', /Plan takes a JSON object/],
    ['a list', 'plan', '[]', /Plan takes a JSON object like/],
    ['another version', 'plan', '{"version": 2}', /version is 2, it should be 1/],
    ['a field that does not exist', 'history', '{"last": 3}', /no field last; it takes limit/],
    ['documents that are none', 'apply', '{"documents": [{"path": "a"}]}', /documents is .*\{"path", "text"\}/],
    [
      'a document that is there twice',
      'check',
      '{"documents": [{"path":"a","text":""},{"path":"a","text":""}]}',
      /a is there twice/,
    ],
    ['a revision that is no number', 'rollback', '{"revision": "1"}', /revision is "1", it should be a whole number/],
    ['a missing base', 'putDocuments', '{"documents": []}', /base is missing/],
  ] as const) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(facility.configuration.command(command, argument), { message })
    })
  }

  it('says that a database in memory has no backup', async () => {
    await assert.rejects(facility.ask('backupDatabase'))
  })
})

describe('BeamlineConfiguration over a file', () => {
  it('copies the database while it is in use', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-config-'))
    try {
      await using facility = await Configured.start({ store: filled(join(folder, 'tango.sqlite')) })
      const target = join(folder, 'copy.sqlite')
      const { path } = await facility.ask('backupDatabase', { target })
      assert.equal(path, target)
      assert.ok(existsSync(target))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

function filled(path: string) {
  const store = openStore(path)
  for (const [name, deviceClass] of [
    ['pool/small/1', 'Pool'],
    ['dserver/Pool/small', 'DServer'],
    ['controllerhost/pool_small/1', 'ControllerHost'],
  ] as const)
    store.devices.define({ name, server: 'Pool/small', class: deviceClass })
  return store
}
