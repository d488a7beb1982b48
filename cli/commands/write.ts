// `bandoneon write`: sets an attribute of any device.

import { defineCommand, EXIT, UsageError } from '../command.ts'
import { parseValue, splitAttribute } from '../values.ts'

export default defineCommand({
  usage: '<device>/<attribute> <value> ...',
  doc: 'Writes an attribute; several values are a spectrum.',
  async run({ arguments: [name, ...words], connect }) {
    if (name === undefined || words.length === 0) throw new UsageError('name the attribute and its value')
    const { device, attribute } = splitAttribute(name)
    const tango = await connect()
    await tango.proxy(device).write(attribute, parseValue(words))
    return EXIT.done
  },
})
