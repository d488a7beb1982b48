import assert from 'node:assert/strict'
import type { PipeBlob, PipeInput } from '#tango/pure'
import { toPipeBlob, toPipeReading } from '../../../../tango/client/pipe-values.ts'
import { CdrReader, CdrWriter } from '../../../../tango/wire/cdr.ts'
import { devPipeData } from '../../../../tango/wire/tango-idl.ts'

const NO_TIME = { sec: 12, usec: 500_000, nsec: 0 }

/** Through the bytes and back. */
function travelled(values: PipeInput): ReturnType<typeof toPipeReading> {
  const w = new CdrWriter({ littleEndian: true, capacity: 64 })
  devPipeData.encode(w, { name: 'p', time: NO_TIME, dataBlob: toPipeBlob('root', values, 'a/b/c/p') })
  return toPipeReading(devPipeData.decode(new CdrReader(w.written, { littleEndian: true })))
}

describe('pipe values', () => {
  it('come back as they went, with the type that was said or that follows from the value', () => {
    const values = {
      number: 1,
      big: 2n,
      text: 'x',
      flag: false,
      numbers: [1, 2],
      texts: ['a'],
      bytes: Uint8Array.of(1),
      words: Uint16Array.of(2),
      encoded: { format: 'json', data: Uint8Array.of(7) },
      state: { type: 'DevState', value: 'MOVING' },
      short: { type: 'DevShort', value: -1 },
      one: { type: 'DevLong', value: [5] },
      inner: { deep: { deeper: { number: 3 } } },
    }
    const { blob, values: got, name, time } = travelled(values)
    assert.deepEqual(got, {
      ...values,
      numbers: Float64Array.of(1, 2),
      state: 'MOVING',
      short: -1,
      one: Int32Array.of(5),
    })
    assert.deepEqual([name, time, blob.name], ['p', 12.5, 'root'])
    assert.deepEqual(
      blob.elements.map(({ type }) => type),
      ['DevDouble', 'DevLong64', 'DevString', 'DevBoolean', 'DevDouble', 'DevString', 'DevUChar', 'DevUShort'].concat([
        'DevEncoded',
        'DevState',
        'DevShort',
        'DevLong',
        'blob',
      ]),
    )
  })

  it('write what was read again', () => {
    const { blob } = travelled({ a: 1, b: { c: ['x', 'y'] } })
    assert.deepEqual(travelled(blob).blob, blob)
  })

  it('may have the same name twice', () => {
    const blob: PipeBlob = {
      name: 'twice',
      elements: [
        { name: 'a', type: 'DevLong', value: 1 },
        { name: 'a', type: 'DevString', value: 'x' },
      ],
    }
    const read = travelled(blob)
    assert.deepEqual([read.blob, read.values], [blob, { a: 'x' }])
  })

  it('are refused with the name of the element when they have no Tango type or do not fit it', () => {
    for (const [values, message] of [
      [{ a: { b: [] } }, /API_PipeWrongArg: a\/b\/c\/p: a: b: an empty list has no type/],
      [{ a: undefined }, /a: undefined has no Tango type/],
      [{ a: () => 1 }, /has no Tango type/],
      [{ a: [1, 'x'] }, /a: element 1: 'x' is no DevDouble/],
      [{ a: { type: 'DevShort', value: 70_000 } }, /outside the range of DevShort/],
      [{ a: new Map() }, /has no Tango type/],
    ] as const) {
      assert.throws(() => toPipeBlob('root', values, 'a/b/c/p'), message)
    }
    assert.throws(() => toPipeBlob('root', 5, 'a/b/c/p'), /5 is no blob/)
  })

  it('nest as deep as the wire allows, and a ring is refused', () => {
    const ring: Record<string, unknown> = {}
    ring.again = ring
    assert.throws(() => toPipeBlob('root', ring, 'a/b/c/p'), /nested deeper/)
  })
})
