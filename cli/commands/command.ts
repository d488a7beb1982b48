// `bandoneon command`: executes a command of any device.

import { defineCommand, EXIT, UsageError } from '../command.ts'
import { formatValue, parseValue, splitAttribute } from '../values.ts'

export default defineCommand({
  usage: '<device>/<command> [argument ...]',
  doc: 'Executes a command and shows its result.',
  options: { timeout: { type: 'string', doc: 'seconds to wait for the reply (3)' } },
  async run({ arguments: [name, ...words], options, connect, out }) {
    if (name === undefined) throw new UsageError('name the command')
    const timeoutMs = Number(options.timeout ?? 3) * 1000
    if (!(timeoutMs > 0)) throw new UsageError(`--timeout ${options.timeout} is no number of seconds`)
    const { device, attribute: command } = splitAttribute(name)
    const tango = await connect()
    const result: unknown = await tango
      .proxy(device)
      .command(command, words.length === 0 ? undefined : parseValue(words), { timeoutMs })
    if (result !== undefined) out(formatValue(result))
    return EXIT.done
  },
})
