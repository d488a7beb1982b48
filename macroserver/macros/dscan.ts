// Step scan relative to the present position.

import { defineMacro, line } from 'bandoneon/macroserver'

/** `dscan mot01 -1 1 20 0.1` */
export const dscan = defineMacro({
  doc: 'Step scan of one moveable around its present position, to which it returns.',
  hooks: ['pre-scan', 'pre-move', 'post-move', 'pre-acq', 'post-acq', 'post-step', 'post-scan'],
  parameters: {
    motor: { type: 'Moveable', doc: 'Moveable to scan' },
    start_pos: { type: 'Float', doc: 'First position, relative' },
    final_pos: { type: 'Float', doc: 'Last position, relative' },
    nr_interv: { type: 'Integer', min: 1, doc: 'Number of intervals' },
    integ_time: { type: 'Float', unit: 's', doc: 'Integration time' },
  },
  async run({ stepScan, positions }, { motor, start_pos, final_pos, nr_interv, integ_time }) {
    const [here = 0] = await positions([motor])
    const path = line([here + start_pos], [here + final_pos], nr_interv)
    return await stepScan({ moveables: [motor], path, integrationTime: integ_time, restore: true })
  },
})
