import assert from 'node:assert/strict'
import { defineInterface } from '#tango'
import { propertyLines, typedProperties } from '../../../../tango/server/properties.ts'

const spec = defineInterface({
  class: 'Props',
  properties: {
    host: { type: 'DevString', mandatory: true, doc: 'host of the box' },
    port: { type: 'DevLong', default: 5000 },
    scale: { type: 'DevDouble' },
    on: { type: 'DevBoolean', default: false },
    axes: { type: 'DevVarLongArray', default: [] },
    names: { type: 'DevVarStringArray' },
    low: { type: 'DevDouble', name: 'Lower_limit', default: 0 },
  },
})

describe('typedProperties', () => {
  it('turns lines into values of the declared types, whatever the case of the names', () => {
    const lines = propertyLines([
      ['HOST', ['box']],
      ['Port', ['1234']],
      ['scale', ['-1.5e3']],
      ['On', ['TRUE']],
      ['Axes', ['1', '2']],
      ['names', ['a', 'b']],
      ['lower_LIMIT', ['-inf']],
    ])
    const { values, problems } = typedProperties(spec, [lines])
    assert.deepEqual(problems, [])
    assert.deepEqual(values, {
      host: 'box',
      port: 1234,
      scale: -1500,
      on: true,
      axes: [1, 2],
      names: ['a', 'b'],
      low: -Infinity,
    })
  })

  it('prefers the device over its class over the default', () => {
    const device = propertyLines([['Host', ['mine']]])
    const ofClass = propertyLines([
      ['Host', ['theirs']],
      ['Port', ['7']],
    ])
    const { values } = typedProperties(spec, [device, ofClass])
    assert.equal(values.host, 'mine')
    assert.equal(values.port, 7)
    assert.equal(values.on, false)
    assert.equal(values.scale, undefined)
  })

  it('takes the blank that databases answer for nothing as absent', () => {
    const { values } = typedProperties(spec, [
      propertyLines([
        ['Host', ['box']],
        ['Port', [' ']],
      ]),
    ])
    assert.equal(values.port, 5000)
  })

  it('names each wrong or missing property, its value and what to do', () => {
    const { problems } = typedProperties(spec, [
      propertyLines([
        ['Port', ['abc']],
        ['Scale', ['1', '2']],
        ['On', ['maybe']],
        ['Axes', ['1', '1.5']],
      ]),
    ])
    assert.deepEqual(problems, [
      'property Host is missing; set it to a text (host of the box)',
      'property Port: "abc" is no number; set it to a whole number',
      'property Scale: has 2 values; set it to a number',
      'property On: "maybe" is neither true nor false; set it to true or false',
      'property Axes: "1.5" is no whole number of 32 bits; set it to one whole number per line',
    ])
  })
})
