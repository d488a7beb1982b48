// One case of the fuzz: the octets of a connection, made from a seed and a number alone, so that it can be repeated.

import { chunks, fragmented, interleaved, joined, mutate } from './mutations.ts'
import { Random } from './random.ts'
import type { Victims } from './seeds.ts'
import { isForbidden, Seeds } from './seeds.ts'

/** What a connection sends, chunk by chunk. */
export interface Case {
  readonly chunks: readonly Uint8Array[]
  /** Sent to the local socket rather than over TCP. */
  readonly local: boolean
}

/** Share of the cases that begin with an earlier one that reached new code. */
const FROM_KEPT = 0.4

/**
 * Makes case `number` of `seed`.
 * @param kept octets of earlier cases that reached new code; without them the case depends on seed and number only
 */
export function makeCase(seed: number, number: number, victims: Victims, kept: readonly Uint8Array[] = []): Case {
  const random = new Random((Math.imul(seed, 0x9e3779b1) + number) >>> 0)
  const seeds = new Seeds(random, victims)
  for (;;) {
    const sent = joined(messages(random, seeds, kept))
    if (!isForbidden(sent)) return { chunks: chunks(random, sent), local: random.chance(0.5) }
  }
}

function messages(random: Random, seeds: Seeds, kept: readonly Uint8Array[]): Uint8Array[] {
  const first = (): Uint8Array => (kept.length > 0 && random.chance(FROM_KEPT) ? random.pick(kept) : seeds.message())
  const draw = random.below(100)
  // valid requests: they reach the code behind the decoder
  if (draw < 25) return Array.from({ length: random.between(1, 5) }, () => seeds.message())
  if (draw < 75) return [mutate(random, first(), seeds.message()), ...(random.chance(0.3) ? [seeds.message()] : [])]
  if (draw < 90) {
    const lists = Array.from({ length: random.between(1, 3) }, () => fragmented(random, seeds.message()))
    return interleaved(random, lists)
  }
  if (draw < 97) {
    const whole = joined(fragmented(random, first()))
    return [mutate(random, whole, seeds.message())]
  }
  return [random.bytes(random.below(300)), seeds.message()]
}
