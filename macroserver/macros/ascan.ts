// Absolute step scans along a line.

import { defineMacro, line } from 'bandoneon/macroserver'

/** `ascan mot01 0 1 20 0.1` */
export const ascan = defineMacro({
  doc: 'Absolute step scan of one moveable.',
  hooks: ['pre-scan', 'pre-move', 'post-move', 'pre-acq', 'post-acq', 'post-step', 'post-scan'],
  parameters: {
    motor: { type: 'Moveable', doc: 'Moveable to scan' },
    start_pos: { type: 'Float', doc: 'First position' },
    final_pos: { type: 'Float', doc: 'Last position' },
    nr_interv: { type: 'Integer', min: 1, doc: 'Number of intervals' },
    integ_time: { type: 'Float', unit: 's', doc: 'Integration time' },
  },
  run: ({ stepScan }, { motor, start_pos, final_pos, nr_interv, integ_time }) =>
    stepScan({ moveables: [motor], path: line([start_pos], [final_pos], nr_interv), integrationTime: integ_time }),
})

/** `a2scan mot01 0 1 mot02 0 2 20 0.1` */
export const a2scan = defineMacro({
  doc: 'Absolute step scan of two moveables together.',
  hooks: ['pre-scan', 'pre-move', 'post-move', 'pre-acq', 'post-acq', 'post-step', 'post-scan'],
  parameters: {
    motor1: { type: 'Moveable', doc: 'First moveable' },
    start_pos1: { type: 'Float', doc: 'First position of the first moveable' },
    final_pos1: { type: 'Float', doc: 'Last position of the first moveable' },
    motor2: { type: 'Moveable', doc: 'Second moveable' },
    start_pos2: { type: 'Float', doc: 'First position of the second moveable' },
    final_pos2: { type: 'Float', doc: 'Last position of the second moveable' },
    nr_interv: { type: 'Integer', min: 1, doc: 'Number of intervals' },
    integ_time: { type: 'Float', unit: 's', doc: 'Integration time' },
  },
  run: ({ stepScan }, p) =>
    stepScan({
      moveables: [p.motor1, p.motor2],
      path: line([p.start_pos1, p.start_pos2], [p.final_pos1, p.final_pos2], p.nr_interv),
      integrationTime: p.integ_time,
    }),
})
