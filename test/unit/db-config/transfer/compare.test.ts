// The steps of an import: what is added, changed, removed, and in which order.
import assert from 'node:assert/strict'
import { compareContents, stepLine } from '../../../../db-config/transfer/compare.ts'
import { type DatabaseContent, EMPTY } from '../../../../db-config/transfer/content.ts'
import { oddities } from '../../../../db-config/transfer/oddities.ts'

/** Devices from lines `name server class alias`. */
function content(...lines: readonly string[]): DatabaseContent {
  const devices = lines.map((line) => {
    const [name = '', server = '', deviceClass = '', alias] = line.split(' ')
    return { name, server, class: deviceClass, alias }
  })
  return { ...EMPTY, devices }
}

function lines(present: DatabaseContent, wanted: DatabaseContent, replace = false): string[] {
  return compareContents(present, wanted, { replace }).map(stepLine)
}

describe('compareContents', () => {
  it('finds nothing to do between equal contents, in whatever case a client wrote the owner of a property', () => {
    const property = { scope: 'device', member: undefined, name: 'p', values: ['1'] } as const
    const one = { ...content('a/b/1 S/1 C x'), properties: [{ ...property, owner: 'a/b/1' }] }
    const other = { ...content('a/b/1 S/1 C x'), properties: [{ ...property, owner: 'A/B/1' }] }
    assert.deepEqual(lines(one, other, true), [])
  })

  it('leaves what the file does not name, unless told to replace', () => {
    const present = content('a/b/1 S/1 C', 'dserver/S/1 S/1 DServer', 'a/b/2 T/1 C al', 'dserver/T/1 T/1 DServer')
    const wanted = content('a/b/1 S/1 C')
    assert.deepEqual(lines(present, wanted), [])
    assert.deepEqual(lines(present, wanted, true), [
      '- device a/b/2 (T/1, C) with its properties',
      '- device dserver/T/1 (T/1, DServer) with its properties',
    ])
  })

  it('never removes or redefines what the database itself serves', () => {
    const present = content('sys/database/2 DataBaseds/2 DataBase', 'dserver/DataBaseds/2 DataBaseds/2 DServer')
    assert.deepEqual(lines(present, EMPTY, true), [])
    assert.deepEqual(lines(present, content('sys/database/2 databaseds/2 Database'), true), [])
  })

  it('does not define a device anew for the spelling of its names', () => {
    assert.deepEqual(lines(content('a/b/1 S/1 C', 'dserver/S/1 S/1 DServer'), content('A/B/1 s/1 c'), true), [])
  })

  it('exchanges the aliases of two devices', () => {
    assert.deepEqual(lines(content('a/b/1 S/1 C x', 'a/b/2 S/1 C y'), content('a/b/1 S/1 C y', 'a/b/2 S/1 C x')), [
      '- alias x of device a/b/1',
      '- alias y of device a/b/2',
      '+ alias y of device a/b/1',
      '+ alias x of device a/b/2',
    ])
  })

  it('gives a device its alias back when it moves to another server', () => {
    assert.deepEqual(lines(content('a/b/1 S/1 C x'), content('a/b/1 T/1 C')), [
      '~ device a/b/1 (S/1, C -> T/1, C)',
      '+ alias x of device a/b/1',
    ])
    assert.deepEqual(lines(content('a/b/1 S/1 C x'), content('a/b/1 S/1 C'), true), ['- alias x of device a/b/1'])
  })

  it('moves an attribute alias to another attribute', () => {
    const present = { ...EMPTY, attributeAliases: [{ alias: 'al', attribute: 'a/b/1/x' }] }
    const wanted = { ...EMPTY, attributeAliases: [{ alias: 'al', attribute: 'a/b/1/y' }] }
    assert.deepEqual(lines(present, wanted), ['- alias al of attribute a/b/1/x', '+ alias al of attribute a/b/1/y'])
  })
})

describe('oddities', () => {
  it('names what belongs to nothing', () => {
    const property = { member: undefined, name: 'p', values: ['1'] }
    const found = oddities({
      servers: [
        { name: 's/1', host: 'h', mode: 0, level: 0 },
        { name: 'gone/1', host: 'h', mode: 0, level: 0 },
      ],
      devices: content('a/b/1 S/1 C').devices,
      attributeAliases: [{ alias: 'al', attribute: 'a/b/9/x' }],
      properties: [
        { ...property, scope: 'device', owner: 'A/B/1' },
        { ...property, scope: 'device', owner: 'dserver/S/1' },
        { ...property, scope: 'device', owner: 'a/b/8' },
        { ...property, scope: 'object', owner: 'CtrlSystem', name: 'Services', values: ['X/y:a/b/7', 'X/z:a/b/1'] },
      ],
      access: [],
    })
    assert.deepEqual(found, [
      'properties of devices that are not defined: a/b/8',
      'attribute aliases of devices that are not defined: al (a/b/9/x)',
      'start-up entries of servers without devices: gone/1',
      'services whose device is not defined: X/y:a/b/7',
    ])
  })
})
