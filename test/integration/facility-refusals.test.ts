// What a facility refuses, and what it says: nothing moves, and the next macro works.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { macroServer } from '#interfaces/macro-server'
import { DevFailed, encodePickle } from '#tango'
import type { DoorWatch } from '../support/door-watch.ts'
import { TestFacility } from '../support/facility.ts'
import { loggedScans } from '../support/scan-files.ts'

describe('A facility refuses', function () {
  this.timeout(60_000)
  let facility: TestFacility
  let door: DoorWatch

  before(async () => {
    facility = await TestFacility.start()
    door = await facility.door()
  })
  after(() => facility?.close())
  afterEach(async () => {
    const outcome = await door.run(['mv', 'dmot01', '0'])
    assert.equal(outcome.state, 'ON', 'the next macro works')
  })

  it('an unknown macro, with the names of similar ones', async () => {
    const text = await refusal(['ascann', 'mot01', '0', '1', '10', '0.1'])
    assert.match(text, /ascann/)
    assert.match(text, /\bascan\b/)
  })

  it('too few parameters, with the usage of the macro', async () => {
    const text = await refusal(['ascan', 'mot01', '0'])
    assert.match(text, /final_pos/)
    assert.match(text, /usage: ascan .*motor.*start_pos.*final_pos.*nr_interv.*integ_time/)
  })

  it('a parameter of the wrong type, naming parameter and value', async () => {
    const text = await refusal(['ascan', 'mot01', '0', 'one', '10', '0.1'])
    assert.match(text, /final_pos/)
    assert.match(text, /one/)
    assert.match(text, /usage: ascan/)
  })

  it('an unknown motor, naming it', async () => {
    const text = await refusal(['ascan', 'mot99', '0', '1', '10', '0.1'])
    assert.match(text, /mot99/)
  })

  for (const { words, value } of [
    { words: ['ascan', 'mot01', '0', '1000', '10', '0.01'], value: 200 }, // the first point beyond
    { words: ['mv', 'mot01', '1000'], value: 1000 },
    { words: ['mv', 'mot02', '1', 'mot01', '1000'], value: 1000 },
    { words: ['mesh', 'mot02', '0', '1', '2', 'mot01', '0', '-1000', '2', '0.01', 'false'], value: -500 },
  ])
    it(`a target beyond the limits before anything moves: ${words.join(' ')}`, async () => {
      const client = await facility.client()
      const motors = ['motor/icepap/1', 'motor/icepap/2'].map((name) => client.proxy(name))
      const positions = async () => await Promise.all(motors.map(async (m) => Number((await m.read('Position')).value)))
      const states: unknown[] = []
      for (const motor of motors) await motor.subscribe('State', 'change', (event) => states.push(event.reading?.value))
      const before = await positions()
      const scans = (await loggedScans(facility.data)).length

      const text = await refusal(words)

      assert.match(text, new RegExp(`mot01: ${value} mm is (above|below) the (upper|lower) limit -?100 mm`))
      assert.deepEqual(await positions(), before)
      assert.deepEqual(states, ['ON', 'ON'], 'a motor has moved')
      assert.equal((await loggedScans(facility.data)).length, scans, 'a scan has begun')
    })

  it('a scan into a folder that cannot be written, saying why, before anything moves', async () => {
    const file = join(facility.data, 'a-file')
    writeFileSync(file, '')
    await setEnvironment({ ScanDir: join(file, 'below') })
    try {
      const text = await refusal(['ascan', 'dmot01', '0', '1', '5', '0.01'])
      assert.ok(text.includes(join(file, 'below')), text)
      assert.match(text, /a file, not a folder/)
    } finally {
      await setEnvironment({ ScanDir: join(facility.data, 'scans') })
    }
  })

  for (const [command, argument, says] of [
    ['CreateElement', ['Motor', 'dmotctrl', 'x', 'newmotor'], /the axis of 'newmotor' must be a whole number/],
    ['CreateElement', ['{"type": "Motor"'], /begins like JSON and is none/],
    ['CreateMeasurementGroup', ['newgroup', 'mot01'], /'mot01' is a Motor/],
    ['GetControllerClassInfo', '[icepap', /begins like JSON and is none/],
  ] as const)
    it(`wrong arguments of the pool's ${command}: ${argument}`, async () => {
      const pool = (await facility.client()).proxy('pool/demo1/1')
      await assert.rejects(pool.command(command, argument), (error: DevFailed) => {
        assert.match(error.message, says)
        return !error.has('Internal_Error')
      })
    })

  /** What is said when the words are run: by the command itself, or by the macro that ends in ALARM. */
  async function refusal(words: readonly string[]): Promise<string> {
    try {
      const outcome = await door.run(words)
      assert.equal(outcome.state, 'ALARM', `${words.join(' ')} was not refused`)
      return outcome.error.join('\n')
    } catch (error) {
      if (error instanceof DevFailed) return error.message
      throw error
    }
  }

  async function setEnvironment(values: Readonly<Record<string, unknown>>): Promise<void> {
    const server = (await facility.client()).proxy('macroserver/demo1/1', macroServer)
    await server.write('environment', encodePickle({ new: values }))
  }
})
