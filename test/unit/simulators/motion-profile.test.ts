import assert from 'node:assert/strict'
import { type Motion, planJog, planMove, planStop } from '../../../simulators/motion-profile.ts'

const LIMITS = { cruise: 100, acceleration: 200 }
/** Numbers are sums of a dozen float operations around 1e3. */
const CLOSE = 1e-9

function close(actual: number, expected: number, tolerance = CLOSE): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not ${expected}`)
}

/** The speed must be the slope of the position everywhere, and neither may jump. */
function checkSmooth(motion: Motion, limits: { cruise: number; acceleration: number }): void {
  const stepS = (motion.endS - motion.startS) / 1000
  for (let i = 0; i < 1000; i++) {
    const tS = motion.startS + (i + 0.5) * stepS
    const slope = (motion.positionAt(tS + 1e-5) - motion.positionAt(tS - 1e-5)) / 2e-5
    close(slope, motion.velocityAt(tS), limits.acceleration * 1e-5 + 1e-5)
    const change = Math.abs(motion.velocityAt(tS + stepS / 2) - motion.velocityAt(tS - stepS / 2))
    assert.ok(change <= limits.acceleration * stepS * 1.0001 + 1e-9, `speed jumps at ${tS}`)
  }
}

describe('motion profile', () => {
  it('reaches cruise speed on a long way and takes the time of the trapezoid', () => {
    const motion = planMove({ startS: 2, position: 10 }, 210, LIMITS)
    // 0.5 s up and 0.5 s down cover 50 steps together, the other 150 take 1.5 s.
    close(motion.endS, 2 + 2.5)
    close(motion.velocityAt(3), 100)
    close(motion.positionAt(2.5), 10 + 25)
    assert.equal(motion.positionAt(motion.endS), 210)
    checkSmooth(motion, LIMITS)
  })

  it('makes a triangle of a short way', () => {
    const motion = planMove({ startS: 0, position: 0 }, -8, LIMITS)
    close(motion.endS, 2 * Math.sqrt(8 / 200))
    close(motion.velocityAt(motion.endS / 2), -Math.sqrt(200 * 8))
    checkSmooth(motion, LIMITS)
  })

  it('takes no time for no way', () => {
    const motion = planMove({ startS: 5, position: 3 }, 3, LIMITS)
    assert.equal(motion.endS, 5)
    assert.equal(motion.positionAt(5), 3)
  })

  it('stays where it started before, and where it ended after', () => {
    const motion = planMove({ startS: 1, position: 7 }, 9, LIMITS)
    assert.equal(motion.positionAt(0), 7)
    assert.equal(motion.velocityAt(0), 0)
    assert.equal(motion.positionAt(1e6), 9)
  })

  it('takes a new target on the run when it can still stop there', () => {
    const motion = planMove({ startS: 0, position: 0, velocity: 60 }, 300, LIMITS)
    close(motion.velocityAt(0), 60)
    assert.equal(motion.positionAt(motion.endS), 300)
    checkSmooth(motion, LIMITS)
  })

  it('overshoots and comes back when it is too fast for the target', () => {
    const motion = planMove({ startS: 0, position: 0, velocity: 100 }, 5, LIMITS)
    close(motion.positionAt(0.5), 25)
    close(motion.velocityAt(0.5), 0)
    assert.equal(motion.positionAt(motion.endS), 5)
    checkSmooth(motion, LIMITS)
  })

  it('turns round for a target behind it', () => {
    const motion = planMove({ startS: 0, position: 0, velocity: 80 }, -100, LIMITS)
    assert.equal(motion.positionAt(motion.endS), -100)
    assert.ok(motion.positionAt(0.2) > 0)
    checkSmooth(motion, LIMITS)
  })

  it('slows down to a cruise speed that has become lower', () => {
    const motion = planMove({ startS: 0, position: 0, velocity: 300 }, 1000, LIMITS)
    close(motion.velocityAt(1), 100)
    assert.equal(motion.positionAt(motion.endS), 1000)
    checkSmooth(motion, LIMITS)
  })

  it('stops on one ramp', () => {
    const motion = planStop({ startS: 3, position: 50, velocity: -100 }, 200)
    close(motion.endS, 3.5)
    close(motion.positionAt(4), 50 - 25)
  })

  it('jogs without an end and reverses through rest', () => {
    const motion = planJog({ startS: 0, position: 0, velocity: 50 }, -100, 200)
    assert.equal(motion.endS, Infinity)
    close(motion.velocityAt(0.25), 0)
    close(motion.velocityAt(1000), -100)
    close(motion.positionAt(10.75), motion.positionAt(0.75) - 1000)
  })

  it('knows when it passes a position, in each direction', () => {
    const motion = planMove({ startS: 0, position: 0, velocity: 100 }, 5, LIMITS)
    const outS = motion.passage(20, 1)
    const backS = motion.passage(20, -1)
    assert.ok(outS !== undefined && backS !== undefined && outS < 0.5 && backS > 0.5)
    close(motion.positionAt(outS), 20)
    close(motion.positionAt(backS), 20)
    assert.equal(motion.passage(30, 1), undefined)
  })

  it('does not call it a passage when it stops exactly there', () => {
    assert.equal(planMove({ startS: 0, position: 0 }, 100, LIMITS).passage(100, 1), undefined)
  })

  it('finds a passage on the cruise of a jog', () => {
    const motion = planJog({ startS: 1, position: 0 }, 100, 200)
    close(motion.passage(1025, 1) ?? Number.NaN, 1 + 0.5 + 10)
    assert.equal(motion.passage(-1, -1), undefined)
  })
})
