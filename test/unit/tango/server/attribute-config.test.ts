import assert from 'node:assert/strict'
import type { AttributeSpec } from '#tango'
import { AttributeConfiguration } from '../../../../tango/server/attribute-config.ts'

const none = new Map<string, readonly string[]>()
const config = (spec: AttributeSpec, device = none, fromClass = none): AttributeConfiguration =>
  new AttributeConfiguration('a/b/c', 'position', spec, undefined, fromClass, device)
const reasonAndText = (reason: string, text: RegExp) => (error: { reason?: string; message: string }) =>
  error.reason === reason && text.test(error.message)

describe('AttributeConfiguration', () => {
  it('has the texts of native servers where nothing is set', () => {
    const wire = config({ type: 'DevDouble' }).wire()
    assert.equal(wire.name, 'Position')
    assert.equal(wire.label, 'Position')
    assert.equal(wire.description, 'No description')
    assert.equal(wire.unit, '')
    assert.equal(wire.standardUnit, 'No standard unit')
    assert.equal(wire.displayUnit, 'No display unit')
    assert.equal(wire.format, '%6.2f')
    assert.equal(wire.minValue, 'Not specified')
    assert.equal(wire.writableAttrName, 'None')
    assert.equal(wire.eventProp.perEvent.period, '1000')
    assert.equal(wire.maxDimX, 1)
    assert.equal(wire.maxDimY, 0)
  })

  it('has the default format of each type', () => {
    assert.equal(config({ type: 'DevLong' }).wire().format, '%d')
    assert.equal(config({ type: 'DevString' }).wire().format, '%s')
    assert.equal(config({ type: 'DevEnum', enumLabels: ['A'] }).wire().format, '%s')
    assert.equal(config({ type: 'DevBoolean' }).wire().format, 'Not specified')
  })

  it('prefers the database over the class property over the code', () => {
    const spec: AttributeSpec = { type: 'DevDouble', label: 'code', unit: 'mm', maxValue: 5 }
    const device = new Map([['label', ['device']]])
    const fromClass = new Map([
      ['label', ['class']],
      ['unit', ['cm']],
    ])
    const wire = config(spec, device, fromClass).wire()
    assert.equal(wire.label, 'device')
    assert.equal(wire.unit, 'cm')
    assert.equal(wire.maxValue, '5')
  })

  it('ignores a stored text that makes no sense', () => {
    assert.equal(config({ type: 'DevDouble', minValue: 1 }, new Map([['min_value', ['low']]])).number('min_value'), 1)
  })

  it('stores a new value, and removes one that is the default of the code', () => {
    const c = config({ type: 'DevDouble', label: 'code' })
    assert.deepEqual([...c.change(new Map([['label', 'mine']])).put], [['label', ['mine']]])
    assert.equal(c.text('label'), 'mine')
    const back = c.change(new Map([['label', 'code']]))
    assert.deepEqual([back.put.size, back.remove], [0, ['label']])
  })

  it('takes "Not specified" as the library default, stored when the code has another', () => {
    const withCode = config({ type: 'DevDouble', maxValue: 5 })
    assert.deepEqual(
      [...withCode.change(new Map([['max_value', 'Not specified']])).put],
      [['max_value', ['Not specified']]],
    )
    assert.equal(withCode.number('max_value'), undefined)
    const without = config({ type: 'DevDouble' }, new Map([['max_value', ['7']]]))
    assert.deepEqual(without.change(new Map([['max_value', 'Not specified']])).remove, ['max_value'])
  })

  it('takes an empty text as the default of the code and NaN as that of the class', () => {
    const fromClass = new Map([['max_value', ['9']]])
    const c = config({ type: 'DevDouble', maxValue: 5 }, new Map([['max_value', ['7']]]), fromClass)
    assert.equal(c.number('max_value'), 7)
    assert.deepEqual(c.change(new Map([['max_value', '']])).remove, ['max_value'])
    assert.equal(c.number('max_value'), 5)
    c.change(new Map([['max_value', 'NaN']]))
    assert.equal(c.number('max_value'), 9)
  })

  it('refuses limits that are no numbers, not for this type, or crossed, and changes nothing then', () => {
    const c = config({ type: 'DevDouble', label: 'code' })
    assert.throws(
      () =>
        c.change(
          new Map([
            ['label', 'x'],
            ['max_value', 'high'],
          ]),
        ),
      reasonAndText(
        'API_AttrOptProp',
        /Device a\/b\/c-> Attribute : Position\nThe property max_value is defined in an unsupported format/,
      ),
    )
    assert.equal(c.text('label'), 'code')
    assert.throws(
      () => config({ type: 'DevString' }).change(new Map([['max_value', '3']])),
      reasonAndText('API_AttrOptProp', /not settable for the attribute data type/),
    )
    assert.throws(
      () =>
        c.change(
          new Map([
            ['min_value', '5'],
            ['max_value', '5'],
          ]),
        ),
      reasonAndText('API_IncoherentValues', /min_value is greater than or equal to max_value/),
    )
    assert.equal(c.text('min_value'), 'Not specified')
  })

  it('reads thresholds of one value or of two', () => {
    const c = config({ type: 'DevDouble' })
    c.change(
      new Map([
        ['abs_change', '-1,2'],
        ['rel_change', '5'],
      ]),
    )
    assert.deepEqual(c.threshold('abs_change'), { down: 1, up: 2 })
    assert.deepEqual(c.threshold('rel_change'), { down: 5, up: 5 })
  })

  it('does not change other attributes of the same spec', () => {
    const spec: AttributeSpec = { type: 'DevDouble', minValue: 0, events: { change: { abs: 1 } } }
    const stored = config(spec, new Map([['unit', ['mm']]]))
    const changed = config(spec)
    changed.change(new Map([['abs_change', '5']]))
    changed.setLimits({ min: -3 })
    assert.throws(() => changed.change(new Map([['max_value', 'x']])))
    const [untouched, named] = [config(spec), new AttributeConfiguration('a/b/c', 'other', spec, undefined, none, none)]
    for (const c of [untouched, named]) {
      assert.equal(c.wire().unit, '')
      assert.equal(c.number('min_value'), 0)
      assert.deepEqual(c.threshold('abs_change'), { down: 1, up: 1 })
    }
    assert.equal(named.wire().label, 'Other')
    assert.equal(stored.wire().unit, 'mm')
    assert.equal(stored.number('min_value'), 0)
    assert.equal(changed.number('min_value'), -3)
    assert.deepEqual(changed.threshold('abs_change'), { down: 5, up: 5 })
  })

  it('takes limits from code without storing them', () => {
    const c = config({ type: 'DevDouble' })
    assert.equal(c.setLimits({ min: -3 }), true)
    assert.equal(c.setLimits({ min: -3 }), false)
    assert.equal(c.wire().minValue, '-3')
    c.setLimits({ min: undefined, max: Infinity })
    assert.equal(c.wire().minValue, 'Not specified')
    assert.equal(c.wire().maxValue, 'Not specified')
  })
})
