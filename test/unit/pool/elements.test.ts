import assert from 'node:assert/strict'
import { applyBeamline, memoryStore, parseBeamline, type Store, startDatabase } from '#db-config'
import { devFailed, silentLogger, TangoProcess } from '#tango'
import { type Element, readControllers } from '../../../pool/elements.ts'

const BEAMLINE = `
version: 1
name: b
servers: [Pool/b]
pool: { server: Pool/b, device: pool/b/1 }
controllers:
  - name: motors
    type: motor
    driver: dummy-motor
    properties: { axisCount: 2 }
    axes: [{ name: m2, axis: 2 }, { name: m1, axis: 1 }]
  - { name: counters, type: counter, driver: dummy-counter, axes: [{ name: c1, axis: 1 }] }
`
const CONTROLLERS = ['controller/dummy-motor/motors', 'controller/dummy-counter/counters']

describe('readControllers', () => {
  let store: Store
  let tango: TangoProcess

  beforeEach(async () => {
    store = memoryStore()
    applyBeamline(store, parseBeamline(BEAMLINE, 'b.yaml'))
    tango = await TangoProcess.create({ host: '127.0.0.1', log: silentLogger() })
  })
  afterEach(async () => {
    await tango.close()
    store.close()
  })

  async function read(): Promise<Element[]> {
    const { host, port } = tango.orb.endpoint
    const client = await TangoProcess.create({ listen: false, tangoHost: `${host}:${port}`, log: silentLogger() })
    try {
      return await readControllers(client.database(), 'db:1', CONTROLLERS)
    } finally {
      await client.close()
    }
  }

  it('finds controllers and axes with alias, number, axis and controller', async () => {
    await startDatabase(tango, store)
    const elements = await read()
    assert.deepEqual(
      elements.map(({ type, name, device, controller, axis }) => [type, name, device, controller, axis]),
      [
        ['Controller', 'motors', 'controller/dummy-motor/motors', undefined, undefined],
        ['Motor', 'm2', 'motor/motors/2', 'controller/dummy-motor/motors', 2],
        ['Motor', 'm1', 'motor/motors/1', 'controller/dummy-motor/motors', 1],
        ['Controller', 'counters', 'controller/dummy-counter/counters', undefined, undefined],
        ['CTExpChannel', 'c1', 'expchan/counters/1', 'controller/dummy-counter/counters', 1],
      ],
    )
    assert.equal(elements[1]?.fullName, 'tango://db:1/motor/motors/2')
  })

  it('finds the same in a database that takes no queries', async () => {
    await startDatabase(tango, store)
    const expected = await read()
    store.select = () => {
      throw devFailed('API_CommandNotFound', 'no queries here')
    }
    assert.deepEqual(await read(), expected)
  })
})
