// `bandoneon config`: checks the files of a beamline, applies them, looks into their history.

import { DevFailed } from '#tango/pure'
import { type CommandContext, defineCommand, EXIT, UsageError } from '../command.ts'
import { ask } from '../config/device.ts'
import { exportConfiguration, importConfiguration } from '../config/exchange.ts'
import { deliver, documentsFrom, writeDocuments } from '../config/files.ts'
import { historyLines, planLines, resultLines } from '../config/show.ts'

type Action = (context: CommandContext, words: readonly string[]) => Promise<number>

const ACTIONS: Readonly<Record<string, Action>> = {
  check,
  plan,
  apply,
  dump,
  diff,
  history,
  rollback,
  get,
  schema,
  export: exportConfiguration,
  import: importConfiguration,
}

export default defineCommand({
  usage:
    'check|plan|apply|diff FILE|DIR, dump, diff N [M], history, rollback N, get N DIR, schema, export, import FILE',
  doc: 'Checks and applies the files of a beamline, and looks into their history.',
  options: {
    author: { type: 'string', doc: 'who changes the configuration (user@host)' },
    reason: { type: 'string', doc: 'why it is changed, for the history' },
    base: { type: 'string', doc: 'apply only when this revision is still the newest' },
    force: { type: 'boolean', doc: 'apply also when that disturbs running scans or motions' },
    output: { type: 'string', doc: 'file to write instead of standard output' },
    format: { type: 'string', doc: 'of export and import: dsconfig, sardana, bliss, pool' },
    'unknown-drivers': {
      type: 'string',
      doc: 'of import: controllers without a driver: keep, comment or dummy (keep)',
    },
    write: { type: 'boolean', doc: 'of import --format dsconfig: change the database' },
    update: { type: 'boolean', doc: 'of import --format dsconfig: delete nothing' },
    undo: { type: 'string', doc: 'of import --format dsconfig: file that leads back (FILE.undo.json)' },
    limit: { type: 'string', doc: 'most revisions to show' },
    json: { type: 'boolean', doc: 'the answer as JSON' },
  },
  async run(context) {
    const [name, ...words] = context.arguments
    const action = name === undefined ? undefined : Object.entries(ACTIONS).find(([key]) => key === name)?.[1]
    if (action === undefined) {
      throw new UsageError(
        `${name === undefined ? 'say what to do' : `there is no '${name}'`}: ${Object.keys(ACTIONS).join(', ')}`,
      )
    }
    return await action(context, words)
  },
})

async function check({ options, out, err }: CommandContext, words: readonly string[]): Promise<number> {
  const { checkFiles } = await import('#facility')
  const { beamline, findings, documents } = await checkFiles(onlyPath('check', words))
  if (options.json === true) out(JSON.stringify({ version: 1, findings }))
  else for (const { file, line, column, text } of findings) err(`${file}:${line}:${column}: ${text}`)
  if (beamline === undefined) return EXIT.failed
  const axes = beamline.controllers.reduce((sum, { axes: list }) => sum + list.length, 0)
  const files = documents.length === 1 ? '1 file' : `${documents.length} files`
  if (options.json !== true) {
    out(`${beamline.name}: ${files}, ${beamline.controllers.length} controllers with ${axes} axes; nothing is wrong`)
  }
  return EXIT.done
}

async function plan(context: CommandContext, words: readonly string[]): Promise<number> {
  const documents = await documentsFrom(onlyPath('plan', words))
  const answer = await ask(await context.connect(), 'plan', { documents })
  if (context.options.json === true) context.out(JSON.stringify(answer))
  else for (const line of planLines(answer)) context.out(line)
  return EXIT.done
}

async function apply(context: CommandContext, words: readonly string[]): Promise<number> {
  const path = onlyPath('apply', words)
  const documents = await documentsFrom(path)
  return await change(context, 'apply', { documents }, `bandoneon config apply ${path}`)
}

async function rollback(context: CommandContext, words: readonly string[]): Promise<number> {
  const revision = number('rollback', words)
  return await change(context, 'rollback', { revision }, `back to revision ${revision}`)
}

async function change(
  context: CommandContext,
  command: 'apply' | 'rollback',
  what: object,
  usualReason: string,
): Promise<number> {
  const { options, out } = context
  const { authorHere } = await import('#facility')
  const answer = await ask(await context.connect(), command, {
    ...what,
    author: text(options.author) ?? authorHere(),
    reason: text(options.reason) ?? usualReason,
    ...(options.base === undefined ? {} : { base: wholeNumber('--base', text(options.base)) }),
    ...(options.force === true ? { force: true } : {}),
  })
  if (options.json === true) out(JSON.stringify(answer))
  else for (const line of resultLines(answer)) out(line)
  return EXIT.done
}

async function dump(context: CommandContext): Promise<number> {
  const tango = await context.connect()
  let answer: { readonly text: string; readonly notes: readonly string[] }
  try {
    answer = await ask(tango, 'dump', {})
  } catch (error) {
    // a database of somebody else says through its standard commands what it has
    if (!(error instanceof DevFailed) || !error.has('API_DeviceNotExported')) throw error
    const { dumpDatabase } = await import('#facility')
    answer = await dumpDatabase(tango)
  }
  for (const note of answer.notes) context.err(`bandoneon config dump: ${note}`)
  await deliver(context, answer.text)
  return EXIT.done
}

/** Ends with 1 when there are differences, as `diff` does. */
async function diff(context: CommandContext, words: readonly string[]): Promise<number> {
  const [from, to] = words
  const tango = await context.connect()
  let lines: readonly string[]
  if (from !== undefined && !/^\d+$/.test(from)) {
    lines = (await ask(tango, 'plan', { documents: await documentsFrom(onlyPath('diff', words)) })).lines
  } else if (from === undefined) {
    const { revision } = await ask(tango, 'history', { limit: 0 })
    if (revision === 0) throw new UsageError('no configuration was applied yet; name a file to compare with')
    lines = (await ask(tango, 'plan', { revision })).lines
  } else {
    const revisions = { from: Number(from), ...(to === undefined ? {} : { to: wholeNumber('diff', to) }) }
    lines = (await ask(tango, 'diff', revisions)).lines
  }
  for (const line of lines) context.out(line)
  return lines.length === 0 ? EXIT.done : EXIT.failed
}

async function history(context: CommandContext): Promise<number> {
  const { options, out } = context
  const limit = options.limit === undefined ? {} : { limit: wholeNumber('--limit', text(options.limit)) }
  const answer = await ask(await context.connect(), 'history', limit)
  if (options.json === true) out(JSON.stringify(answer))
  else for (const line of historyLines(answer)) out(line)
  return EXIT.done
}

async function get(context: CommandContext, words: readonly string[]): Promise<number> {
  const [revision, folder] = words
  if (revision === undefined || folder === undefined) throw new UsageError('get takes a revision and a new folder')
  const answer = await ask(await context.connect(), 'getDocuments', { revision: wholeNumber('get', revision) })
  for (const path of await writeDocuments(folder, answer.documents)) context.out(path)
  return EXIT.done
}

async function schema(context: CommandContext): Promise<number> {
  const { beamlineFileSchema } = await import('#facility')
  await deliver(context, `${JSON.stringify(await beamlineFileSchema(), undefined, 2)}\n`)
  return EXIT.done
}

function onlyPath(what: string, words: readonly string[]): string {
  const [path, ...more] = words
  if (path === undefined || more.length > 0) throw new UsageError(`${what} takes one beamline file, or its folder`)
  return path
}

function number(what: string, words: readonly string[]): number {
  if (words.length !== 1) throw new UsageError(`${what} takes the number of a revision`)
  return wholeNumber(what, words[0])
}

function wholeNumber(what: string, given: string | undefined): number {
  if (given === undefined || !/^\d+$/.test(given)) throw new UsageError(`${what}: '${given ?? ''}' is no whole number`)
  return Number(given)
}

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined
}
