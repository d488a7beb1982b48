// `bandoneon devices`: what the database knows.

import { defineCommand, EXIT } from '../command.ts'

export default defineCommand({
  usage: '[pattern] [--all]',
  doc: 'Lists devices with server, class, alias and whether they are exported.',
  options: { all: { type: 'boolean', doc: 'also admin devices' } },
  async run({ arguments: [pattern = '*'], options, connect, out }) {
    const database = (await connect()).database()
    const names = (await database.devices(pattern)).filter(
      (n) => options.all === true || !n.toLowerCase().startsWith('dserver/'),
    )
    const rows = await Promise.all(
      names.map(async (name) => {
        const [info, alias, className] = await Promise.all([
          database.importDevice(name),
          database.deviceAlias(name),
          database.classOfDevice(name),
        ])
        return [name, alias ?? '', info.server, className, info.exported ? 'exported' : '-']
      }),
    )
    const widths = [0, 1, 2, 3].map((i) => Math.max(0, ...rows.map((r) => r[i]?.length ?? 0)))
    for (const row of rows)
      out(
        row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd(),
      )
    return EXIT.done
  },
})
