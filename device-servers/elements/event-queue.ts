// Event pushes of a controller and its axes: done in order, but after the answer that the engine waits for.

/** Most pushes that may wait; then they are done at once, so that a busy loop without input cannot pile them up. */
const MOST_WAITING = 1000

/** Keeps pushes until the present turn of the event loop is over. */
export class EventQueue {
  readonly #onError: (error: unknown) => void
  #waiting: (() => void)[] = []
  #scheduled: NodeJS.Immediate | undefined

  /** @param onError told what a push threw; the others are still done */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  /** Does `push` later, after all that were given before. */
  add(push: () => void): void {
    this.#waiting.push(push)
    if (this.#waiting.length > MOST_WAITING) this.flush()
    else this.#scheduled ??= setImmediate(() => this.flush())
  }

  /** Does all waiting pushes now. */
  flush(): void {
    if (this.#scheduled !== undefined) clearImmediate(this.#scheduled)
    this.#scheduled = undefined
    const pushes = this.#waiting
    this.#waiting = []
    for (const push of pushes) {
      try {
        push()
      } catch (error) {
        this.#onError(error)
      }
    }
  }
}
