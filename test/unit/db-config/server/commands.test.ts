// The database commands where ours do more than repeat the native database, and with bad input.
import assert from 'node:assert/strict'
import { databaseCommands } from '../../../../db-config/server/commands.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'

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
