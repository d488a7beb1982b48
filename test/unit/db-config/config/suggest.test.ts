// The nearest known word.
import assert from 'node:assert/strict'
import { didYouMean, nearest } from '../../../../db-config/config/suggest.ts'

describe('nearest', () => {
  it('finds a word with one slip: missing, extra, wrong, swapped letters', () => {
    const known = ['driver', 'server', 'simulator']
    for (const word of ['drver', 'drriver', 'drivor', 'dirver', 'DRIVER']) assert.equal(nearest(word, known), 'driver')
  })

  it('prefers the nearer one', () => {
    assert.equal(nearest('ct02', ['ct10', 'ct03', 'ct20']), 'ct03')
  })

  it('does not guess when nothing is near', () => {
    assert.equal(nearest('velocity', ['name', 'axis']), undefined)
    assert.equal(nearest('x', []), undefined)
  })
})

describe('didYouMean', () => {
  it('names the nearest, else what there is, but no endless list', () => {
    assert.equal(didYouMean('ct1', ['ct01', 'mot01']), 'did you mean ct01?')
    assert.equal(didYouMean('velocity', ['a', 'b']), 'known: a, b')
    assert.equal(didYouMean('velocity', []), 'there are none')
    const many = Array.from({ length: 100 }, (_, i) => `m${i}`)
    assert.match(didYouMean('velocity', many), /^known: m0, .*m11 and 88 more$/)
  })
})
