// Collects what a callback gets and lets a test wait for it, with a deadline instead of sleeps.

/** Longest wait of {@link Collector.until}, real time. */
const DEADLINE_MS = 5000

/** A callback that remembers. */
export class Collector<T> {
  readonly items: T[] = []
  readonly #waiting = new Set<() => void>()

  /** The callback. */
  readonly push = (item: T): void => {
    this.items.push(item)
    for (const check of [...this.#waiting]) check()
  }

  /**
   * Waits for an item, also one that has come already.
   * @param what is shown when it does not come
   */
  until(wanted: (item: T) => boolean, what: string, deadlineMs = DEADLINE_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const index = this.items.findIndex(wanted)
        if (index < 0) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve(this.items[index] as T)
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        reject(new Error(`${what} did not come within ${deadlineMs} ms; ${this.items.length} other items did`))
      }, deadlineMs)
      this.#waiting.add(check)
      check()
    })
  }
}
