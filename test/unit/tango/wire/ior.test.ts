import assert from 'node:assert/strict'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'
import { CdrReader, CdrWriter } from '../../../../tango/wire/cdr.ts'
import type { ObjectReference } from '../../../../tango/wire/ior.ts'
import {
  decodeReference,
  encodeReference,
  formatCorbaloc,
  formatIor,
  parseCorbaloc,
  parseIor,
  parseReference,
} from '../../../../tango/wire/ior.ts'
import { latin1Bytes } from '../../../../tango/wire/latin1.ts'
import { toHex } from '../../../interop/golden.ts'

/** As a native server publishes it. */
const NATIVE =
  'IOR:010000001700000049444c3a54616e676f2f4465766963655f353a312e30000001000000000000009c000000010102000a0000003132372e302e302e310017bd0e000000fe1f02006b0000576a000000000000000300000000000000080000000100000000545441010000001c0000000100000001000100010000000100010509010100010000000901010002545441340000000100000003000000766d0000240000002f746d702f6f6d6e692d726f6f742f3030303032323337382d3137393531363236353500'

const reference: ObjectReference = {
  typeId: 'IDL:Tango/Device_5:1.0',
  host: '10.0.0.1',
  port: 65535,
  objectKey: latin1Bytes('a/b/c'),
  giopMinor: 2,
  unixPath: '/tmp/x/orb',
  unixHost: 'vm',
  alternates: [{ host: '10.0.0.2', port: 1 }],
}

const isRefused = (error: unknown): boolean => error instanceof DevFailed && error.reason === 'API_CorbaException'

describe('ior', () => {
  it('reads the reference of a native server', () => {
    const { objectKey, ...rest } = parseIor(NATIVE)
    assert.deepEqual(rest, {
      typeId: 'IDL:Tango/Device_5:1.0',
      host: '127.0.0.1',
      port: 48407,
      giopMinor: 2,
      alternates: [],
      unixHost: 'vm',
      unixPath: '/tmp/omni-root/000022378-1795162655',
    })
    assert.equal(toHex(objectKey), 'fe1f02006b0000576a0000000000')
  })

  it('reads upper case digits and surrounding space', () => {
    assert.deepEqual(parseReference(` ior:${NATIVE.slice(4).toUpperCase()}\n`), parseIor(NATIVE))
  })

  it('reads again what it wrote', () => {
    assert.deepEqual(parseIor(formatIor(reference)), reference)
    const { unixPath: _p, unixHost: _h, ...plain } = reference
    assert.deepEqual(parseIor(formatIor(plain)), plain)
    assert.deepEqual(parseIor(formatIor({ ...plain, giopMinor: 0, alternates: [] })).giopMinor, 0)
  })

  it('publishes code sets and local socket octet by octet as native servers do', () => {
    const native = parseIor(NATIVE)
    const codeSets = '010000001c00000001000000010001000100000001000105090101000100000009010100'
    const unix = NATIVE.slice(NATIVE.indexOf('02545441'))
    assert.ok(formatIor(native).includes(codeSets))
    assert.ok(formatIor(native).endsWith(unix))
  })

  it('travels inside messages in both byte orders', () => {
    for (const littleEndian of [true, false]) {
      const w = new CdrWriter({ littleEndian })
      w.long(1)
      encodeReference(w, reference)
      const r = new CdrReader(w.toBytes(), { littleEndian })
      r.long()
      assert.deepEqual(decodeReference(r), reference)
      assert.equal(r.remaining, 0)
    }
  })

  it('reads corbaloc with and without version, with escapes and several addresses', () => {
    assert.deepEqual(parseCorbaloc('corbaloc:iiop:host:10000/database'), {
      typeId: '',
      host: 'host',
      port: 10000,
      objectKey: latin1Bytes('database'),
      giopMinor: 0,
      alternates: [],
    })
    const other = parseReference('corbaloc::1.2@h1,iiop:[::1]:5/a/b%20c')
    assert.equal(other.giopMinor, 2)
    assert.equal(other.port, 2809)
    assert.deepEqual(other.alternates, [{ host: '::1', port: 5 }])
    assert.deepEqual(other.objectKey, latin1Bytes('a/b c'))
  })

  it('writes corbaloc that reads as the same object', () => {
    const text = formatCorbaloc({ ...reference, objectKey: Uint8Array.of(0, 0x2f, 0x25, 0xff, 0x41) })
    assert.equal(text, 'corbaloc:iiop:1.2@10.0.0.1:65535,iiop:1.2@10.0.0.2:1/%00/%25%ffA')
    assert.equal(toHex(parseCorbaloc(text).objectKey), '002f25ff41')
  })

  it('refuses text that is no reference and says which', () => {
    for (const text of [
      'nada',
      '',
      'IOR:',
      'IOR:0',
      'IOR:zz',
      'IOR:01',
      'corbaloc:rir:/x',
      'corbaloc:iiop:h:99999/x',
      'corbaloc:iiop:h:1',
      'corbaloc:iiop:h:1/%4',
    ]) {
      assert.throws(() => parseReference(text), isRefused, text)
    }
  })

  it('refuses every shortened reference cleanly', () => {
    for (let length = 4; length < NATIVE.length; length += 1) {
      assert.throws(() => parseReference(NATIVE.slice(0, length)), isRefused, `length ${length}`)
    }
  })

  it('refuses a nil reference', () => {
    assert.throws(() => parseReference(`IOR:${'0100000001000000000000000000000000'.slice(0, 32)}`), isRefused)
  })
})
