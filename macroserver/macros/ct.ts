// Counts once.

import { ctime, defineMacro } from 'bandoneon/macroserver'

/** `ct 1` or `ct 1 mg_demo` */
export const ct = defineMacro({
  doc: 'Counts once and shows the values.',
  hooks: ['pre-acq', 'post-acq'],
  parameters: {
    integ_time: { type: 'Float', default: 1, unit: 's', doc: 'Integration time' },
    countable_elem: { type: 'MeasurementGroup', optional: true, doc: 'Group to count with, by default the active one' },
  },
  async run(context, { integ_time, countable_elem }) {
    const values = await context.count(countable_elem ?? context.activeMeasurementGroup(), integ_time)
    const width = Math.max(...[...values.keys()].map((k) => k.length))
    context.output(ctime(Date.now() / 1000), '')
    for (const [label, value] of values) context.output(`${label.padStart(width + 2)} = ${value}`)
  },
})
