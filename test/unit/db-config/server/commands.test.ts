// The database commands where ours do more than repeat the native database, and with bad input.
import assert from 'node:assert/strict'
import { databaseCommands } from '../../../../db-config/server/commands.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'
import { formatIor, parseReference } from '../../../../tango/wire/ior.ts'

describe('databaseCommands', () => {
  let store: Store
  let commands: ReturnType<typeof databaseCommands>
  let now: Date

  beforeEach(() => {
    now = new Date(2026, 10, 20, 8, 20, 51)
    store = memoryStore({ now: () => now.getTime() / 1000 })
    commands = databaseCommands(store, { name: 'sys/database/2', address: () => 'h:1', runningSince: 'today' })
  })

  afterEach(() => {
    store.close()
  })

  it('move a device that is defined in another server, instead of having it twice', () => {
    commands.dbAddServer(['S/1', 'a/b/1', 'C'])
    commands.dbAddServer(['S/2', 'a/b/1', 'C'])
    assert.deepEqual(commands.dbGetDeviceList(['S/1', 'C']), [])
    assert.deepEqual(commands.dbGetDeviceList(['S/2', 'C']), ['a/b/1'])
  })

  it('write nothing when a list is shorter than it says', () => {
    assert.throws(() => commands.dbPutDeviceProperty(['a/b/1', '2', 'p', '1', 'v', 'q', '2', 'w']), {
      reason: 'DB_IncorrectArguments',
      message: /number of values of q is 2, but 1 elements follow/,
    })
    assert.throws(() => commands.dbPutDeviceProperty(['a/b/1', 'two', 'p', '1', 'v']), /'two', no number/)
    assert.throws(() => commands.dbPutDeviceAttributeProperty2(['a/b/1', '1', 'at', '1', 'label', '1']), /follow/)
    assert.deepEqual(commands.dbGetDevicePropertyList(['a/b/1', '*']), [])
    assert.deepEqual(commands.dbGetDeviceAttributeList(['a/b/1', '*']), [])
  })

  it('add no device of a list in which one name is wrong', () => {
    assert.throws(() => commands.dbAddServer(['S/1', 'a/b/1', 'C', 'a/b', 'C']), { reason: 'DB_IncorrectDeviceName' })
    assert.throws(() => commands.dbAddServer(['S/1', 'a/b/1', 'C', 'a/b/2']), { reason: 'DB_IncorrectArguments' })
    assert.deepEqual(commands.dbGetServerList('*'), [])
  })

  it('refuse property names that could not be asked for', () => {
    assert.throws(() => commands.dbPutDeviceProperty(['a/b/1', '1', 'p*', '1', 'v']), /no property name/)
    assert.throws(() => commands.dbPutProperty(['o', '1', '', '1', 'v']), /no property name/)
  })

  it('answer an endless count with an error, not with an endless list', () => {
    assert.throws(() => commands.dbPutProperty(['o', '40000000000', 'p', '1', 'v']), {
      reason: 'DB_IncorrectArguments',
    })
    assert.throws(() => commands.dbPutProperty(['o', '1', 'p', '40000000000', 'v']), {
      reason: 'DB_IncorrectArguments',
    })
  })

  it('spell the day of a start as clients read it', () => {
    commands.dbAddServer(['S/1', 'a/b/1', 'C'])
    const days: string[] = []
    for (const day of [1, 2, 3, 4, 11, 12, 13, 21, 22, 23, 30]) {
      now = new Date(2026, 0, day, 1, 2, 3)
      commands.dbExportDevice(['a/b/1', 'IOR:0', 'h', '1', '5'])
      days.push(commands.dbGetDeviceInfo('a/b/1').svalue[5] ?? '')
    }
    assert.equal(days[0], '1st January 2026 at 01:02:03')
    assert.deepEqual(
      days.map((day) => day.split(' ')[0]),
      ['1st', '2nd', '3rd', '4th', '11th', '12th', '13th', '21st', '22nd', '23rd', '30th'],
    )
  })

  it('give the address that clients were told', () => {
    assert.deepEqual(commands.dbGetCSDbServerList(undefined), ['h:1'])
  })

  it('give the addresses of other databases from their references, each once', () => {
    const ior = (port: number): string =>
      formatIor({ ...parseReference(`corbaloc:iiop:far:${port}/database`), typeId: '' })
    for (const [name, port] of [
      ['sys/database/3', 7],
      ['sys/database/4', 8],
      ['sys/database/5', 7],
      ['sys/database/2', 9],
    ] as const) {
      commands.dbAddDevice([`DataBaseds/${name.at(-1)}`, name, 'DataBase'])
      commands.dbExportDevice([name, ior(port), 'far', '1', '5'])
    }
    assert.deepEqual(commands.dbGetCSDbServerList(undefined), ['h:1', 'far:7', 'far:8'])
    commands.dbUnExportDevice('sys/database/4')
    assert.deepEqual(commands.dbGetCSDbServerList(undefined), ['h:1', 'far:7'])
    commands.dbExportDevice(['sys/database/4', 'nonsense', 'far', '1', '5'])
    assert.throws(() => commands.dbGetCSDbServerList(undefined), {
      reason: 'DB_WrongIORForDbServer',
      message: /sys\/database\/4/,
    })
  })

  it('refuse names that no native database could hold, and say which', () => {
    const long = 'n'.repeat(256)
    const refused = { reason: 'DB_SQLError', message: /nnn\.\.\.' has 256 characters, 255 are allowed/ }
    assert.throws(() => commands.dbPutProperty([long, '1', 'p', '1', 'v']), refused)
    assert.throws(() => commands.dbPutDeviceProperty(['a/b/1', '1', long, '1', 'v']), refused)
    assert.throws(() => commands.dbPutClassPipeProperty(['C', '1', long, '1', 'p', '1', 'v']), refused)
    assert.throws(() => commands.dbPutServerInfo([long, 'h', '1', '1']), refused)
    assert.throws(() => commands.dbPutDeviceAlias(['a/b/1', long]), refused)
    assert.throws(() => commands.dbAddServer(['S/1', 'a/b/1', long]), refused)
    assert.throws(() => commands.dbAddDevice(['S/1', `a/${'n'.repeat(86)}/1`, 'C']), /86 characters, 85 are allowed/)
    assert.deepEqual(commands.dbGetServerList('*'), [])
    assert.deepEqual(commands.dbGetObjectList('*'), [])
  })

  it('refuse a pid that is no number and leave the device as it was', () => {
    commands.dbAddServer(['S/1', 'a/b/1', 'C'])
    assert.throws(() => commands.dbExportDevice(['a/b/1', 'IOR:0', 'h', '12x', '5']), {
      reason: 'DB_SQLError',
      message: /the pid is '12x'/,
    })
    assert.deepEqual([...commands.dbImportDevice('a/b/1').lvalue], [0, 0])
  })

  it('remove with a server all that its devices had', () => {
    commands.dbAddServer(['S/1', 'a/b/1', 'C'])
    commands.dbPutDeviceProperty(['a/b/1', '1', 'p', '1', 'v'])
    commands.dbPutDeviceProperty(['dserver/S/1', '1', 'p', '1', 'v'])
    commands.dbPutDeviceAttributeProperty2(['a/b/1', '1', 'at', '1', 'label', '1', 'L'])
    commands.dbPutAttributeAlias(['a/b/1/at', 'short'])
    commands.dbDeleteServer('s/1')
    assert.deepEqual(commands.dbGetDevicePropertyList(['a/b/1', '*']), [])
    assert.deepEqual(commands.dbGetDevicePropertyList(['dserver/S/1', '*']), [])
    assert.deepEqual(commands.dbGetDeviceAttributeList(['a/b/1', '*']), [])
    assert.deepEqual(commands.dbGetAttributeAliasList('*'), [])
  })

  it('remove a device that has one field too many, which a native database has let in, but define none', () => {
    assert.throws(() => commands.dbAddDevice(['S/1', 'a/b/c/d', 'C']), { reason: 'DB_IncorrectDeviceName' })
    store.devices.define({ name: 'a/b/c/d', server: 'S/1', class: 'C' })
    commands.dbDeleteDevice('a/b/c/d')
    assert.deepEqual(commands.dbGetDeviceWideList('*'), [])
  })

  it('take % and _ in names for themselves', () => {
    commands.dbAddServer(['S_1/x', 'l/a_b/1', 'C', 'l/axb/1', 'C'])
    commands.dbExportDevice(['l/a_b/1', 'IOR:0', 'h', '1', '5'])
    assert.deepEqual(commands.dbGetDeviceExportedList('*'), ['l/a_b/1'])
    commands.dbUnExportDevice('l/a%')
    commands.dbUnExportDevice('l/a_b/_')
    assert.deepEqual(commands.dbGetDeviceExportedList('*'), ['l/a_b/1'])
    assert.deepEqual(commands.dbGetDeviceWideList('l/a_b/*'), ['l/a_b/1'])
    commands.dbPutClassProperty(['C', '2', 'a_b', '1', '1', 'axb', '1', '2'])
    assert.deepEqual(commands.dbGetClassProperty(['C', 'a_b', '%']), ['C', '2', 'a_b', '1', '1', '%', '0'])
    commands.dbPutDeviceAttributeProperty2(['l/a_b/1', '2', 'a_b', '1', 'p', '1', 'x', 'axb', '1', 'p', '1', 'y'])
    commands.dbDeleteDeviceAttribute(['l/a_b/1', 'a_b'])
    assert.deepEqual(commands.dbGetDeviceAttributeList(['l/a_b/1', '*']), ['axb'])
    commands.dbDeleteDevice('l/a_b/1')
    assert.deepEqual(commands.dbGetDeviceWideList('l/*'), ['l/axb/1'])
  })

  it('take an empty alias for none', () => {
    commands.dbAddDevice(['S/1', 'a/b/1', 'C', ''])
    commands.dbAddDevice(['S/1', 'a/b/2', 'C', 'two'])
    commands.dbPutDeviceAlias(['a/b/2', ''])
    commands.dbPutDeviceAlias(['a/b/1', ''])
    assert.deepEqual(commands.dbGetDeviceAliasList('*'), [])
    assert.throws(() => commands.dbGetAliasDevice(''), { reason: 'DB_DeviceNotDefined' })
    assert.throws(() => commands.dbGetDeviceInfo(''), { reason: 'DB_DeviceNotDefined' })
  })

  it('take the start-up record of a server along when it is renamed', () => {
    commands.dbAddServer(['S/1', 'a/b/1', 'C'])
    commands.dbPutServerInfo(['S/1', 'h', '1', '3'])
    commands.dbRenameServer(['S/1', 'S/2'])
    assert.deepEqual(commands.dbGetServerInfo('S/2'), ['S/2', 'h', '1', '3'])
    assert.deepEqual(commands.dbGetServerInfo('S/1'), ['S/1', ' ', ' ', ' '])
    assert.throws(() => commands.dbRenameServer(['S/2']), { reason: 'DB_WrongArgNUmber' })
    assert.throws(() => commands.dbRenameServer(['S/2', 'S']), { reason: 'Db_WrongArgument' })
  })

  it('count what is defined', () => {
    commands.dbAddServer(['S/1', 'a/b/1', 'C'])
    commands.dbExportDevice(['a/b/1', 'IOR:0', 'h', '1', '5'])
    commands.dbPutDeviceProperty(['a/b/1', '1', 'p', '2', 'v', 'w'])
    const lines = commands.dbInfo(undefined)
    assert.ok(lines.includes('Devices defined  = 2'))
    assert.ok(lines.includes('Devices exported  = 1'))
    assert.ok(lines.includes('Device servers defined  = 1'))
    assert.ok(lines.includes('Device properties defined  = 2 [History lgth = 2]'))
  })
})
