import assert from 'node:assert/strict'
import { decodePickle } from '../../../../tango/encoded/pickle-reader.ts'
import { encodePickle, PickleFloat, PickleTuple, pickleBytes } from '../../../../tango/encoded/pickle-writer.ts'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'

/** `pickle.dumps` of CPython 3.11 for one value that has everything, protocols 0 to 5. */
const EVERYTHING = [
  '286470300a56696e6465780a70310a286c70320a49300a6149310a6149320a61735676616c75650a70330a286c70340a' +
    '46312e350a61466e616e0a61492d330a617356740a70350a2849310a56610a70360a4e4930310a4930300a7470370a73' +
    '566269670a70380a4c313138303539313632303731373431313330333432344c0a73566e65670a70390a4c2d31303939' +
    '3531313632373737364c0a7356750a7031300a56e95c75323061635c5530303031663630300a7031310a7356620a7031' +
    '320a635f636f646563730a656e636f64650a7031330a28565c7530303030ff0a7031340a566c6174696e310a7031350a' +
    '747031360a527031370a7356730a7031380a635f5f6275696c74696e5f5f0a7365740a7031390a28286c7032300a4931' +
    '0a61747032310a527032320a73566e0a7032330a28647032340a56780a7032350a28647032360a56790a7032370a286c' +
    '7032380a73737356690a7032390a286c7033300a493235350a61493235360a614936353533360a61492d310a61492d31' +
    '32390a617356650a7033310a2874732e',
  '7d7100285805000000696e64657871015d7102284b004b014b0265580500000076616c756571035d710428473ff80000' +
    '00000000477ff80000000000004afdffffff655801000000747105284b0158010000006171064e4930310a4930300a74' +
    '7107580300000062696771084c313138303539313632303731373431313330333432344c0a58030000006e656771094c' +
    '2d313039393531313632373737364c0a580100000075710a5809000000c3a9e282acf09f9880710b580100000062710c' +
    '635f636f646563730a656e636f64650a710d28580300000000c3bf710e58060000006c6174696e31710f747110527111' +
    '5801000000737112635f5f6275696c74696e5f5f0a7365740a7113285d71144b016174711552711658010000006e7117' +
    '7d711858010000007871197d711a580100000079711b5d711c7373580100000069711d5d711e284bff4d00014a000001' +
    '004affffffff4a7fffffff65580100000065711f29752e',
  '80027d7100285805000000696e64657871015d7102284b004b014b0265580500000076616c756571035d710428473ff8' +
    '000000000000477ff80000000000004afdffffff655801000000747105284b0158010000006171064e88897471075803' +
    '00000062696771088a0900000000000000004058030000006e656771098a060000000000ff580100000075710a580900' +
    '0000c3a9e282acf09f9880710b580100000062710c635f636f646563730a656e636f64650a710d580300000000c3bf71' +
    '0e58060000006c6174696e31710f8671105271115801000000737112635f5f6275696c74696e5f5f0a7365740a71135d' +
    '71144b016185711552711658010000006e71177d711858010000007871197d711a580100000079711b5d711c73735801' +
    '00000069711d5d711e284bff4d00014a000001004affffffff4a7fffffff65580100000065711f29752e',
  '80037d7100285805000000696e64657871015d7102284b004b014b0265580500000076616c756571035d710428473ff8' +
    '000000000000477ff80000000000004afdffffff655801000000747105284b0158010000006171064e88897471075803' +
    '00000062696771088a0900000000000000004058030000006e656771098a060000000000ff580100000075710a580900' +
    '0000c3a9e282acf09f9880710b580100000062710c430200ff710d580100000073710e636275696c74696e730a736574' +
    '0a710f5d71104b016185711152711258010000006e71137d711458010000007871157d711658010000007971175d7118' +
    '737358010000006971195d711a284bff4d00014a000001004affffffff4a7fffffff65580100000065711b29752e',
  '800495c1000000000000007d94288c05696e646578945d94284b004b014b02658c0576616c7565945d9428473ff80000' +
    '00000000477ff80000000000004afdffffff658c017494284b018c0161944e888974948c03626967948a090000000000' +
    '000000408c036e6567948a060000000000ff8c0175948c09c3a9e282acf09f9880948c016294430200ff948c0173948f' +
    '94284b01908c016e947d948c0178947d948c0179945d9473738c0169945d94284bff4d00014a000001004affffffff4a' +
    '7fffffff658c01659429752e',
  '800595c1000000000000007d94288c05696e646578945d94284b004b014b02658c0576616c7565945d9428473ff80000' +
    '00000000477ff80000000000004afdffffff658c017494284b018c0161944e888974948c03626967948a090000000000' +
    '000000408c036e6567948a060000000000ff8c0175948c09c3a9e282acf09f9880948c016294430200ff948c0173948f' +
    '94284b01908c016e947d948c0178947d948c0179945d9473738c0169945d94284bff4d00014a000001004affffffff4a' +
    '7fffffff658c01659429752e',
]

const VALUE = {
  index: [0, 1, 2],
  value: [1.5, Number.NaN, -3],
  t: [1, 'a', null, true, false],
  big: 2n ** 70n,
  neg: -(2 ** 40),
  u: 'é€😀',
  b: Uint8Array.of(0, 255),
  s: new Set([1]),
  n: { x: { y: [] } },
  i: [255, 256, 65536, -1, -129],
  e: [],
}

/** OrderedDict([('b', 1), ('a', 2)]), {1: 'a', (1, 2): 'b'} and datetime.date(2020, 1, 1), by CPython 3.11. */
const ORDERED_DICT =
  '800263636f6c6c656374696f6e730a4f726465726564446963740a7100295271012858010000006271024b0158010000' +
  '006171034b02752e'
const OTHER_KEYS = '80049515000000000000007d94284b018c0161944b014b0286948c016294752e'
const DATE = '80049520000000000000008c086461746574696d65948c0464617465949394430407e4010194859452942e'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'))

function refused(hex: string, what: RegExp): void {
  assert.throws(
    () => decodePickle(bytes(hex)),
    (error) => error instanceof DevFailed && error.reason === 'API_InvalidArgs' && what.test(error.message),
  )
}

describe('decodePickle', () => {
  for (const [protocol, hex] of EVERYTHING.entries()) {
    it(`reads plain data written by Python with protocol ${protocol}`, () => {
      assert.deepEqual(decodePickle(bytes(hex)), VALUE)
    })

    it(`gives a clean error for protocol ${protocol} cut at any byte`, () => {
      for (let end = 0; end < hex.length / 2; end += 1) refused(hex.slice(0, 2 * end), /pickle cannot be read/)
    })
  }

  it('reads ordered dicts as objects and dicts with other keys as maps', () => {
    assert.deepEqual(Object.entries(decodePickle(bytes(ORDERED_DICT)) as object), [
      ['b', 1],
      ['a', 2],
    ])
    assert.deepEqual(
      decodePickle(bytes(OTHER_KEYS)),
      new Map<unknown, unknown>([
        [1, 'a'],
        [[1, 2], 'b'],
      ]),
    )
  })

  it('refuses Python objects and calls instead of making them', () => {
    refused(DATE, /datetime date/)
    refused(Buffer.from("cos\nsystem\n(S'echo hi'\ntR.").toString('hex'), /os system/)
    refused(Buffer.from('c__builtin__\n__proto__\n.').toString('hex'), /__proto__/)
  })

  it('keeps a key __proto__ as a plain member', () => {
    const value = decodePickle(pickleBytes(new Map([['__proto__', { evil: true }]])))
    assert.deepEqual(Object.keys(value as object), ['__proto__'])
    assert.equal((value as { evil?: boolean }).evil, undefined)
  })

  it('keeps shared and cyclic lists shared', () => {
    const shared = decodePickle(bytes('80025d7100285d71014b01616801652e')) as unknown[]
    assert.equal(shared[0], shared[1])
    const cycle = decodePickle(bytes('80025d71006800612e')) as unknown[]
    assert.equal(cycle[0], cycle)
  })

  it('refuses lengths beyond the payload without reserving memory for them', () => {
    refused('8004425affffff7f2e', /ends too early/)
    refused('80048effffffffffffffff2e', /ends too early/)
  })

  it('refuses damaged structure', () => {
    refused('80044e652e', /./)
    refused('800428652e', /./)
    refused('80047d4b01752e', /./)
    refused('2e', /missing/)
    refused('80042828752e', /./)
  })
})

describe('encodePickle', () => {
  it('writes the exact opcodes of protocol 4 without memo', () => {
    assert.equal(
      Buffer.from(encodePickle({ a: [1, 1.5] }).data).toString('hex'),
      '80047d288c0161' + '5d284a01000000473ff8000000000000' + '65752e',
    )
    assert.equal(encodePickle(null).format, 'pickle')
  })

  it('writes what the reader reads', () => {
    const value = { ...VALUE, text: 'x'.repeat(300), many: Array.from({ length: 300 }, (_none, i) => -i * 1e6) }
    assert.deepEqual(decodePickle(pickleBytes(value)), value)
  })

  it('writes integers of all sizes in two\u2019s complement', () => {
    for (const value of [
      0n,
      1n,
      -1n,
      127n,
      128n,
      -128n,
      -129n,
      255n,
      2n ** 63n,
      -(2n ** 63n),
      2n ** 2048n,
      -(2n ** 2048n),
    ]) {
      const read = decodePickle(pickleBytes(value))
      assert.equal(BigInt(read as bigint), value)
    }
  })

  it('writes float lists for float arrays and on request', () => {
    const hex = (value: unknown): string => Buffer.from(pickleBytes(value)).toString('hex')
    assert.equal(hex(Float64Array.of(1)), '80045d28473ff0000000000000652e')
    assert.equal(hex(new PickleFloat(1)), '8004473ff00000000000002e')
    assert.equal(hex(Int32Array.of(1)), '80045d284a01000000652e')
    assert.equal(hex(-0), '80044780000000000000002e')
  })

  it('writes tuples on request', () => {
    assert.equal(Buffer.from(pickleBytes(new PickleTuple([null]))).toString('hex'), '8004284e742e')
    assert.equal(Buffer.from(pickleBytes(new PickleTuple([]))).toString('hex'), '8004292e')
  })

  it('refuses functions and endless values', () => {
    const loop: unknown[] = []
    loop.push(loop)
    assert.throws(() => pickleBytes(() => 1), /function cannot be pickled/)
    assert.throws(() => pickleBytes(loop), /nested/)
  })
})
