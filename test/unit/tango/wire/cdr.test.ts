import assert from 'node:assert/strict'
import { CdrError, CdrReader, CdrWriter } from '../../../../tango/wire/cdr.ts'
import { fromHex, toHex } from '../../../interop/golden.ts'

const written = (write: (w: CdrWriter) => void, littleEndian = true, base = 0): string => {
  const w = new CdrWriter({ littleEndian, base, capacity: 4 })
  write(w)
  return toHex(w.written)
}
const reader = (hex: string, littleEndian = true): CdrReader => new CdrReader(fromHex(hex), { littleEndian })
const needsMore = (error: unknown): boolean => error instanceof CdrError && error.kind === 'need more'
const isBad = (error: unknown): boolean => error instanceof CdrError && error.kind === 'bad'

describe('CdrWriter', () => {
  it('aligns each number to its own size with zeros', () => {
    const write = (w: CdrWriter): void => {
      w.octet(1)
      w.short(-2)
      w.octet(3)
      w.long(-4)
      w.octet(5)
      w.double(1.5)
      w.boolean(true)
      w.longlong(-1n)
    }
    assert.equal(
      written(write),
      ['01 00 feff', '03 000000 fcffffff', '05 000000', '000000000000f83f', '01 00000000000000 ffffffffffffffff']
        .join('')
        .replaceAll(' ', ''),
    )
  })

  it('writes numbers at their borders in both byte orders', () => {
    assert.equal(
      written((w) => w.short(-32768)),
      '0080',
    )
    assert.equal(
      written((w) => w.ushort(65535), false),
      'ffff',
    )
    assert.equal(
      written((w) => w.long(-2147483648), false),
      '80000000',
    )
    assert.equal(
      written((w) => w.ulong(4294967295)),
      'ffffffff',
    )
    assert.equal(
      written((w) => w.ulonglong(2n ** 64n - 1n)),
      'ffffffffffffffff',
    )
    assert.equal(
      written((w) => w.longlong(-(2n ** 63n)), false),
      '8000000000000000',
    )
    assert.equal(
      written((w) => w.float(Infinity), false),
      '7f800000',
    )
    assert.equal(
      written((w) => w.double(-0), false),
      '8000000000000000',
    )
  })

  it('counts the NUL in string lengths, also of the empty one', () => {
    assert.equal(
      written((w) => w.string('')),
      '0100000000',
    )
    assert.equal(
      written((w) => w.string('é\u00ff')),
      '03000000e9ff00',
    )
    assert.equal(
      written((w) => w.string('a long text with é')),
      `130000006120${toHex(Buffer.from('long text with é', 'latin1'))}00`,
    )
  })

  it('writes a question mark for what ISO 8859-1 lacks, in short and long text', () => {
    assert.equal(
      written((w) => w.string('→')),
      '020000003f00',
    )
    const long = 'from here → to there → the end'
    const r = reader(written((w) => w.string(long)))
    assert.equal(r.string(), long.replaceAll('→', '?'))
  })

  it('adds no padding after the count of an empty sequence of doubles', () => {
    assert.equal(
      written((w) => w.doubles(new Float64Array(0))),
      '00000000',
    )
  })

  it('aligns from the byte order octet in an encapsulation and from the outer base after it', () => {
    const hex = written((w) => {
      w.octet(9)
      w.encapsulation((inner) => {
        inner.double(1)
      })
      w.long(7)
    })
    assert.equal(hex, '09000000' + '10000000' + '0100000000000000' + '000000000000f03f' + '07000000')
  })

  it('keeps what it wrote when the buffer grows', () => {
    const w = new CdrWriter({ capacity: 3 })
    for (let i = 0; i < 1000; i += 1) w.long(i)
    const r = new CdrReader(w.toBytes())
    for (let i = 0; i < 1000; i += 1) assert.equal(r.long(), i)
  })

  it('leaves no old octets in the padding of a buffer that is used again', () => {
    const w = new CdrWriter()
    w.rawOctets(new Uint8Array(16).fill(0xee))
    w.reset()
    w.octet(1)
    w.double(0)
    assert.equal(toHex(w.written), '01000000000000000000000000000000')
  })

  it('does not touch a detached buffer', () => {
    const w = new CdrWriter()
    w.long(1)
    const before = w.written
    w.detach()
    w.long(2)
    assert.equal(toHex(before), '01000000')
    assert.equal(toHex(w.written), '02000000')
  })
})

describe('CdrReader', () => {
  it('reads what the writer wrote, few and many elements, in both byte orders, at any alignment', () => {
    for (const littleEndian of [true, false]) {
      for (const count of [0, 1, 8, 9, 1000]) {
        for (const stable of [true, false]) {
          const numbers = Array.from({ length: count }, (_, i) => i - 3)
          const big = numbers.map((n) => BigInt(n) * 2n ** 40n)
          const w = new CdrWriter({ littleEndian })
          w.octet(1)
          w.shorts(Int16Array.from(numbers))
          w.ushorts(Uint16Array.from(numbers))
          w.octet(2)
          w.longs(Int32Array.from(numbers))
          w.ulongs(Uint32Array.from(numbers))
          w.longlongs(BigInt64Array.from(big))
          w.ulonglongs(BigUint64Array.from(big))
          w.floats(Float32Array.from(numbers))
          w.doubles(Float64Array.from(numbers, (n) => n / 3))
          w.octets(Uint8Array.from(numbers))
          w.booleans(numbers.map((n) => n % 2 === 0))
          w.strings(numbers.map(String))
          const r = new CdrReader(w.toBytes(), { littleEndian, stable })
          assert.equal(r.octet(), 1)
          assert.deepEqual(r.shorts(), Int16Array.from(numbers))
          assert.deepEqual(r.ushorts(), Uint16Array.from(numbers))
          assert.equal(r.octet(), 2)
          assert.deepEqual(r.longs(), Int32Array.from(numbers))
          assert.deepEqual(r.ulongs(), Uint32Array.from(numbers))
          assert.deepEqual(r.longlongs(), BigInt64Array.from(big))
          assert.deepEqual(r.ulonglongs(), BigUint64Array.from(big))
          assert.deepEqual(r.floats(), Float32Array.from(numbers))
          assert.deepEqual(
            r.doubles(),
            Float64Array.from(numbers, (n) => n / 3),
          )
          assert.deepEqual(r.octets(), Uint8Array.from(numbers))
          assert.deepEqual(
            r.booleans(),
            numbers.map((n) => n % 2 === 0),
          )
          assert.deepEqual(r.strings(), numbers.map(String))
          assert.equal(r.remaining, 0)
        }
      }
    }
  })

  it('returns arrays that do not change when its buffer is used again', () => {
    const w = new CdrWriter()
    w.doubles(Float64Array.from({ length: 1000 }, (_, i) => i))
    w.octets(new Uint8Array(5000).fill(7))
    const bytes = w.toBytes()
    const r = new CdrReader(bytes)
    const doubles = r.doubles()
    const octets = r.octets()
    bytes.fill(0)
    assert.equal(doubles[999], 999)
    assert.equal(octets[4999], 7)
  })

  it('returns views of big aligned arrays when its bytes are stable', () => {
    const w = new CdrWriter()
    w.doubles(new Float64Array(1000))
    const bytes = w.toBytes()
    const doubles = new CdrReader(bytes, { stable: true }).doubles()
    assert.equal(doubles.buffer, bytes.buffer)
  })

  it('refuses lengths of 4 GiB before it allocates', () => {
    const huge = 'ffffffff0000000000000000'
    const reads: ((r: CdrReader) => unknown)[] = [
      (r) => r.string(),
      (r) => r.strings(),
      (r) => r.octets(),
      (r) => r.octetsView(),
      (r) => r.booleans(),
      (r) => r.shorts(),
      (r) => r.longs(),
      (r) => r.longlongs(),
      (r) => r.doubles(),
      (r) => r.floats(),
      (r) => r.encapsulation(),
      (r) => r.count(1),
    ]
    for (const read of reads) assert.throws(() => read(reader(huge)), needsMore, read.toString())
  })

  it('refuses small elements that would take much more memory than octets, and takes as many numbers', () => {
    const count = 5_000_000
    const w = new CdrWriter({ capacity: 4 * count + 8 })
    w.ulong(count)
    w.rawOctets(new Uint8Array(4 * count))
    assert.throws(() => new CdrReader(w.written).strings(), /beyond \d+ octets of memory/)
    assert.throws(() => new CdrReader(w.written).count(4), CdrError)
    assert.equal(new CdrReader(w.written).longs().length, count)
    // several sequences of one message count together
    const parts = new CdrWriter()
    for (let i = 0; i < 3; i += 1) parts.strings(Array.from({ length: 1000 }, () => ''))
    const reader = new CdrReader(parts.written)
    reader.strings()
    const one = reader.heapSize
    assert.ok(one > 0)
    for (let i = 0; i < 2; i += 1) reader.strings()
    assert.equal(reader.heapSize, 3 * one)
  })

  it('accepts a string of length 0 as empty and refuses one without its NUL', () => {
    assert.equal(reader('00000000').string(), '')
    assert.throws(() => reader('020000006162').string(), isBad)
  })

  it('stops at its end even when the bytes go on', () => {
    const r = new CdrReader(fromHex('0100000002000000'), { end: 6 })
    assert.equal(r.long(), 1)
    assert.throws(() => r.long(), needsMore)
  })

  it('reads an encapsulation by its own byte order octet', () => {
    const inner = reader('080000000000000000000007').encapsulation()
    assert.equal(inner.littleEndian, false)
    assert.equal(inner.long(), 7)
  })

  it('refuses an encapsulation without a byte order octet', () => {
    assert.throws(() => reader('00000000').encapsulation(), isBad)
  })

  it('lets a body of nothing come without its padding', () => {
    const r = new CdrReader(fromHex('0000'), { offset: 1, base: 0 })
    r.alignBody()
    assert.equal(r.remaining, 0)
  })
})
