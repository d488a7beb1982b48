import assert from 'node:assert/strict'
import {
  addressKey,
  parseAttributeName,
  parseDeviceName,
  parseHostPort,
  parseTangoHost,
} from '../../../../tango/client/device-name.ts'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'

function fails(text: string, reason: string): void {
  assert.throws(
    () => parseDeviceName(text, 'db:10000'),
    (error) => error instanceof DevFailed && error.reason === reason && error.message.includes(text),
    `${text} should fail with ${reason}`,
  )
}

describe('parseDeviceName', () => {
  it('leaves names and aliases to the default control system', () => {
    const device = { kind: 'database', device: 'Sys/tg_test/1', alias: false, tangoHost: 'db:10000' }
    assert.deepEqual(parseDeviceName('Sys/tg_test/1', 'db:10000'), device)
    assert.deepEqual(parseDeviceName('mot01', 'db:10000'), { ...device, device: 'mot01', alias: true })
    assert.deepEqual(parseDeviceName('a/b/c'), {
      kind: 'database',
      device: 'a/b/c',
      alias: false,
      tangoHost: undefined,
    })
  })

  it('takes the control system from the name', () => {
    const expected = { kind: 'database', device: 'a/b/c', alias: false, tangoHost: 'other:10001' }
    assert.deepEqual(parseDeviceName('tango://other:10001/a/b/c', 'db:10000'), expected)
    assert.deepEqual(parseDeviceName('TANGO://other:10001/a/b/c#dbase=yes', 'db:10000'), expected)
    assert.equal(parseDeviceName('tango://other:10001/mot01').kind, 'database')
  })

  it('goes to the server itself without a database', () => {
    assert.deepEqual(parseDeviceName('tango://127.0.0.1:45000/a/b/C#dbase=no'), {
      kind: 'direct',
      device: 'a/b/C',
      host: '127.0.0.1',
      port: 45000,
    })
  })

  it('refuses what is no device name', () => {
    for (const text of ['', 'a/b', 'a//c', 'a/b/c/d', '/a/b/c', 'a b/c/d', 'http://h:1/a/b/c', 'tango://a/b/c']) {
      fails(text, 'API_WrongDeviceNameSyntax')
    }
    for (const text of [
      'a/b/c#dbase=no',
      'tango://h:1/alias#dbase=no',
      'tango://h:0/a/b/c',
      'tango://h:70000/a/b/c#dbase=no',
    ]) {
      assert.throws(
        () => parseDeviceName(text),
        (error) => error instanceof DevFailed && error.reason === 'API_WrongDeviceNameSyntax',
      )
    }
  })

  it('refuses other modifiers', () => {
    fails('tango://h:1/a/b/c#dbase=maybe', 'API_UnsupportedDBaseModifier')
  })
})

describe('addressKey', () => {
  it('is the same for all spellings of a device', () => {
    const key = (text: string): string => addressKey(parseDeviceName(text, 'db:10000'))
    assert.equal(key('A/b/C'), key('tango://DB:10000/a/B/c'))
    assert.notEqual(key('a/b/c'), key('tango://db:10001/a/b/c'))
    assert.notEqual(key('tango://db:10000/a/b/c'), key('tango://db:10000/a/b/c#dbase=no'))
  })
})

describe('parseAttributeName', () => {
  it('splits device and attribute and keeps the ornaments with the device', () => {
    assert.deepEqual(parseAttributeName('a/b/c/Position'), { device: 'a/b/c', attribute: 'Position' })
    assert.deepEqual(parseAttributeName('mot01/position'), { device: 'mot01', attribute: 'position' })
    assert.deepEqual(parseAttributeName('tango://h:1/a/b/c/p#dbase=no'), {
      device: 'tango://h:1/a/b/c#dbase=no',
      attribute: 'p',
    })
  })

  it('refuses names without attribute', () => {
    for (const text of ['position', 'a/b/c', 'a/b/c/', '/x', 'tango://h:1/x']) {
      assert.throws(
        () => parseAttributeName(text),
        (error) => error instanceof DevFailed,
      )
    }
  })
})

describe('parseTangoHost', () => {
  it('reads one database or several', () => {
    assert.deepEqual(parseTangoHost('a:1, b:2'), [
      { host: 'a', port: 1 },
      { host: 'b', port: 2 },
    ])
    assert.deepEqual(parseHostPort('[::1]:10000'), { host: '::1', port: 10000 })
  })

  it('names what is wrong', () => {
    assert.throws(() => parseTangoHost('localhost'), /'localhost' is no host:port/)
  })
})
