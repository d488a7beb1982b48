import assert from 'node:assert/strict'
import { CdrReader, CdrWriter } from '../../../../tango/wire/cdr.ts'

const LARGE = 300_000

function written(w: CdrWriter): Uint8Array {
  return Buffer.concat([...w.pieces])
}

function mixed(w: CdrWriter, numbers: Float64Array, octets: Uint8Array): void {
  w.octet(1)
  w.doubles(numbers)
  w.string('between')
  w.octets(octets)
  w.octet(7)
  w.double(2.5)
}

describe('CdrWriter that refers to very large arrays', () => {
  const numbers = Float64Array.from({ length: LARGE }, (_, i) => i / 3)
  // a length that leaves what follows unaligned
  const octets = Uint8Array.from({ length: LARGE + 3 }, (_, i) => i)

  it('writes the same octets as one that copies', () => {
    const copying = new CdrWriter()
    const referring = new CdrWriter({ refers: true, capacity: 8 })
    mixed(copying, numbers, octets)
    mixed(referring, numbers, octets)
    assert.equal(referring.inPieces, true)
    assert.equal(referring.position, copying.position)
    assert.ok(Buffer.from(copying.written).equals(written(referring)))
    const reader = new CdrReader(written(referring))
    assert.equal(reader.octet(), 1)
    assert.deepEqual(reader.doubles().slice(-3), numbers.slice(-3))
    assert.equal(reader.string(), 'between')
    assert.equal(reader.octets().length, octets.length)
    assert.equal(reader.octet(), 7)
    assert.equal(reader.double(), 2.5)
  })

  it('does so within an encapsulation and after it', () => {
    const nested = (w: CdrWriter): void => {
      w.octet(3)
      w.encapsulation((inner) => mixed(inner, numbers, octets))
      w.double(1.5)
    }
    const copying = new CdrWriter()
    const referring = new CdrWriter({ refers: true })
    nested(copying)
    nested(referring)
    assert.ok(Buffer.from(copying.written).equals(written(referring)))
  })

  it('does not copy them', () => {
    const w = new CdrWriter({ refers: true })
    w.doubles(numbers)
    assert.ok(w.pieces.some((piece) => piece.buffer === numbers.buffer))
    assert.throws(() => w.written, /pieces/)
  })

  it('copies what is small, or in another byte order', () => {
    const small = new CdrWriter({ refers: true })
    small.doubles(numbers.subarray(0, 1000))
    assert.equal(small.inPieces, false)
    const swapped = new CdrWriter({ refers: true, littleEndian: false })
    swapped.doubles(numbers)
    assert.equal(swapped.inPieces, false)
  })

  it('begins anew after reset', () => {
    const w = new CdrWriter({ refers: true })
    mixed(w, numbers, octets)
    w.reset()
    w.long(5)
    assert.equal(w.inPieces, false)
    assert.deepEqual([...w.written], [5, 0, 0, 0])
  })
})
