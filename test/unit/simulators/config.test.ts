import assert from 'node:assert/strict'
import { readConfig } from '../../../simulators/config.ts'

describe('simulator configuration', () => {
  it('is the demo when nothing is said', () => {
    const { boxes, world } = readConfig({})
    assert.deepEqual(
      boxes.map(({ name, kind, port }) => [name, kind, port]),
      [
        ['icepap', 'icepap', 0],
        ['electrometer', 'electrometer', 0],
      ],
    )
    assert.deepEqual(Object.keys(world.axes), ['mot01', 'mot02', 'mot03', 'mot04'])
    const diode = world.signals.diode
    assert.ok(diode?.kind === 'gaussian')
    assert.deepEqual([diode.axis, diode.centre, diode.sigma, diode.peak], ['mot01', 0.5, 0.12, 1e5])
  })

  it('changes only what is named', () => {
    const { boxes, world } = readConfig({
      boxes: [{ name: 'ipap', kind: 'icepap', port: 5000, options: { axes: { 1: { velocity: 100 }, 11: {} } } }],
      world: {
        noise: false,
        ring: { full: 300 },
        signals: { diode: { centre: 2 }, dark: { kind: 'constant', level: 3 } },
      },
    })
    const [rack] = boxes
    assert.ok(rack?.kind === 'icepap')
    assert.equal(rack.port, 5000)
    assert.equal(rack.options.axes[1]?.velocity, 100)
    assert.equal(rack.options.axes[1]?.acctime, 0.02)
    assert.deepEqual(Object.keys(rack.options.axes), ['1', '11'])
    assert.equal(world.noise, false)
    assert.deepEqual([world.ring.full, world.ring.nominal], [300, 200])
    assert.ok(world.signals.diode?.kind === 'gaussian' && world.signals.diode.centre === 2)
    assert.ok(world.signals.dark?.kind === 'constant' && world.signals.dark.level === 3)
    assert.equal(world.axes.mot01?.box, 'ipap')
  })

  const rack = { name: 'a', kind: 'icepap' }
  const mistakes: [string, unknown, RegExp][] = [
    ['a list instead of an object', [], /config: \[\] should be an object/],
    ['an unknown field', { boxs: [] }, /config: unknown field "boxs"; known: boxes, world, control/],
    ['an unknown kind', { boxes: [{ name: 'a', kind: 'pump' }] }, /boxes\[0\]\.kind: "pump" is no box/],
    ['a missing name', { boxes: [{ kind: 'icepap' }] }, /boxes\[0\]\.name: nothing should be a text/],
    ['a name with a blank', { boxes: [{ ...rack, name: 'a b' }] }, /must be one word/],
    ['a name used twice', { boxes: [rack, rack] }, /the name "a" is there twice/],
    ['a bad port', { boxes: [{ ...rack, port: 70000 }] }, /boxes\[0\]\.port: 70000 is no port/],
    ['an axis that cannot exist', { boxes: [{ ...rack, options: { axes: { 9: {} } } }] }, /axes\.9: no such axis/],
    [
      'an axis option of the wrong type',
      { boxes: [{ ...rack, options: { axes: { 1: { velocity: 'fast' } } } }] },
      /axes\.1\.velocity: "fast" should be a number, for example 5000/,
    ],
    [
      'three inputs',
      { boxes: [{ name: 'e', kind: 'electrometer', options: { channels: ['diode', 'ring', 'knife'] } }] },
      /the box has four inputs/,
    ],
    [
      'an input from nowhere',
      { boxes: [{ name: 'e', kind: 'electrometer', options: { channels: ['diode', 'ring', 'knife', 'moon'] } }] },
      /box e: no world signal "moon"; known: diode/,
    ],
    ['a world axis without a box', { world: { axes: { x: { box: 'b', axis: 1 } } } }, /no icepap box "b" with axis 1/],
    [
      'a signal on no axis',
      { world: { signals: { diode: { axis: 'mot99' } } } },
      /no world axis "mot99"; known: mot01/,
    ],
    ['an unknown kind of signal', { world: { signals: { s: { kind: 'sound' } } } }, /signals\.s\.kind: "sound" is no/],
    ['a number that is none', { world: { seed: 'x' } }, /world\.seed: "x" should be a number/],
  ]
  for (const [title, json, message] of mistakes) {
    it(`refuses ${title}, naming the place`, () => {
      assert.throws(() => readConfig(json), message)
    })
  }
})
