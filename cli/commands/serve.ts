// `bandoneon serve`: one server in the foreground, with the command line of native servers.

import { serve } from '#facility'
import { SERVER_USAGE } from '#tango'
import { defineCommand, EXIT, UsageError } from '../command.ts'
import { withoutDatabase } from '../database-option.ts'
import { DEFAULT_DATA, findTangoHost } from '../facility-address.ts'

export default defineCommand({
  usage: `${SERVER_USAGE} [--database URL]`,
  doc: 'Runs one device server in the foreground.',
  raw: true,
  async run({ arguments: words, options, out, onInterrupt }) {
    const { database, rest } = withoutDatabase(words)
    if (rest.length === 0) throw new UsageError('name the server and its instance')
    const plugins = String(options.plugins ?? '')
      .split(',')
      .filter((p) => p !== '')
    const served = await serve(rest, {
      ...(database === undefined ? {} : { database }),
      plugins,
      data: DEFAULT_DATA,
      environment: { ...process.env, TANGO_HOST: findTangoHost(undefined, process.env) },
    })
    out('Ready to accept request')
    const interrupted = new Promise<void>((resolve) => onInterrupt(() => resolve()))
    await Promise.race([served.server.stopped, interrupted])
    await served.close()
    return EXIT.done
  },
})
