// A macro file: put its folder into the property MacroPath of the macro server, and `knife` can be run at once.

import { defineMacro, line } from 'bandoneon/macroserver'

export const knife = defineMacro({
  doc: 'Scans a knife edge through the beam and says where the half intensity lies.',
  parameters: {
    motor: { type: 'Moveable', doc: 'Moveable that carries the edge' },
    range: { type: 'Float', unit: 'mm', doc: 'Width of the scan around the present position' },
    intervals: { type: 'Integer', default: 40, min: 2 },
    integrationTime: { type: 'Float', default: 0.1, unit: 's' },
    channel: { type: 'String', default: 'ct01', doc: 'Channel behind the edge' },
  },
  async run({ stepScan, positions, output }, { motor, range, intervals, integrationTime, channel }) {
    const [here = 0] = await positions([motor])
    const path = line([here - range / 2], [here + range / 2], intervals)
    const scan = await stepScan({ moveables: [motor], path, integrationTime, restore: true })
    const values = scan.column(channel)
    const half = (Math.max(...values) + Math.min(...values)) / 2
    const at = values.findIndex((value, i) => i > 0 && value > half !== (values[i - 1] ?? 0) > half)
    output(at < 0 ? 'no edge in this range' : `edge at ${scan.column(motor.name)[at]?.toFixed(4)}`)
  },
})
