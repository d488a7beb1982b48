// What the installation says of its drivers, and beamline files checked with it.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { driverCatalogue, packagedBeamline, readBeamline } from '../../../facility/catalogue.ts'

describe('driverCatalogue', () => {
  it('describes every driver with its properties', async () => {
    const { motor, counter } = await driverCatalogue()
    const described = [...motor, ...counter].map((driver) =>
      typeof driver === 'string' ? driver : [driver.name, driver.doc !== ''],
    )
    assert.deepEqual(described, [
      ['dummy-motor', true],
      ['icepap', true],
      ['dummy-counter', true],
      ['electrometer', true],
    ])
    const icepap = motor.find((driver) => typeof driver === 'object' && driver.name === 'icepap')
    assert.ok(typeof icepap === 'object')
    assert.equal(icepap.properties.host?.mandatory, true)
    assert.equal(icepap.properties.port?.maxValue, 65535)
  })

  it('loads only the drivers that are wanted; of the others it tells the name', async () => {
    const { motor } = await driverCatalogue(['icepap', 'nobody'])
    assert.deepEqual(
      motor.map((driver) => (typeof driver === 'string' ? driver : [driver.name])),
      ['dummy-motor', ['icepap']],
    )
  })
})

describe('readBeamline', () => {
  it('reads the demo', async () => {
    assert.equal((await readBeamline(packagedBeamline('demo'))).name, 'demo')
  })

  it('checks properties against the drivers that the file names', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-catalogue-'))
    try {
      const file = join(folder, 'b.yaml')
      writeFileSync(
        file,
        `version: 1
name: b
servers: [Controllers/b]
controllers:
  - name: rack
    server: Controllers/b
    type: motor
    driver: icepap
    properties: { host: here, prot: 5000 }
    axes: [{ name: m1, axis: 1 }]
`,
      )
      await assert.rejects(readBeamline(file), {
        reason: 'Beamline_Invalid',
        message: /b\.yaml:9:31: controller rack: driver icepap has no property prot; did you mean port\?/,
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})
