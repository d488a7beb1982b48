// Step scan over a rectangle.

import { defineMacro, mesh as meshPath } from 'bandoneon/macroserver'

/** `mesh mot01 0 1 10 mot02 0 1 10 0.1 True` */
export const mesh = defineMacro({
  doc: 'Step scan of two moveables over a rectangle; the first one is the fast axis.',
  hooks: ['pre-scan', 'pre-move', 'post-move', 'pre-acq', 'post-acq', 'post-step', 'post-scan'],
  parameters: {
    motor1: { type: 'Moveable', doc: 'Fast moveable' },
    m1_start_pos: { type: 'Float' },
    m1_final_pos: { type: 'Float' },
    m1_nr_interv: { type: 'Integer', min: 1 },
    motor2: { type: 'Moveable', doc: 'Slow moveable' },
    m2_start_pos: { type: 'Float' },
    m2_final_pos: { type: 'Float' },
    m2_nr_interv: { type: 'Integer', min: 1 },
    integ_time: { type: 'Float', unit: 's', doc: 'Integration time' },
    bidirectional: { type: 'Boolean', default: false, doc: 'Scan every second line backwards' },
  },
  run: ({ stepScan }, p) =>
    stepScan({
      moveables: [p.motor1, p.motor2],
      path: meshPath(
        { start: p.m1_start_pos, final: p.m1_final_pos, intervals: p.m1_nr_interv },
        { start: p.m2_start_pos, final: p.m2_final_pos, intervals: p.m2_nr_interv },
        p.bidirectional,
      ),
      integrationTime: p.integ_time,
    }),
})
