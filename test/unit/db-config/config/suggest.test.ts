// The nearest known word.
import assert from 'node:assert/strict'
import { nearest } from '../../../../db-config/config/suggest.ts'

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
