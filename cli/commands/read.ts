// `bandoneon read`: attributes of any device.

import { defineCommand, EXIT, UsageError } from '../command.ts'
import { formatReading, splitAttribute } from '../values.ts'

export default defineCommand({
  usage: '<device>/<attribute> ...',
  doc: 'Reads attributes.',
  async run({ arguments: names, connect, out }) {
    if (names.length === 0) throw new UsageError('name at least one attribute')
    const targets = names.map(splitAttribute)
    const tango = await connect()
    for (const [i, { device, attribute }] of targets.entries()) {
      const text = formatReading(await tango.proxy(device).read(attribute))
      out(names.length === 1 ? text : `${names[i]} = ${text}`)
    }
    return EXIT.done
  },
})
