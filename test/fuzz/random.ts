// Random numbers that a seed repeats.

/** Numbers that look random and are the same for the same seed (Bob Jenkins' small generator, 32 bit). */
export class Random {
  #a = 0xf1ea5eed
  #b: number
  #c: number
  #d: number

  constructor(seed: number) {
    this.#b = seed >>> 0
    this.#c = this.#b
    this.#d = this.#b
    for (let i = 0; i < 20; i += 1) this.#next()
  }

  /** An integer from 0 up to but without `end`. */
  below(end: number): number {
    return Math.floor((this.#next() / 2 ** 32) * end)
  }

  /** An integer, both ends included. */
  between(first: number, last: number): number {
    return first + this.below(last - first + 1)
  }

  /** True in so many of all cases, 0 to 1. */
  chance(share: number): boolean {
    return this.#next() < share * 2 ** 32
  }

  /** Any 32 bit number. */
  word(): number {
    return this.#next()
  }

  /** One of the values. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new Error('unreachable: nothing to pick from')
    return value
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256))
  }

  #next(): number {
    const turn = (x: number, by: number): number => (x << by) | (x >>> (32 - by))
    const e = (this.#a - turn(this.#b, 27)) | 0
    this.#a = this.#b ^ turn(this.#c, 17)
    this.#b = (this.#c + this.#d) | 0
    this.#c = (this.#d + e) | 0
    this.#d = (e + this.#a) | 0
    return this.#d >>> 0
  }
}
