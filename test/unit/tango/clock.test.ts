// Real and virtual clock, with the repeatability of many moves over in-memory text lines.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, every, systemClock, VirtualClock } from '../../../tango/clock.ts'

describe('VirtualClock', () => {
  it('fires timers in order of their due time, equal ones in order of setting', async () => {
    const clock = new VirtualClock()
    const seen: string[] = []
    clock.setTimer(20, () => seen.push(`b${clock.monotonic()}`))
    clock.setTimer(10, () => seen.push(`a${clock.monotonic()}`))
    clock.setTimer(20, () => seen.push(`c${clock.monotonic()}`))
    await clock.run()
    assert.deepEqual(seen, ['a10', 'b20', 'c20'])
  })

  it('shows the same instant on both of its faces', async () => {
    const clock = new VirtualClock({ start: 1000 })
    await clock.run(() => clock.sleep(2500))
    assert.equal(clock.monotonic(), 2500)
    assert.equal(clock.now(), 1002.5)
  })

  it('returns the result of the work and keeps timers that are due later', async () => {
    const clock = new VirtualClock()
    let late = false
    clock.setTimer(3_600_000, () => {
      late = true
    })
    const result = await clock.run(async () => {
      await clock.sleep(10)
      return 'done'
    })
    assert.equal(result, 'done')
    assert.equal(late, false)
    assert.equal(clock.pendingTimers, 1)
  })

  it('passes the error of the work on', async () => {
    const clock = new VirtualClock()
    await assert.rejects(
      clock.run(async () => {
        await clock.sleep(1)
        throw new Error('broken axis')
      }),
      /broken axis/,
    )
  })

  it('passes the error of a timer on', async () => {
    const clock = new VirtualClock()
    clock.setTimer(1, () => {
      throw new Error('broken timer')
    })
    await assert.rejects(clock.run(), /broken timer/)
  })

  it('does not let time pass while promise callbacks remain', async () => {
    const clock = new VirtualClock()
    let busyUntil = -1
    clock.setTimer(1, () => {})
    await clock.run(async () => {
      for (let i = 0; i < 5000; i += 1) await undefined
      busyUntil = clock.monotonic()
    })
    assert.equal(busyUntil, 0)
  })

  it('does not let time pass during a hop through setImmediate', async () => {
    const clock = new VirtualClock()
    clock.setTimer(1, () => {})
    const at = await clock.run(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return clock.monotonic()
    })
    assert.equal(at, 0)
  })

  it('says that the work can never end when nothing is left that could wake it', async () => {
    const clock = new VirtualClock()
    await assert.rejects(
      clock.run(() => new Promise<void>(() => {})),
      /nothing is running and no timer is set/,
    )
  })

  it('stops a loop that polls forever at the limit', async () => {
    const clock = new VirtualClock()
    const stop = every(clock, 10, () => {})
    await assert.rejects(
      clock.run(() => new Promise<void>(() => {}), { limitMs: 1000 }),
      /limit of 1000 ms/,
    )
    assert.equal(clock.monotonic(), 1000)
    stop()
  })

  it('forgets a cancelled timer', async () => {
    const clock = new VirtualClock()
    let fired = false
    const cancel = clock.setTimer(5, () => {
      fired = true
    })
    cancel()
    cancel()
    await clock.run()
    assert.equal(fired, false)
    assert.equal(clock.monotonic(), 0)
  })

  it('advances by exactly the time asked for', async () => {
    const clock = new VirtualClock()
    const seen: number[] = []
    for (const ms of [5, 10, 15]) clock.setTimer(ms, () => seen.push(ms))
    await clock.advance(12)
    assert.deepEqual(seen, [5, 10])
    assert.equal(clock.monotonic(), 12)
  })

  it('refuses to run twice at once', async () => {
    const clock = new VirtualClock()
    const first = clock.run(() => clock.sleep(1))
    await assert.rejects(clock.run(), /already running/)
    await first
  })

  it('stands still while outside work holds it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'clock-'))
    try {
      const clock = new VirtualClock()
      let timedOut = false
      clock.setTimer(1, () => {
        timedOut = true
      })
      await clock.run(async () => {
        await clock.holdWhile(writeFile(join(folder, 'file'), new Uint8Array(1 << 20)))
        assert.equal(timedOut, false)
        assert.equal(clock.monotonic(), 0)
      })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('gives up on a hold that nobody releases', async () => {
    const clock = new VirtualClock({ holdTimeoutMs: 5 })
    clock.hold()
    await assert.rejects(clock.run(), /held for 5 ms of real time by 1 holders/)
  })

  it('repeats many moves over text lines identically, in far less than their own time', async () => {
    const [first, second, other] = [await moves(1, 400), await moves(1, 400), await moves(2, 400)]
    assert.equal(first.lines > 4000, true, `only ${first.lines} lines went over the wire`)
    assert.equal(first.virtualMs > 60_000, true, `only ${first.virtualMs} ms passed`)
    assert.deepEqual(first, second)
    assert.notEqual(first.hash, other.hash)
  })
})

for (const [name, make] of [
  ['systemClock', () => systemClock],
  ['VirtualClock', () => new VirtualClock()],
] as const) {
  describe(`sleep of ${name}`, () => {
    const runOn = <T>(clock: Clock, work: () => Promise<T>): Promise<T> =>
      clock instanceof VirtualClock ? clock.run(work) : work()

    it('lasts at least the time asked for', async () => {
      const clock = make()
      for (const sleep of [clock.sleep, clock.sleepExactly]) {
        const start = clock.monotonic()
        await runOn(clock, () => sleep.call(clock, 3))
        // Node rounds timers to whole ms of its loop time, so one may fire up to 1 ms early
        assert.ok(clock.monotonic() - start >= 2)
      }
    })

    it('ends with the reason of its signal and leaves no timer', async () => {
      const clock = make()
      for (const sleep of [clock.sleep, clock.sleepExactly]) {
        const controller = new AbortController()
        clock.setTimer(1, () => controller.abort(new Error('stopped by user')))
        await assert.rejects(
          runOn(clock, () => sleep.call(clock, 60_000, controller.signal)),
          /stopped by user/,
        )
      }
      if (clock instanceof VirtualClock) assert.equal(clock.pendingTimers, 0)
    })

    it('fails at once when its signal is aborted already', async () => {
      const clock = make()
      await assert.rejects(
        runOn(clock, () => clock.sleep(60_000, AbortSignal.abort(new Error('too late')))),
        /too late/,
      )
    })

    it('refuses a delay that is no number', () => {
      assert.throws(() => make().setTimer(Number.NaN, () => {}), RangeError)
    })
  })
}

describe('systemClock', () => {
  it('agrees with the wall clock', () => {
    assert.ok(Math.abs(systemClock.now() - Date.now() / 1000) < 0.1)
  })

  it('does not fire a timer of a month at once', async () => {
    let fired = false
    const cancel = systemClock.setTimer(31 * 86_400_000, () => {
      fired = true
    })
    await systemClock.sleep(5)
    cancel()
    assert.equal(fired, false)
  })

  it('waits exactly without ever being early', async () => {
    for (let i = 0; i < 20; i += 1) {
      const start = systemClock.monotonic()
      await systemClock.sleepExactly(1)
      assert.ok(systemClock.monotonic() - start >= 1)
    }
  })
})

describe('every', () => {
  it('does not drift and skips the beats missed', async () => {
    const clock = new VirtualClock()
    const beats: number[] = []
    const stop = every(clock, 10, () => beats.push(clock.monotonic()))
    await clock.advance(35)
    stop()
    await clock.advance(100)
    assert.deepEqual(beats, [10, 20, 30])
  })

  it('refuses a period of zero', () => {
    assert.throws(() => every(new VirtualClock(), 0, () => {}), RangeError)
  })

  it('can be ended from its own call', async () => {
    const clock = new VirtualClock()
    let beats = 0
    const stop: () => void = every(clock, 1, () => {
      beats += 1
      if (beats === 3) stop()
    })
    await clock.run()
    assert.equal(beats, 3)
  })
})

interface Trace {
  readonly hash: string
  readonly lines: number
  readonly virtualMs: number
}

/** `count` moves on four axes at once: a poller per axis asks a simulated box for its state until the move is over. */
async function moves(seed: number, count: number): Promise<Trace> {
  const clock = new VirtualClock()
  const hash = createHash('sha256')
  let lines = 0
  let random = seed
  const next = (limit: number): number => {
    random = (Math.imul(random, 1_664_525) + 1_013_904_223) >>> 0
    return random % limit
  }
  const position = [0, 0, 0, 0]
  const busyUntil = [0, 0, 0, 0]
  const box = (request: string): string => {
    const [axisText = '', command, value] = request.split(/[: ]/)
    const axis = Number(axisText)
    if (command === '?STATE') return clock.monotonic() < busyUntil[axis]! ? 'MOVING' : 'READY'
    const target = Number(value)
    busyUntil[axis] = clock.monotonic() + 20 + Math.abs(target - position[axis]!) / 5
    position[axis] = target
    return 'OK'
  }
  // the request travels, is worked on, and the answer travels back: three microtask hops
  const ask = async (request: string): Promise<string> => {
    await undefined
    const answer = box(request)
    await undefined
    lines += 1
    hash.update(`${clock.monotonic()} ${request} ${answer}\n`)
    await undefined
    return answer
  }
  const drive = async (axis: number): Promise<void> => {
    for (let i = 0; i < count / 4; i += 1) {
      await ask(`${axis}:MOVE ${next(20_000)}`)
      const deadline = clock.setTimer(60_000, () => {
        throw new Error(`axis ${axis} never arrived`)
      })
      while ((await ask(`${axis}:?STATE`)) === 'MOVING') await clock.sleep(50)
      deadline()
    }
  }
  await clock.run(() => Promise.all([0, 1, 2, 3].map(drive)), { limitMs: 1e9 })
  return { hash: hash.digest('hex'), lines, virtualMs: clock.monotonic() }
}
