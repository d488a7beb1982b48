import assert from 'node:assert/strict'
import type { AttributeSpec } from '#tango'
import { devFailed } from '#tango'
import { Attribute, type BoundHandlers } from '../../../../tango/server/attribute.ts'
import { AttributeConfiguration } from '../../../../tango/server/attribute-config.ts'
import { AttributeEvents } from '../../../../tango/server/attribute-events.ts'
import { AttributeTable, type TableEntry, type TableHost } from '../../../../tango/server/attribute-table.ts'

const host = { name: 'a/b/c', now: () => 100, monotonic: () => 0, logDefect: () => {} }
const nobody = { idle: true } as never

function entry(key: string, handlers: BoundHandlers = {}, spec: AttributeSpec = { type: 'DevDouble' }): TableEntry {
  const config = new AttributeConfiguration('a/b/c', key, spec, undefined, new Map(), new Map())
  const attribute = new Attribute(host, key, spec, config, handlers)
  const events = new AttributeEvents(attribute, 'a/b/c', nobody, { tangoHost: 'h:1', database: true }, () => 0)
  return { attribute, events, pushes: undefined, pushesArchive: undefined, dynamic: false, forwarded: undefined }
}

describe('AttributeTable', () => {
  let fills = 0
  let table: AttributeTable
  const make = (more: Partial<TableHost> = {}): AttributeTable =>
    new AttributeTable({ now: () => 100, memorized: () => undefined, logDefect: () => {}, ...more }, () => undefined)
  const names = (): string[] => table.all().map(({ attribute }) => attribute.name)

  beforeEach(() => {
    fills = 0
    table = make()
    table.add(entry('state'))
    table.add(entry('status'))
    table.fillLater(() => {
      fills += 1
      table.add(entry('first'))
      table.add(entry('second'))
    })
  })

  it('does not make the attributes of the class for State and Status', () => {
    assert.equal(table.find('State')?.attribute.key, 'state')
    assert.equal(table.find('STATUS')?.attribute.key, 'status')
    assert.equal(table.byKey('state')?.attribute.name, 'State')
    assert.equal(fills, 0)
    assert.equal([...table.made()].length, 2)
  })

  it('makes them once, when one of them is asked for', () => {
    assert.equal(table.find('FIRST')?.attribute.key, 'first')
    assert.equal(table.byKey('second')?.attribute.name, 'Second')
    assert.equal(table.find('third'), undefined)
    assert.equal(fills, 1)
  })

  it('makes them for a list of all, with State and Status at the end', () => {
    assert.deepEqual(names(), ['First', 'Second', 'State', 'Status'])
  })

  it('puts an attribute that comes at run time behind those of the class', () => {
    table.add(entry('late'))
    assert.deepEqual(names(), ['First', 'Second', 'Late', 'State', 'Status'])
  })

  it('lists what was added after a list was asked for', () => {
    table.add(entry('late'))
    names()
    table.add(entry('later'))
    table.remove('LATE')
    assert.deepEqual(names(), ['First', 'Second', 'Later', 'State', 'Status'])
  })

  describe('write of one attribute', () => {
    const request = (name: string, value = 5) => ({
      name,
      value: { kind: 'ATT_DOUBLE', value: Float64Array.of(value) } as const,
      dimX: 1,
      dimY: 0,
    })
    const writable: AttributeSpec = { type: 'DevDouble', writable: true, max: [1] }
    const add = (write: (value: unknown) => unknown): Attribute => {
      const added = entry('set', { read: () => 0, write }, writable)
      table.add(added)
      return added.attribute
    }

    it('keeps the set point when the handler has taken it, now or later', async () => {
      const set = add(() => undefined)
      assert.deepEqual(table.write([request('set')]), [])
      assert.equal(set.written?.flat[0], 5)
      const later = add(() => Promise.resolve())
      const pending = table.write([request('set', 6)])
      assert.notEqual(later.written?.flat[0], 6)
      assert.deepEqual(await pending, [])
      assert.equal(later.written?.flat[0], 6)
    })

    it('answers with the failure of the handler, now or later, and keeps the old set point', async () => {
      const refuse = (): never => {
        throw devFailed('Mine', 'no')
      }
      for (const handler of [refuse, async () => refuse()]) {
        const set = add(handler)
        const [failure] = await table.write([request('set')])
        assert.deepEqual(
          { name: failure?.name, index: failure?.index, reason: failure?.errors[0]?.reason },
          { name: 'Set', index: 0, reason: 'Mine' },
        )
        assert.notEqual(set.written?.flat[0], 5)
      }
    })

    it('refuses a name that does not exist and a read-only attribute as a longer list does', async () => {
      assert.throws(() => table.write([request('none')]), { message: /none attribute not found/ })
      const [failure] = await table.write([request('first')])
      assert.equal(failure?.errors[0]?.reason, 'API_AttrNotWritable')
    })

    it('waits until a memorized set point is stored', async () => {
      let stored = false
      table = make({
        memorized: async () => {
          await Promise.resolve()
          stored = true
        },
      })
      table.add(entry('kept', { write: () => undefined }, { ...writable, memorized: true }))
      assert.deepEqual(await table.write([request('kept')]), [])
      assert.ok(stored)
    })
  })
})
