// `bandoneon config import` and `export`: the formats of others. Whatever could not be carried over goes to standard error.

import { writeFile } from 'node:fs/promises'
import type { CommandContext } from '../command.ts'
import { EXIT, UsageError } from '../command.ts'
import { deliver, writeDocuments } from './files.ts'

interface Finding {
  readonly kind: string
  readonly place: string
  readonly text: string
}

/** Writes a running configuration, or a beamline file, in another format. */
export async function exportConfiguration(context: CommandContext, words: readonly string[]): Promise<number> {
  const format = formatOf(context, ['dsconfig', 'sardana'])
  const { exportDsconfigFile, exportSardana } = await import('#facility')
  const { text, report } =
    format === 'dsconfig'
      ? await exportDsconfigFile(await context.connect(), words)
      : await exportSardana(words[0], context.connect)
  tell(context, report)
  await deliver(context, text)
  return EXIT.done
}

/** Makes a beamline file of another format; a dsconfig file goes to the database itself. */
export async function importConfiguration(context: CommandContext, words: readonly string[]): Promise<number> {
  const format = formatOf(context, ['dsconfig', 'sardana', 'bliss', 'pool'])
  if (words.length > 1) throw new UsageError('import takes one file or folder')
  if (format === 'dsconfig') return await importDsconfig(context, words[0])
  const { importBeamline } = await import('#facility')
  const { documents, report } = await importBeamline(format, words[0], context.connect, {
    unknownDrivers: unknownDriversOf(context),
  })
  tell(context, report)
  const [root, ...others] = documents
  if (others.length === 0) await deliver(context, root?.text ?? '')
  else {
    if (typeof context.options.output !== 'string')
      throw new UsageError('there are several files: name a folder with --output')
    for (const path of await writeDocuments(context.options.output, documents)) context.out(path)
  }
  return EXIT.done
}

/** Shows what would change; `--write` does it, after the file that leads back was written. */
async function importDsconfig(context: CommandContext, path: string | undefined): Promise<number> {
  const { options, out } = context
  const { importDsconfigFile } = await import('#facility')
  const found = await importDsconfigFile(await context.connect(), path, { update: options.update === true })
  tell(context, found.report)
  for (const line of found.lines) out(line)
  if (found.lines.length === 0) out('nothing would change')
  else if (options.write !== true) out('nothing was written; --write does it')
  else {
    const undo = typeof options.undo === 'string' ? options.undo : `${path}.undo.json`
    await writeFile(undo, found.undo, { flag: 'wx' })
    await found.write()
    out(`written; ${undo} leads back`)
  }
  return EXIT.done
}

/** What becomes of controllers for which there is no driver. */
function unknownDriversOf({ options }: CommandContext): 'keep' | 'comment' | 'dummy' | undefined {
  const given = options['unknown-drivers']
  if (given === undefined || given === 'keep' || given === 'comment' || given === 'dummy') return given
  throw new UsageError('--unknown-drivers is keep, comment or dummy')
}

function formatOf<F extends string>({ options }: CommandContext, formats: readonly F[]): F {
  const format = formats.find((known) => known === options.format)
  if (format !== undefined) return format
  const given = options.format === undefined ? 'say the format' : `--format ${options.format} is not possible here`
  throw new UsageError(`${given}: --format ${formats.join(', ')}`)
}

function tell({ err }: CommandContext, report: readonly Finding[]): void {
  for (const { place, kind, text } of report) err(`${place}: ${kind}: ${text}`)
}
