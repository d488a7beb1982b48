// Calls of a native client and of a native server at its start, as recorded, answered by our database from the same
// content.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { databaseCommands } from '../../db-config/server/commands.ts'
import { memoryStore } from '../../db-config/store/memory-store.ts'
import type { Store } from '../../db-config/store/store.ts'
import { DevFailed } from '../../tango/errors/dev-failed.ts'

interface Call {
  readonly id: string
  readonly operation?: string
  readonly request: { readonly args?: { readonly command?: string; readonly argin?: { readonly v: unknown } } }
  readonly reply: { readonly result?: { readonly v: unknown }; readonly value?: { readonly errors: readonly object[] } }
}

type Commands = ReturnType<typeof databaseCommands>

describe('The database', () => {
  let store: Store
  let commands: Commands

  beforeEach(() => {
    store = memoryStore()
    commands = databaseCommands(store, {
      name: 'sys/database/2',
      address: () => 'localhost:10000',
      runningSince: '',
    })
    commands.dbAddServer(['WireTest/1', 'wire/test/1', 'WireTest'])
    commands.dbPutClassProperty(['DServer', '1', 'AllowedAccessCmd', '11', ...ALLOWED])
  })

  afterEach(() => {
    store.close()
  })

  it('answers a starting native server', () => {
    const calls = read('tango-server-startup')
    assert.ok(calls.length >= 7)
    for (const call of calls) check(commands, call)
  })

  it('answers a classic start without the cache', () => {
    for (const call of read('tango-server-startup')) ask(commands, call)
    put(commands)
    commands.dbPutDeviceAttributeProperty2(['wire/test/1', '1', 'chg', '1', 'label', '1', 'Lab31'])
    const calls = read('tango-lifecycle').filter(({ id }) => id.startsWith('server-db'))
    assert.equal(calls.length, 18)
    for (const call of calls) check(commands, call)
  })

  it('answers the Database calls of a native client', () => {
    commands.dbAddServer(['TangoRestServer/rest', 'sys/rest/0', 'TangoRestServer'])
    commands.dbAddServer(['TangoTest/test', 'sys/tg_test/1', 'TangoTest'])
    for (const call of read('tango-server-startup')) ask(commands, call)
    put(commands)
    // the recorded session ran for the third time
    for (let round = 0; round < 2; round += 1) {
      commands.dbPutDeviceProperty(['wire/test/1', '2', 'p1', '1', 'v1', 'p2', '2', 'a', 'b'])
      commands.dbDeleteDeviceProperty(['wire/test/1', 'p1'])
    }
    const calls = read('tango-database')
    const imported = calls.find(({ id }) => id === 'db.import')?.reply.result?.v as { svalue: string[] }
    commands.dbExportDevice(['sys/tg_test/1', imported.svalue[1] ?? '', 'vm', '22378', '5'])
    assert.equal(calls.length, 47)
    // sys/rest/0 was put there by the installation, which writes the version `nada` where a command writes 0
    for (const call of calls.filter(({ id }) => !id.startsWith('notexported'))) check(commands, call)
  })
})

const ALLOWED = [
  'QueryClass',
  'QueryDevice',
  'EventSubscriptionChange',
  'DevPollStatus',
  'GetLoggingLevel',
  'GetLoggingTarget',
  'QueryWizardDevProperty',
  'QueryWizardClassProperty',
  'QuerySubDevice',
  'ZMQEventSubscriptionChange',
  'EventConfirmSubscription',
]

/** What the recorded server had written besides the calls that are in the files. */
function put(commands: Commands): void {
  const mem = ['mem', '3', 'label', '1', 'NewLabel', 'max_alarm', '1', '95', '__value', '1', '12.5']
  commands.dbPutDeviceAttributeProperty2(['wire/test/1', '1', ...mem])
}

function read(file: string): readonly Call[] {
  const url = new URL(`../../../test/interop/golden/${file}.json`, import.meta.url)
  const { vectors } = JSON.parse(readFileSync(url, 'utf8')) as { vectors: Call[] }
  return vectors.filter(
    ({ operation, request }) => operation?.startsWith('command_inout') && request.args?.command?.startsWith('Db'),
  )
}

function ask(commands: Commands, { request }: Call): unknown {
  const command = request.args?.command ?? ''
  const key = command.charAt(0).toLowerCase() + command.slice(1)
  const result: unknown = Reflect.get(commands, key)(request.args?.argin?.v)
  if (typeof result === 'object' && result !== null && 'lvalue' in result && result.lvalue instanceof Int32Array) {
    return { ...result, lvalue: [...result.lvalue] }
  }
  return result ?? null
}

function check(commands: Commands, call: Call): void {
  const { reply, id } = call
  if (reply.value !== undefined) {
    assert.throws(
      () => ask(commands, call),
      (error) => {
        assert.ok(error instanceof DevFailed)
        assert.deepEqual(error.errors, reply.value?.errors)
        return true
      },
    )
    return
  }
  assert.equal(undated(ask(commands, call)), undated(reply.result?.v), id)
}

function undated(value: unknown): string {
  return JSON.stringify(value)
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, 'DATE')
    .replace(/\d+(st|nd|rd|th) \w+ \d{4} at \d\d:\d\d:\d\d/g, 'SPOKEN')
}
