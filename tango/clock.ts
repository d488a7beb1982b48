// Time as a value that is handed in: the real clock, and a virtual one for tests that jumps to the next timer when
// nothing is left to do. Whoever waits or stamps receives a Clock; nothing here keeps module-level state.

/** Where a part of the program takes its time from. */
export interface Clock {
  /** Wall clock, seconds since 1970, for time stamps; may step when the machine's clock is set. */
  now(): number
  /** Milliseconds from an arbitrary start, never backwards, for durations and deadlines. */
  monotonic(): number
  /**
   * Calls `fn` once after `ms`; typically 0.1 to 1 ms late on the real clock.
   * @returns cancels; harmless after the call
   */
  setTimer(ms: number, fn: () => void): () => void
  /**
   * Resolves after `ms`; same precision as a timer.
   * @throws the signal's reason as soon as it is aborted
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /**
   * Resolves after `ms` within some 10 us, for exposures and motions of a few milliseconds. The real clock pays with
   * processor time for the last part of the wait, so it is not for polling.
   * @throws the signal's reason as soon as it is aborted
   */
  sleepExactly(ms: number, signal?: AbortSignal): Promise<void>
}

/** The machine's clock. */
export const systemClock: Clock = makeSystemClock()

/** Options of {@link VirtualClock}. */
export interface VirtualClockOptions {
  /** First value of `now()`, seconds since 1970. */
  readonly start?: number
  /** Real time that outside work announced by `hold` may take. */
  readonly holdTimeoutMs?: number
}

/** Options of {@link VirtualClock.run}. */
export interface RunOptions {
  /** Virtual time after which the work counts as stuck; default one day. */
  readonly limitMs?: number
}

/**
 * Time that stands still while anything is happening and jumps to the next timer when all is idle, so hours pass in
 * milliseconds and every run is the same. Idle means: no promise callback left, no `hold` open, no timer set or
 * cancelled during the last two turns of the event loop. In-memory transports that deliver in microtasks are seen by
 * themselves; whoever waits for something outside (socket, file, worker, `setImmediate`) holds the clock meanwhile.
 */
export class VirtualClock implements Clock {
  readonly #startS: number
  readonly #holdTimeoutMs: number
  /** Sorted by due time, then by order of setting, next one last: taking it is `pop`. */
  readonly #timers: VirtualTimer[] = []
  #elapsedMs = 0
  #activity = 0
  #holds = 0
  #onReleased: (() => void) | undefined
  #running = false

  constructor(options: VirtualClockOptions = {}) {
    this.#startS = options.start ?? 1_700_000_000
    this.#holdTimeoutMs = options.holdTimeoutMs ?? 10_000
  }

  now(): number {
    return this.#startS + this.#elapsedMs / 1000
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  setTimer(ms: number, fn: () => void): () => void {
    const timer: VirtualTimer = { dueMs: this.#elapsedMs + checkedDelay(ms), fn }
    let index = this.#timers.length
    while (index > 0 && (this.#timers[index - 1]?.dueMs ?? Infinity) <= timer.dueMs) index -= 1
    this.#timers.splice(index, 0, timer)
    this.#activity += 1
    return () => {
      const at = this.#timers.indexOf(timer)
      if (at < 0) return
      this.#timers.splice(at, 1)
      this.#activity += 1
    }
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return wait(signal, (done) => this.setTimer(ms, done))
  }

  sleepExactly(ms: number, signal?: AbortSignal): Promise<void> {
    return this.sleep(ms, signal)
  }

  /** Number of timers that are set, for tests that look for leaks. */
  get pendingTimers(): number {
    return this.#timers.length
  }

  /**
   * Keeps time standing until the returned function is called: something outside the event loop's microtasks is going
   * on. Several may be open.
   */
  hold(): () => void {
    this.#holds += 1
    this.#activity += 1
    let open = true
    return () => {
      if (!open) return
      open = false
      this.#holds -= 1
      this.#activity += 1
      if (this.#holds === 0) this.#onReleased?.()
    }
  }

  /** Holds the clock until `work` has settled, and passes its result on. */
  async holdWhile<T>(work: Promise<T>): Promise<T> {
    const release = this.hold()
    try {
      return await work
    } finally {
      release()
    }
  }

  /** Lets time pass until no timer is left. */
  run(): Promise<void>
  /**
   * Lets time pass until `work` has settled, and returns its result; timers set for later stay.
   * @throws Error when everything is idle, no timer is left and `work` is still pending; when `limitMs` of virtual
   *   time has passed; when a hold stays open; and whatever `work` or a timer throws
   */
  run<T>(work: Promise<T> | (() => Promise<T>), options?: RunOptions): Promise<T>
  async run<T>(work?: Promise<T> | (() => Promise<T>), options: RunOptions = {}): Promise<T | undefined> {
    return this.#exclusively(async () => {
      const outcome: { settled?: { value: T } | { error: unknown } } = {}
      const promise = typeof work === 'function' ? work() : work
      promise?.then(
        (value) => {
          outcome.settled = { value }
        },
        (error: unknown) => {
          outcome.settled = { error }
        },
      )
      const limit = this.#elapsedMs + (options.limitMs ?? 86_400_000)
      for (;;) {
        await this.#untilIdle(() => outcome.settled !== undefined)
        if (outcome.settled !== undefined) {
          if ('error' in outcome.settled) throw outcome.settled.error
          return outcome.settled.value
        }
        const timer = this.#timers.at(-1)
        if (timer === undefined) {
          if (promise === undefined) return undefined
          throw new Error('virtual time cannot go on: the work is pending, nothing is running and no timer is set')
        }
        if (timer.dueMs > limit) {
          throw new Error(`virtual time limit of ${limit} ms reached with ${this.#timers.length} timers set`)
        }
        this.#fireNext()
      }
    })
  }

  /** Lets exactly `ms` pass, firing all that is due on the way. */
  async advance(ms: number): Promise<void> {
    return this.#exclusively(async () => {
      const end = this.#elapsedMs + checkedDelay(ms)
      for (;;) {
        await this.#untilIdle(() => false)
        const timer = this.#timers.at(-1)
        if (timer === undefined || timer.dueMs > end) break
        this.#fireNext()
      }
      this.#elapsedMs = end
    })
  }

  #fireNext(): void {
    const timer = this.#timers.pop()
    if (timer === undefined) return
    this.#elapsedMs = Math.max(this.#elapsedMs, timer.dueMs)
    timer.fn()
  }

  /** Two runners would each see the other's silence as idleness. */
  async #exclusively<T>(body: () => Promise<T>): Promise<T> {
    if (this.#running) throw new Error('this virtual clock is already running')
    this.#running = true
    try {
      return await body()
    } finally {
      this.#running = false
    }
  }

  /**
   * One turn ends after all microtasks; a second quiet one covers a single `setImmediate` or `process.nextTick` hop
   * between them.
   */
  async #untilIdle(finished: () => boolean): Promise<void> {
    let quiet = 0
    while (quiet < 2) {
      const before = this.#activity
      await new Promise<void>((resolve) => setImmediate(resolve))
      if (finished()) return
      if (this.#holds > 0) {
        await this.#untilReleased()
        quiet = 0
      } else quiet = this.#activity === before ? quiet + 1 : 0
    }
  }

  #untilReleased(): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#onReleased = undefined
        reject(new Error(`virtual clock held for ${this.#holdTimeoutMs} ms of real time by ${this.#holds} holders`))
      }, this.#holdTimeoutMs)
      this.#onReleased = () => {
        this.#onReleased = undefined
        clearTimeout(deadline)
        resolve()
      }
    })
  }
}

/**
 * Calls `fn` at `start + k * periodMs` without drifting; beats missed while the program was busy are skipped, not
 * made up for.
 * @returns ends it
 */
export function every(clock: Clock, periodMs: number, fn: () => void): () => void {
  if (!(periodMs > 0)) throw new RangeError(`the period must be above 0 ms, not ${periodMs}`)
  const start = clock.monotonic()
  let stopped = false
  let cancel: () => void = () => {}
  const schedule = (beat: number): void => {
    cancel = clock.setTimer(Math.max(0, start + beat * periodMs - clock.monotonic()), () => {
      fn()
      const elapsed = clock.monotonic() - start
      // half a period of tolerance: a timer that fires early must not repeat its own beat
      if (!stopped) schedule(Math.max(beat + 1, Math.floor(elapsed / periodMs + 0.5)))
    })
  }
  schedule(1)
  return () => {
    stopped = true
    cancel()
  }
}

interface VirtualTimer {
  readonly dueMs: number
  readonly fn: () => void
}

/** Longest delay that Node's timers take; more would fire at once. */
const MAX_NODE_DELAY_MS = 2 ** 31 - 1

/** A coarse timer may be this late, so an exact wait leaves it this much earlier. */
const COARSE_MARGIN_MS = 1.5

/** Between two looks at the event loop: each of them makes garbage, thousands in a scan point of a few milliseconds. */
const SPIN_MS = 0.01

/** Steps of a loop without any work. */
const IDLE_STEPS = 1000

function makeSystemClock(): Clock {
  let anchor = performance.timeOrigin
  const monotonic = (): number => performance.now()
  const setTimer = (ms: number, fn: () => void): (() => void) => {
    const delay = checkedDelay(ms)
    let handle: ReturnType<typeof setTimeout>
    const arm = (left: number): void => {
      handle =
        left > MAX_NODE_DELAY_MS
          ? setTimeout(() => arm(left - MAX_NODE_DELAY_MS), MAX_NODE_DELAY_MS)
          : setTimeout(fn, left)
    }
    arm(delay)
    return () => clearTimeout(handle)
  }
  return {
    now() {
      // microseconds from the monotonic clock, but following the wall clock when somebody sets it
      const wall = Date.now()
      const fine = anchor + performance.now()
      if (Math.abs(fine - wall) < 5) return fine / 1000
      anchor = wall - performance.now()
      return wall / 1000
    },
    monotonic,
    setTimer,
    sleep: (ms, signal) => wait(signal, (done) => setTimer(ms, done)),
    sleepExactly: (ms, signal) =>
      wait(signal, (done) => {
        const end = monotonic() + checkedDelay(ms)
        let cancelled = false
        const spin = (): void => {
          if (cancelled) return
          const pause = Math.min(end, monotonic() + SPIN_MS)
          while (monotonic() < pause) idle()
          next()
        }
        const next = (): void => {
          if (monotonic() >= end) done()
          else setImmediate(spin)
        }
        const cancelTimer = ms > COARSE_MARGIN_MS ? setTimer(ms - COARSE_MARGIN_MS, spin) : undefined
        if (cancelTimer === undefined) next()
        return () => {
          cancelled = true
          cancelTimer?.()
        }
      }),
  }
}

/** Some tenths of a microsecond: each look at the clock makes garbage, too. */
function idle(): void {
  for (let i = 0; i < IDLE_STEPS; i++);
}

/** A promise for `arm`'s `done`, rejected and disarmed by the signal. */
function wait(signal: AbortSignal | undefined, arm: (done: () => void) => () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const onAbort = (): void => {
      disarm()
      reject(signal?.reason)
    }
    // abort events come from other calls, so `disarm` is set by then
    signal?.addEventListener('abort', onAbort, { once: true })
    const disarm = arm(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
  })
}

function checkedDelay(ms: number): number {
  if (Number.isNaN(ms)) throw new RangeError('a delay must be a number of milliseconds, not NaN')
  return Math.max(0, ms)
}
