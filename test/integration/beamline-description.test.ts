// A described beamline as clients see it: instruments at the pool and at their elements, sessions and start-up records
// in the database, and a split file that opens like one.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OpenedBeamline, openBeamline } from '../../facility/library.ts'

const ROOT = `version: 1
name: described
include: [parts/*.yaml]
variables: { step: 0.5, host: control1 }
hosts: [{ name: '\${host}' }]
servers: [{ name: Pool/described, level: 5 }]
pool: { server: Pool/described, device: pool/described/1, alias: P }
instruments:
  - { name: /slits/front, class: NXslit, elements: [left] }
sessions:
  - { name: slits, include: [/slits], defaults: { ScanDir: /data } }
`
const MOTORS = `controllers:
  - name: motors
    type: motor
    driver: dummy-motor
    properties: { axisCount: 2 }
    axes:
      - { name: left, axis: 1, limits: [-1, '\${step}'] }
      - { name: right, axis: 2 }
`
const COUNTERS = `controllers:
  - { name: counters, type: counter, driver: dummy-counter, axes: [{ name: c1, axis: 1 }] }
measurementGroups: [{ name: mg, channels: [c1] }]
`

describe('a described beamline', function () {
  this.timeout(60_000)
  let folder = ''
  let beamline: OpenedBeamline

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-described-'))
    mkdirSync(join(folder, 'parts'))
    writeFileSync(join(folder, 'beamline.yaml'), ROOT)
    writeFileSync(join(folder, 'parts/motors.yaml'), MOTORS)
    writeFileSync(join(folder, 'parts/counters.yaml'), COUNTERS)
    beamline = await openBeamline(folder, { data: join(folder, 'data'), logLevel: 'ERROR' })
  })
  after(async () => {
    await beamline?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it('has its instruments at the pool and at their elements', async () => {
    const pool = beamline.tango.proxy('pool/described/1')
    const list = (await pool.read('InstrumentList')).value
    assert.ok(Array.isArray(list))
    const entries = list.map((entry): unknown => JSON.parse(String(entry)))
    assert.deepEqual(
      entries.map((entry) => {
        const { name, full_name, type, klass, parent_instrument } = Object(entry)
        return [name, full_name, type, klass, parent_instrument]
      }),
      [
        ['/slits', '/slits', 'Instrument', 'NXcollection', null],
        ['/slits/front', '/slits/front', 'Instrument', 'NXslit', '/slits'],
      ],
    )
    assert.equal((await beamline.tango.proxy('left').read('Instrument')).value, '/slits/front')
    assert.equal((await beamline.tango.proxy('right').read('Instrument')).value, '')
  })

  it('refuses to delete an instrument at run time', async () => {
    const pool = beamline.tango.proxy('pool/described/1')
    await assert.rejects(pool.command('DeleteElement', '/slits'), /is an instrument; change it in the beamline file/)
  })

  it('moves with the values of its variables', async () => {
    await beamline.move({ left: 0.5 })
    assert.deepEqual(await beamline.positions('left'), { left: 0.5 })
    await assert.rejects(beamline.move({ left: 0.6 }), /0\.5/)
  })

  it('keeps sessions and start-up records in the database', async () => {
    const database = beamline.tango.proxy('sys/database/2')
    const session = await database.command('DbGetProperty', ['bandoneon/session/slits', 'Elements', 'Defaults'])
    assert.deepEqual(session, [
      'bandoneon/session/slits',
      '2',
      'Elements',
      '1',
      'left',
      'Defaults',
      '1',
      'ScanDir="/data"',
    ])
    // the host is the one where it runs, as soon as it runs
    const [name, , controlled, level] = [await database.command('DbGetServerInfo', 'Pool/described')].flat()
    assert.deepEqual([name, controlled, level], ['Pool/described', '1', '5'])
  })

  it('is refused with the file and the line of a mistake in one of its parts', async () => {
    writeFileSync(join(folder, 'parts/motors.yaml'), MOTORS.replace('axisCount: 2', 'axisCount: many'))
    await assert.rejects(
      openBeamline(folder, { data: join(folder, 'other') }),
      /parts\/motors\.yaml:5:30: controller motors: property axisCount is "many", it should be a whole number from 1 to 10000/,
    )
  })
})
