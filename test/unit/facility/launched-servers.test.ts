import assert from 'node:assert/strict'
import { launchedServers } from '../../../facility/launched-servers.ts'

describe('launchedServers', () => {
  it('leaves out servers of plain devices that a Starter may start, or of which a class is foreign', async () => {
    const contents = [
      { name: 'Pool/b1', classes: ['Pool', 'ControllerHost'], controlled: true },
      { name: 'Controllers/b1', classes: ['ControllerHost', 'Gauge'], controlled: true },
      { name: 'Recorder/b1', classes: ['Recorder'], controlled: false },
      { name: 'TangoTest/ours', classes: ['TangoTest'], controlled: false },
      { name: 'TangoTest/native', classes: ['TangoTest'], controlled: true },
      { name: 'Gauges/1', classes: ['Gauge'], controlled: false },
      { name: 'Both/1', classes: ['TangoTest', 'Gauge'], controlled: false },
    ]
    assert.deepEqual(await launchedServers(contents), ['Pool/b1', 'Controllers/b1', 'Recorder/b1', 'TangoTest/ours'])
  })
})
