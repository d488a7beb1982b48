// The decision about rights, case by case as the native service answers; more cases in the interop test.
import assert from 'node:assert/strict'
import {
  type AccessRules,
  accessOf,
  fitsAddress,
  fitsDevice,
  nativeAccessOf,
} from '../../../../db-config/access-control/rights.ts'

const EVERYWHERE = { user: '*', address: '*.*.*.*' }

function ask(devices: readonly string[], device: string, addresses: AccessRules['addresses'] = [EVERYWHERE]): string {
  const rules = devices.map((line) => {
    const [user = '', name = '', rights = ''] = line.split(' ')
    return { user, device: name, rights }
  })
  return nativeAccessOf({ addresses, devices: rules }, { user: 'bob', addresses: ['10.1.2.3'], device })
}

describe('nativeAccessOf', () => {
  it('gives no more than reading without rules', () => {
    assert.equal(ask([], 'a/b/c'), 'read')
    assert.equal(ask(['* */*/* write'], 'a/b/c', []), 'read')
  })

  it('says unknown when rules exist and none fits', () => {
    assert.equal(ask(['* x/*/* write'], 'a/b/c'), 'unknown')
    assert.equal(ask(['carl */*/* write'], 'a/b/c'), 'read')
  })

  it('lets the rules of the user go before those of everybody', () => {
    assert.equal(ask(['* */*/* write', 'bob a/*/* read'], 'a/b/c'), 'read')
    assert.equal(ask(['* */*/* read', 'bob a/*/* write'], 'a/b/c'), 'write')
    assert.equal(ask(['* */*/* write', 'bob a/*/* read'], 'b/b/c'), 'write')
  })

  it('takes the stricter of several rules that fit, however exact they are', () => {
    assert.equal(ask(['bob */*/* read', 'bob a/b/c write'], 'a/b/c'), 'read')
    assert.equal(ask(['* */*/* write', '* a/b/* read'], 'a/b/c'), 'read')
    assert.equal(ask(['bob */*/* write', 'bob a/b/c write'], 'a/b/c'), 'write')
  })

  it('answers with a single rule of the user as it is stored, and takes other words of everybody for read', () => {
    assert.equal(ask(['bob */*/* WRITE'], 'a/b/c'), 'WRITE')
    assert.equal(ask(['* */*/* WRITE'], 'a/b/c'), 'read')
    assert.equal(
      accessOf(
        { addresses: [EVERYWHERE], devices: [{ user: 'bob', device: '*/*/*', rights: 'WRITE' }] },
        {
          user: 'bob',
          addresses: ['1.1.1.1'],
          device: 'a/b/c',
        },
      ),
      'read',
    )
  })

  it('refuses a user with addresses of his own from anywhere else', () => {
    const office = [EVERYWHERE, { user: 'Bob', address: '10.1.2.*' }]
    assert.equal(ask(['* */*/* write'], 'a/b/c', office), 'write')
    assert.equal(ask(['* */*/* write'], 'a/b/c', [EVERYWHERE, { user: 'bob', address: '10.1.3.*' }]), 'read')
  })

  it('is content with one address of several', () => {
    const rules = {
      addresses: [{ user: '*', address: '10.*.*.*' }],
      devices: [{ user: '*', device: '*/*/*', rights: 'write' }],
    }
    const from = (...addresses: readonly string[]): string =>
      accessOf(rules, { user: 'bob', addresses, device: 'a/b/c' })
    assert.equal(from('192.168.1.1', '10.9.9.9'), 'write')
    assert.equal(from('192.168.1.1'), 'read')
    assert.equal(from(), 'read')
  })
})

describe('fitsAddress', () => {
  it('knows masks that end with asterisks only', () => {
    for (const mask of ['10.1.2.3', '10.1.2.*', '10.1.*.*', '10.*.*.*', '*.*.*.*'])
      assert.equal(fitsAddress(mask, '10.1.2.3'), true, mask)
    for (const mask of ['10.1.2.4', '*.1.2.3', '10.*.2.3', '*', '10.1.2', ''])
      assert.equal(fitsAddress(mask, '10.1.2.3'), false, mask)
  })
})

describe('fitsDevice', () => {
  it('compares field by field without regard to case', () => {
    assert.equal(fitsDevice('A/b/*', 'a/B/c'), true)
    assert.equal(fitsDevice('a/*/c', 'a/b/d'), false)
    assert.equal(fitsDevice('*/*/*', 'a/b/c'), true)
  })

  it('takes one asterisk of a field for any text, within a field for one character at least', () => {
    assert.equal(fitsDevice('mo*/*/*', 'motor/x/1'), true)
    assert.equal(fitsDevice('*or/*/*', 'motor/x/1'), true)
    assert.equal(fitsDevice('m*r/*/*', 'motor/x/1'), true)
    assert.equal(fitsDevice('motor*/*/*', 'motor/x/1'), true)
    assert.equal(fitsDevice('*motor/*/*', 'motor/x/1'), true)
    assert.equal(fitsDevice('mot*or/*/*', 'motor/x/1'), false)
    assert.equal(fitsDevice('m*t*r/*/*', 'motor/x/1'), false)
  })

  it('never lets a pattern of too few fields open a device', () => {
    for (const pattern of ['a', 'a/b', '', 'a/*']) assert.equal(fitsDevice(pattern, 'a/b/c'), false, pattern)
  })
})
