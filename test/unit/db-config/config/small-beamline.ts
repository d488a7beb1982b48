// A beamline of dummies with one of everything, for tests.

/** Its file. */
export const SMALL = `version: 1
name: small
servers: [Pool/small, MacroServer/small]
pool: { server: Pool/small, device: pool/small/1, alias: P }
controllers:
  - name: motors
    type: motor
    driver: dummy-motor
    properties: { axisCount: 3 }
    axes:
      - { name: m1, axis: 1, unit: mm, limits: [-1, 1], stepsPerUnit: 10 }
      - { name: m2, axis: 2 }
  - { name: counters, type: counter, driver: dummy-counter, axes: [{ name: c1, axis: 1 }, { name: c2, axis: 2 }] }
measurementGroups:
  - { name: mg, channels: [c1, sys/tg_test/1/double_scalar] }
motorGroups:
  - { name: both, motors: [m2, m1] }
macroServer: { server: MacroServer/small, device: macroserver/small/1, environment: { ActiveMntGrp: mg, Limit: 2.5 } }
doors: [{ device: door/small/1 }]
`
