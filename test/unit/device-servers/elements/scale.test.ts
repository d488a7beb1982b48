// Units of an axis, with Sardana's definitions.

import assert from 'node:assert/strict'
import {
  backlashLeg,
  dialOfUser,
  rampedDurationMs,
  stepsOfUser,
  userOfSteps,
} from '../../../../device-servers/elements/scale.ts'

describe('scale of an axis', () => {
  it('converts user positions to steps and back, with sign and offset', () => {
    const scale = { stepPerUnit: 1000, sign: -1, offset: 2 }
    assert.equal(dialOfUser(5, scale), -3)
    assert.equal(stepsOfUser(5, scale), -3000)
    assert.equal(userOfSteps(-3000, scale), 5)
    for (const user of [-7.25, 0, 0.1, 1e6]) {
      assert.ok(Math.abs(userOfSteps(stepsOfUser(user, scale), scale) - user) < 1e-9)
    }
  })

  it('goes around for backlash only against its direction', () => {
    assert.equal(backlashLeg(0, 100, 20), undefined)
    assert.equal(backlashLeg(100, 0, 20), -20)
    assert.equal(backlashLeg(0, 100, -20), 120)
    assert.equal(backlashLeg(100, 0, -20), undefined)
    assert.equal(backlashLeg(50, 50, 20), undefined)
    assert.equal(backlashLeg(100, 0, 0), undefined)
  })

  it('foretells trapezoids and triangles', () => {
    assert.equal(rampedDurationMs(0, 1000, 0.1), 0)
    assert.ok(Math.abs(rampedDurationMs(1000, 1000, 0.1) - 1100) < 1e-9)
    // 25 steps at 10000 steps/s^2: half of the way up, half of it down
    assert.ok(Math.abs(rampedDurationMs(25, 1000, 0.1) - 100) < 1e-9)
  })
})
