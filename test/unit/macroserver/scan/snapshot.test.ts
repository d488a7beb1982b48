import assert from 'node:assert/strict'
import type { ElementReference } from '#macroserver'
import { type SnapshotSource, takeSnapshot } from '../../../../macroserver/scan/snapshot.ts'

const motors: ElementReference[] = ['m1', 'm2', 'm3'].map((name) => ({
  name,
  fullName: `tango://h:1/motor/c/${name}`,
  device: `motor/c/${name}`,
  type: 'Motor',
  interfaces: ['Moveable'],
}))

function source(
  positions: SnapshotSource['positions'],
  attribute: SnapshotSource['attribute'] = async () => 'on',
): SnapshotSource {
  return {
    elements: () => motors,
    find: (name) => motors.find((m) => [m.name, m.fullName].includes(name)),
    positions,
    attribute,
  }
}

describe('takeSnapshot', () => {
  it('has the positions of all moveables unless something else is wished', async () => {
    const calls: string[][] = []
    const { entries, missing } = await takeSnapshot(
      undefined,
      source(async (m) => {
        calls.push(m.map((e) => e.name))
        return m.map((_, i) => i)
      }),
    )
    assert.deepEqual(entries, [
      { name: 'm1', value: 0 },
      { name: 'm2', value: 1 },
      { name: 'm3', value: 2 },
    ])
    assert.deepEqual(missing, [])
    assert.deepEqual(calls, [['m1', 'm2', 'm3']], 'one call')
  })

  it('has the others when one controller does not answer', async () => {
    const { entries } = await takeSnapshot(
      undefined,
      source(async (m) => {
        if (m.some((e) => e.name === 'm2')) throw new Error('no answer')
        return m.map(() => 4)
      }),
    )
    assert.deepEqual(
      entries.map((e) => e.name),
      ['m1', 'm3'],
    )
  })

  it('reads moveables and attributes that PreScanSnapshot names, with labels', async () => {
    const { entries, missing } = await takeSnapshot(
      ['m1', [motors[2]!.fullName, 'third'], 'sys/tg/1/valve', 'sys/tg/1/gone'],
      source(
        async () => [9],
        async (name) => {
          if (name.endsWith('gone')) throw new Error('no such attribute')
          return name.endsWith('valve') ? 'OPEN' : 1
        },
      ),
    )
    assert.deepEqual(entries, [
      { name: 'm1', value: 9 },
      { name: 'third', value: 9 },
      { name: 'sys/tg/1/valve', value: 'OPEN' },
    ])
    assert.deepEqual(missing, ['sys/tg/1/gone'])
  })

  it('does not wait for ever', async () => {
    const { entries, missing } = await takeSnapshot(
      ['m1', 'a/b/c/d'],
      source(
        () => new Promise(() => undefined),
        async () => 1,
      ),
      10,
    )
    assert.deepEqual(entries, [{ name: 'a/b/c/d', value: 1 }])
    assert.deepEqual(missing, ['m1'])
  })
})
