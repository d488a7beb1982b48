// What may happen to valid messages: wrong lengths, cuts, splices, wrong versions and types, fragments of all kinds.

import { GIOP_HEADER_SIZE, MESSAGE } from '../../tango/wire/giop.ts'
import type { Random } from './random.ts'

/** Lengths and numbers that break careless code. */
const WORDS = [
  0, 1, 2, 3, 4, 7, 8, 0x7f, 0xff, 0x100, 0xffff, 0x10000, 0x100000, 0xfffffff, 0x10000000, 0x10000001, 0x7ffffffe,
  0x7fffffff, 0x80000000, 0x80000001, 0xfffffff0, 0xfffffffc, 0xfffffffe, 0xffffffff,
]
/** Fragment sizes other than the last are multiples of eight. */
const FRAGMENT_UNIT = 8

/** Octets of a message that was changed in one to four ways; the size in its header is mostly made right again. */
export function mutate(random: Random, message: Uint8Array, other: Uint8Array): Uint8Array {
  let bytes: Uint8Array = message.slice()
  for (let i = random.between(1, 4); i > 0; i -= 1) bytes = mutateOnce(random, bytes, other)
  if (random.chance(0.8)) fixSize(bytes)
  return bytes
}

/** The same message in fragments, right or wrong in some way. */
export function fragmented(random: Random, message: Uint8Array): Uint8Array[] {
  const minor = message[5] ?? 0
  if (message.length < 32 || minor === 0) return [message]
  const littleEndian = ((message[6] ?? 0) & 1) === 1
  const idSize = minor >= 2 ? 4 : 0
  const cuts: number[] = []
  let at = 24
  while (at < message.length && cuts.length < 20) {
    cuts.push(at)
    at += FRAGMENT_UNIT * random.between(1, 8)
  }
  const pieces = [message.slice(0, cuts[0])]
  cuts.forEach((from, i) => {
    const part = message.subarray(from, cuts[i + 1] ?? message.length)
    const piece = new Uint8Array(GIOP_HEADER_SIZE + idSize + part.length)
    piece.set(message.subarray(0, GIOP_HEADER_SIZE))
    piece[7] = MESSAGE.fragment
    if (idSize > 0) piece.set(message.subarray(GIOP_HEADER_SIZE, GIOP_HEADER_SIZE + idSize), GIOP_HEADER_SIZE)
    piece.set(part, GIOP_HEADER_SIZE + idSize)
    pieces.push(piece)
  })
  pieces.forEach((piece, i) => {
    piece[6] = (littleEndian ? 1 : 0) | (i < pieces.length - 1 ? 2 : 0)
    fixSize(piece)
  })
  return spoiled(random, pieces)
}

/** Bytes cut into chunks as a network may cut them. */
export function chunks(random: Random, bytes: Uint8Array): Uint8Array[] {
  if (random.chance(0.6)) return [bytes]
  const pieces: Uint8Array[] = []
  for (let at = 0; at < bytes.length && pieces.length < 30; ) {
    const length = random.chance(0.5) ? random.between(1, 16) : random.between(1, 400)
    pieces.push(bytes.subarray(at, at + length))
    at += length
    if (pieces.length === 30) pieces.push(bytes.subarray(at))
  }
  return pieces
}

function mutateOnce(random: Random, bytes: Uint8Array, other: Uint8Array): Uint8Array {
  if (bytes.length === 0) return other.slice()
  const at = random.below(bytes.length)
  switch (random.below(12)) {
    case 0:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8))
      return bytes
    case 1:
      bytes[at] = random.pick([0, 1, 2, 0x7f, 0x80, 0xff, random.below(256)])
      return bytes
    case 2:
    case 3:
    case 4:
      putWord(random, bytes, at & ~3, random.pick(WORDS))
      return bytes
    case 5: {
      const word = (at & ~3) + 4 <= bytes.length ? new DataView(bytes.buffer).getUint32(at & ~3, true) : 0
      putWord(random, bytes, at & ~3, word + random.between(-9, 9))
      return bytes
    }
    case 6:
      return bytes.slice(0, at)
    case 7:
      return joined([bytes, random.bytes(random.below(64))])
    case 8: {
      const length = random.between(1, 32)
      return joined([bytes.subarray(0, at), bytes.subarray(at + length)])
    }
    case 9: {
      const length = random.between(1, 64)
      return joined([bytes.subarray(0, at + length), bytes.subarray(at)])
    }
    case 10:
      return joined([bytes.subarray(0, at), other.subarray(random.below(other.length + 1))])
    default:
      // version, flags and type
      bytes[4 + random.below(4)] = random.pick([0, 1, 2, 3, 4, 5, 6, 7, 255])
      return bytes
  }
}

/** Fragments in a wrong order, with wrong ids, without an end ... or as they should be. */
function spoiled(random: Random, pieces: Uint8Array[]): Uint8Array[] {
  const at = random.below(pieces.length)
  const piece = pieces[at] ?? new Uint8Array(0)
  switch (random.below(8)) {
    case 0:
      return pieces.slice(0, -1)
    case 1:
      return pieces.filter((_, i) => i !== at)
    case 2:
      return [...pieces.slice(0, at), piece, ...pieces.slice(at)]
    case 3:
      return pieces.sort(() => random.below(3) - 1)
    case 4:
      putWord(random, piece, GIOP_HEADER_SIZE, random.below(4))
      return pieces
    case 5:
      piece[6] = (piece[6] ?? 0) ^ random.pick([1, 2, 3])
      return pieces
    default:
      return pieces
  }
}

/** Several lists in one, each in its own order. */
export function interleaved(random: Random, lists: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  const left = lists.map((list) => [...list]).filter((list) => list.length > 0)
  const merged: Uint8Array[] = []
  while (left.length > 0) {
    const index = random.below(left.length)
    const next = left[index]?.shift()
    if (next !== undefined) merged.push(next)
    if (left[index]?.length === 0) left.splice(index, 1)
  }
  return merged
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}

function putWord(random: Random, bytes: Uint8Array, at: number, word: number): void {
  if (at + 4 > bytes.length) return
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(at, word, random.chance(0.7))
}

function fixSize(bytes: Uint8Array): void {
  if (bytes.length < GIOP_HEADER_SIZE) return
  const littleEndian = ((bytes[6] ?? 0) & 1) === 1
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(8, bytes.length - GIOP_HEADER_SIZE, littleEndian)
}
