import assert from 'node:assert/strict'
import { VirtualClock } from '#tango'
import { ResourceMeter } from '../../../../facility/starter/resource-meter.ts'

describe('ResourceMeter', () => {
  it('gives the share of one core since the last look, memory, and leaves out what has ended', async () => {
    const clock = new VirtualClock()
    const used = new Map([
      [7, { cpu: 10, rss: 93.14 }],
      [8, { cpu: 1, rss: 50 }],
    ])
    const meter = new ResourceMeter(clock, async (pid) => used.get(pid))
    const processes = [
      { name: 'main', pid: 7, servers: ['Pool/b1', 'MacroServer/b1'] },
      { name: 'recorder', pid: 8, servers: ['Recorder/b1'] },
    ]
    assert.deepEqual(await meter.lines(processes), [
      'main\t7\t0.0\t93.1\tPool/b1,MacroServer/b1',
      'recorder\t8\t0.0\t50.0\tRecorder/b1',
    ])
    await clock.run(clock.sleep(4_000))
    used.set(7, { cpu: 11, rss: 93.14 })
    used.delete(8)
    assert.deepEqual(await meter.lines(processes), ['main\t7\t25.0\t93.1\tPool/b1,MacroServer/b1'])
  })
})
