// Seeded random numbers for repeatable noise. Not for cryptography.

/** A source of uniform numbers in [0, 1). */
export type Random = () => number

/**
 * Makes a repeatable source of uniform numbers: the same seed gives the same sequence on every machine.
 * @param seed any number; its 32 low bits count
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  return () => {
    // A Weyl sequence stirred by two multiply-xorshift rounds: full period 2^32, ample for detector noise.
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97)
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 4294967296
  }
}

/** One number of the standard normal distribution (Box and Muller 1958). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  return radius * Math.cos(2 * Math.PI * random())
}

/**
 * One Poisson number: exact up to a mean of 1000, normal with the same mean and variance above.
 * @param mean expected count; zero and less give 0
 */
export function poisson(random: Random, mean: number): number {
  if (!(mean > 0)) return 0
  if (mean > 1000) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)))
  // A sum of Poisson numbers is one again: pieces of 500 keep exp(-mean) away from underflow.
  let count = 0
  for (let left = mean; left > 0; left -= 500) {
    const limit = Math.exp(-Math.min(left, 500))
    for (let product = random(); product > limit; product *= random()) count++
  }
  return count
}
