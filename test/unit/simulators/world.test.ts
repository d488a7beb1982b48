import assert from 'node:assert/strict'
import { normal, poisson, seededRandom } from '../../../simulators/random.ts'
import { erf, knifeEdge, ringCurrent, slitTransmission } from '../../../simulators/responses.ts'
import { demoWorld, World } from '../../../simulators/world.ts'
import { golden } from './support.ts'

interface BeamVectors {
  readonly slit: readonly Record<string, number>[]
  readonly sample_scan: readonly { readonly x_mm: number; readonly knife_edge: number }[]
}

function quietWorld(position: (tS: number) => number): World {
  const config = demoWorld()
  config.noise = false
  config.ring.lifetimeS = Infinity
  return new World(config, (_axis, tS) => position(tS))
}

describe('beam responses', () => {
  it('give the published values of the error function', () => {
    // Abramowitz and Stegun, table 7.1.
    assert.ok(Math.abs(erf(0.5) - 0.5204998778) < 1e-10)
    assert.ok(Math.abs(erf(1) - 0.8427007929) < 1e-10)
    assert.ok(Math.abs(erf(-2) + 0.995322265) < 1e-10)
    // The two expansions must meet where one takes over.
    assert.ok(Math.abs(erf(2.5 - 1e-12) - erf(2.5)) < 1e-14)
    assert.equal(erf(0), 0)
  })

  it('agree with the reference for slits', () => {
    for (const row of golden<BeamVectors>('beam-sim.json').slit) {
      const { sigma_x = 0, sigma_y = 0, beam_x = 0, beam_y = 0, left = 0, right = 0, bottom = 0, top = 0 } = row
      const slit = { sigmaX: sigma_x, sigmaY: sigma_y, beamX: beam_x, beamY: beam_y, left, right, bottom, top }
      assert.ok(Math.abs(slitTransmission(slit) - (row.transmission ?? Number.NaN)) < 1e-14, JSON.stringify(row))
    }
  })

  it('agree with the reference for a knife edge', () => {
    const rows = golden<BeamVectors>('beam-sim.json').sample_scan
    const half = rows.find(({ x_mm }) => x_mm === 0)
    assert.equal(half?.knife_edge, 0.5)
    for (const { x_mm, knife_edge } of rows) {
      // The beam of the reference is 0.25 wide; its wings lose digits in 1 + erf.
      assert.ok(Math.abs(knifeEdge(x_mm, 0, 0.25) - knife_edge) < 1e-14, `at ${x_mm}`)
    }
  })

  it('let the ring decay and refill', () => {
    assert.equal(ringCurrent(0, 200, 36000, 600), 200)
    assert.ok(Math.abs(ringCurrent(599, 200, 36000, 600) - 200 * Math.exp(-599 / 36000)) < 1e-9)
    assert.equal(ringCurrent(600, 200, 36000, 600), 200)
  })
})

describe('seeded random', () => {
  it('repeats with the same seed and differs with another', () => {
    const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed))
    assert.deepEqual(draw(7), draw(7))
    assert.notDeepEqual(draw(7), draw(8))
  })

  for (const mean of [0.3, 40, 900, 20000]) {
    it(`gives Poisson numbers of mean and variance ${mean}`, () => {
      const random = seededRandom(3)
      const draws = Array.from({ length: 4000 }, () => poisson(random, mean))
      const average = draws.reduce((sum, n) => sum + n, 0) / draws.length
      const variance = draws.reduce((sum, n) => sum + (n - average) ** 2, 0) / (draws.length - 1)
      // Five standard deviations of the estimates; the seed is fixed, so the test always sees the same numbers.
      assert.ok(Math.abs(average - mean) < 5 * Math.sqrt(mean / draws.length), `mean ${average}`)
      assert.ok(Math.abs(variance / mean - 1) < 5 * Math.sqrt((2 + 1 / mean) / draws.length), `variance ${variance}`)
      assert.ok(draws.every((n) => Number.isInteger(n) && n >= 0))
    })
  }

  it('gives normal numbers of mean 0 and variance 1', () => {
    const random = seededRandom(11)
    const draws = Array.from({ length: 4000 }, () => normal(random))
    const average = draws.reduce((sum, x) => sum + x, 0) / draws.length
    assert.ok(Math.abs(average) < 5 / Math.sqrt(4000))
    assert.ok(Math.abs(draws.reduce((sum, x) => sum + x * x, 0) / 4000 - 1) < 5 * Math.sqrt(2 / 4000))
  })
})

describe('World', () => {
  it('shows the diode a Gaussian around the beam centre', () => {
    const at = (mm: number) => quietWorld(() => mm).read('diode', 0, 0.01)
    assert.ok(Math.abs(at(0.5) - 100020) < 1e-6)
    assert.ok(Math.abs(at(0.62) - (1e5 * Math.exp(-0.5) + 20)) < 1e-6)
    assert.ok(Math.abs(at(0.38) - at(0.62)) < 1e-6)
    assert.ok(Math.abs(at(5) - 20) < 1e-6)
  })

  it('averages over the integration time while the axis moves', () => {
    const moving = quietWorld((tS) => tS)
    const { sigma } = { sigma: 0.12 }
    // Integral of the Gaussian from 0.3 to 0.9 mm at 1 mm/s.
    const part = knifeEdge(0.9, 0.5, sigma) - knifeEdge(0.3, 0.5, sigma)
    const expected = (1e5 * sigma * Math.sqrt(2 * Math.PI) * part) / 0.6 + 20
    assert.ok(Math.abs(moving.read('diode', 0.3, 0.9) / expected - 1) < 1e-5)
  })

  it('follows the ring current', () => {
    const world = quietWorld(() => 0.5)
    world.set('ring.full', '100')
    assert.ok(Math.abs(world.read('diode', 0, 1) - 50020) < 1e-6)
    assert.ok(Math.abs(world.read('ring', 0, 1) - 100) < 1e-9)
    assert.ok(Math.abs(world.read('background', 0, 1) - 20) < 1e-9)
  })

  it('adds counting noise that grows as the integration time shrinks', () => {
    const world = new World(demoWorld(), () => 0.5)
    const spread = (seconds: number) => {
      const values = Array.from({ length: 300 }, () => world.read('diode', 0, seconds))
      const mean = values.reduce((sum, x) => sum + x, 0) / values.length
      return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length) / mean
    }
    const expected = (seconds: number) => 1 / Math.sqrt(100020 * 100 * seconds)
    for (const seconds of [0.001, 0.1]) assert.ok(Math.abs(spread(seconds) / expected(seconds) - 1) < 0.25)
  })

  it('repeats its noise when the seed is set again', () => {
    const world = new World(demoWorld(), () => 0.5)
    const draw = () => Array.from({ length: 5 }, () => world.read('diode', 0, 0.01))
    const first = draw()
    assert.notDeepEqual(draw(), first)
    world.set('seed', '1')
    assert.deepEqual(draw(), first)
  })

  it('lets readings be finished before a change takes effect', () => {
    const world = quietWorld(() => 0.5)
    const seen: number[] = []
    world.onBeforeChange(() => seen.push(world.read('diode', 0, 1)))
    world.set('signals.diode.peak', '0')
    assert.ok(Math.abs((seen[0] ?? 0) - 100020) < 1e-6)
    assert.ok(Math.abs(world.read('diode', 0, 1) - 20) < 1e-9)
  })

  it('refuses unknown values and values of the wrong type, naming them', () => {
    const world = quietWorld(() => 0)
    assert.throws(() => world.set('signals.diode.colour', '3'), /no value "signals.diode.colour"/)
    assert.throws(() => world.set('signals.diode.peak', 'high'), /"signals.diode.peak" is 100000, a number; "high"/)
    assert.throws(() => world.set('noise', '1'), /"noise" is false, a boolean/)
    assert.throws(() => world.get('signals'), /no single value; it holds diode/)
    assert.throws(() => world.set('__proto__.x', '1'), /no value/)
    assert.throws(() => world.read('nothing', 0, 1), /no signal "nothing"; known: diode/)
  })
})
