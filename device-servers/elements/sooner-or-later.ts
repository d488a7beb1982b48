// Answers that may be there already: going on without a promise when they are. A scan point with drivers that answer
// at once passes here many times, and each promise would cost a turn of the microtask queue.

/** A value, or the promise of one. */
export type MaybePromise<T> = T | Promise<T>

/** Goes on with the value, at once if it is there. What `next` throws is thrown or rejected accordingly. */
export function after<T, R>(value: MaybePromise<T>, next: (value: T) => MaybePromise<R>): MaybePromise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Runs `work` and goes on with `failed` when it throws or rejects. */
export function recover<T>(work: () => MaybePromise<T>, failed: (error: unknown) => MaybePromise<T>): MaybePromise<T> {
  let value: MaybePromise<T>
  try {
    value = work()
  } catch (error) {
    return failed(error)
  }
  return value instanceof Promise ? value.catch(failed) : value
}
