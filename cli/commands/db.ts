// `bandoneon db`: the Tango database as a whole. Export and import work with any live database, native ones too.

import { createReadStream, createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { text as wholeText } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { backupDatabaseFile, checkDatabaseFile, databaseTransfer } from '#facility'
import type { DeviceProxy, TangoProcess } from '#tango'
import { DevFailed, devFailed } from '#tango/pure'
import { type CommandContext, defineCommand, EXIT, UsageError } from '../command.ts'

const ACCESS_CONTROL = 'sys/access_control/1'
const CONFIGURATION = 'sys/bandoneon-config/1'

/** A copy of a large database may take a while, ms. */
const BACKUP_MS = 600_000

/** Changes shown; all of them with --verbose. */
const SHOWN = 40

const ACTIONS = { export: exportTo, import: importFrom, backup, check, access } as const

export default defineCommand({
  usage: 'export FILE | import FILE [--replace] [--dry-run] | backup [FILE] | check [FILE] | access [on|off]',
  doc: 'Exports, imports, saves and checks the Tango database; turns access control on and off.',
  options: {
    replace: { type: 'boolean', doc: 'import: remove what the file does not name' },
    'dry-run': { type: 'boolean', doc: 'import: show what would change and change nothing' },
    verbose: { type: 'boolean', doc: `import: show all changes, not ${SHOWN}` },
    from: { type: 'string', doc: 'backup: database file of a stopped facility' },
  },
  async run(context) {
    const [action = '', ...words] = context.arguments
    if (!Object.hasOwn(ACTIONS, action)) throw new UsageError(`say one of ${Object.keys(ACTIONS).join(', ')}`)
    if (words.length > 1) throw new UsageError(`'${words[1]}' is not expected here`)
    return await ACTIONS[action as keyof typeof ACTIONS](context, words[0])
  },
})

async function exportTo({ connect, err }: CommandContext, file: string | undefined): Promise<number> {
  if (file === undefined) throw new UsageError('name the file, - for the standard output')
  const database = (await connect()).database()
  const { readContent, writeText } = await databaseTransfer()
  const content = await readContent(database)
  if (file === '-') {
    await pipeline(Readable.from(writeText(content)), process.stdout, { end: false })
  } else {
    const unfinished = `${file}.new`
    try {
      await pipeline(Readable.from(writeText(content)), createWriteStream(unfinished, { flush: true }))
      await rename(unfinished, file)
    } catch (error) {
      await rm(unfinished, { force: true })
      throw unusable(file, error)
    }
  }
  err(`${database.tangoHost}: ${content.devices.length} devices, ${content.properties.length} properties exported`)
  return EXIT.done
}

async function importFrom({ connect, options, out, err }: CommandContext, file: string | undefined): Promise<number> {
  if (file === undefined) throw new UsageError('name the file, - for the standard input')
  const { parseText, planImport, runImport, stepLine } = await databaseTransfer()
  const wanted = parseText(await contentOf(file), file)
  const tango = await connect()
  const database = tango.database()
  const replace = options.replace === true
  const dry = options['dry-run'] === true
  const steps = dry
    ? await planImport(database, wanted, { replace })
    : await runImport(database, wanted, { replace, findAccessControl: () => findAccessControl(tango) })
  const shown = options.verbose === true ? steps : steps.slice(0, SHOWN)
  for (const step of shown) out(stepLine(step))
  if (shown.length < steps.length) out(`... and ${steps.length - shown.length} more (--verbose shows all)`)
  const what = steps.length === 1 ? '1 change' : `${steps.length} changes`
  err(`${database.tangoHost}: ${dry ? `${what} to make` : `${what} made`}`)
  return EXIT.done
}

async function backup({ connect, options, out }: CommandContext, target: string | undefined): Promise<number> {
  const absolute = target === undefined ? undefined : resolve(target)
  if (typeof options.from === 'string') {
    out(await backupDatabaseFile(options.from, absolute))
    return EXIT.done
  }
  const tango = await connect()
  try {
    const request = JSON.stringify({ target: absolute })
    const answer = await tango.proxy(CONFIGURATION).command('BackupDatabase', request, { timeoutMs: BACKUP_MS })
    const { path }: { readonly path?: unknown } = JSON.parse(String(answer))
    out(String(path))
  } catch (cause) {
    if (cause instanceof DevFailed && cause.has('DB_DeviceNotDefined')) {
      const desc = `the database at ${tango.database().tangoHost} is none of ours: save it with its own tools, or use \`db export\``
      throw devFailed('API_NotSupported', desc)
    }
    if (cause instanceof DevFailed && cause.has('API_CantConnectToDatabase'))
      throw devFailed('DB_SQLError', 'a stopped facility is saved with --from <data folder>/tango.sqlite', { cause })
    throw cause
  }
  return EXIT.done
}

async function check({ connect, out }: CommandContext, file: string | undefined): Promise<number> {
  if (file !== undefined) {
    await checkDatabaseFile(file)
    out(`${file}: whole`)
    return EXIT.done
  }
  const database = (await connect()).database()
  const { oddities, readContent } = await databaseTransfer()
  const content = await readContent(database)
  for (const oddity of oddities(content)) out(`note: ${oddity}`)
  out(`${database.tangoHost}: ${content.devices.length} devices and ${content.properties.length} properties read`)
  return EXIT.done
}

async function access({ connect, out }: CommandContext, word: string | undefined): Promise<number> {
  if (word !== undefined && word !== 'on' && word !== 'off') throw new UsageError(`'${word}' is neither on nor off`)
  const tango = await connect()
  const service = tango.proxy(ACCESS_CONTROL)
  if (word !== undefined) {
    if ((await findAccessControl(tango)) === undefined)
      throw devFailed(
        'API_DeviceNotExported',
        `${ACCESS_CONTROL} does not run: start TangoAccessControl/1, for tables in MariaDB with \`bandoneon serve TangoAccessControl 1 --database URL\``,
      )
    await service.command(word === 'on' ? 'RegisterService' : 'UnregisterService')
  }
  const [active] = await tango.database().services('AccessControl')
  out(active === undefined ? 'access control is off: everybody may write' : `access control is on (${active.device})`)
  if (active === undefined) return EXIT.done
  const users = await service.command('GetUsers')
  for (const user of Array.isArray(users) ? users : []) {
    const addresses = await service.command('GetAddressByUser', user)
    const devices: unknown = await service.command('GetDeviceByUser', user)
    // users without rules of a kind have those of everybody
    const none = user === '*' ? 'nothing' : 'as *'
    out(`${String(user)}: from ${listed(addresses, none)}; to ${listed(pairs(devices), none)}`)
  }
  return EXIT.done
}

/** The service for rules that an import brings; undefined when none runs. */
async function findAccessControl(tango: TangoProcess): Promise<DeviceProxy | undefined> {
  const service = tango.proxy(ACCESS_CONTROL)
  try {
    await service.ping()
    return service
  } catch (error) {
    if (error instanceof DevFailed) return undefined
    throw error
  }
}

async function contentOf(file: string): Promise<string> {
  try {
    return await wholeText(file === '-' ? process.stdin : createReadStream(file))
  } catch (error) {
    throw unusable(file, error)
  }
}

function unusable(file: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error)) return error
  return devFailed('Transfer_Invalid', `${file} cannot be used: ${error.message}`)
}

function pairs(value: unknown): readonly string[] {
  const list = Array.isArray(value) ? value.map(String) : []
  return list.flatMap((word, i) => (i % 2 === 0 ? [`${word} ${list[i + 1] ?? ''}`] : []))
}

function listed(value: unknown, none: string): string {
  return Array.isArray(value) && value.length > 0 ? value.map(String).join(', ') : none
}
