import assert from 'node:assert/strict'
import type { ScanDocument } from '#data/documents'
import { type ElementReference, line } from '#macroserver'
import { DevFailed, type DoubleStringArray, devFailed } from '#tango'
import { MacroControl } from '../../../../macroserver/control.ts'
import type { ScanSystem } from '../../../../macroserver/scan/scan-system.ts'
import { runStepScan, type ScanIdentity, type StepScanOptions } from '../../../../macroserver/scan/step-scan.ts'

const motor = { name: 'mot01', fullName: 'tango://h:1/m/1/1', device: 'm/1/1', type: 'Motor', interfaces: ['Moveable'] }
const group = { ...motor, name: 'mg', fullName: 'tango://h:1/g/1/1', device: 'g/1/1', type: 'MeasurementGroup' }

/** Motors that move at once and one channel with the value `10 * position`, all calls recorded. */
class FakeSystem implements ScanSystem {
  readonly calls: string[] = []
  position = 7
  /** What a motion or point does instead, by its number. */
  readonly onMove = new Map<number, (abort: AbortSignal) => Promise<DoubleStringArray>>()
  readonly onAcquire = new Map<number, (abort: AbortSignal) => Promise<DoubleStringArray>>()
  #moves = 0
  #wake: ((moved: DoubleStringArray) => void) | undefined

  async checkTargets(_: readonly ElementReference[], rounds: Iterable<readonly number[]>): Promise<void> {
    for (const [target = 0] of rounds)
      if (target > 100) throw devFailed('Motion_LimitExceeded', `mot01: ${target} mm is above the upper limit 100 mm`)
  }

  async moveTo(
    _: readonly ElementReference[],
    targets: readonly number[],
    abort: AbortSignal,
  ): Promise<DoubleStringArray> {
    this.calls.push(`move ${targets[0]}`)
    const special = this.onMove.get(this.#moves++)
    if (special !== undefined) return await special(abort)
    this.position = targets[0] ?? 0
    return { dvalue: Float64Array.of(this.position), svalue: ['normal'] }
  }

  async positions(): Promise<readonly number[]> {
    return [this.position]
  }

  async units(): Promise<readonly string[]> {
    return ['mm']
  }

  async prepareGroup(_: ElementReference, time: number, points: number) {
    this.calls.push(`prepare ${time} ${points}`)
    return {
      channels: [{ name: 'ct01', fullName: 'tango://h:1/c/1/1', label: 'ct01', unit: '', plot: true }],
      acquire: async (index: number, abort: AbortSignal): Promise<DoubleStringArray> => {
        this.calls.push(`acquire ${index}`)
        const special = this.onAcquire.get(index)
        if (special !== undefined) return await special(abort)
        return { dvalue: Float64Array.of(100 + index, 100.5 + index, 10 * this.position), svalue: [''] }
      },
    }
  }

  /** A motion that ends only when it is stopped. */
  readonly untilStopped = (): Promise<DoubleStringArray> =>
    new Promise((resolve) => {
      this.#wake = resolve
    })

  async stop(elements: readonly ElementReference[]): Promise<void> {
    this.calls.push(`stop ${elements.map((e) => e.name).join()}`)
    this.#wake?.({ dvalue: Float64Array.of(0.25), svalue: ['stopped'] })
  }

  async abort(elements: readonly ElementReference[]): Promise<void> {
    this.calls.push(`abort ${elements.map((e) => e.name).join()}`)
  }
}

const identity: ScanIdentity = {
  scan: 's1',
  scanId: 5,
  title: 'ascan mot01',
  macro: 'ascan',
  door: 'd',
  user: 'u',
  file: '/data/s_00005.h5',
  snapshot: [],
}

function prepared(options: Partial<StepScanOptions> = {}) {
  const system = new FakeSystem()
  const documents: ScanDocument[] = []
  const watched: string[] = []
  const pauses: boolean[] = []
  const control = new MacroControl((paused) => pauses.push(paused))
  const givenBack: ScanIdentity[] = []
  let obtained = 0
  let ticks = 0
  const scan = (sinkPoints: (index: number) => string | undefined = () => undefined) =>
    runStepScan(
      { moveables: [motor], path: line([0], [1], 4), integrationTime: 0.5, group, ...options },
      {
        obtain: async () => {
          obtained += 1
          return identity
        },
        giveBack: (unused) => givenBack.push(unused),
      },
      {
        system,
        control,
        now: () => 100 + ticks++, // one second between any two looks at the clock
        watch: (document) => watched.push(document.kind),
        sink: {
          start: (document) => {
            documents.push(document)
          },
          points: (document) => {
            documents.push(document)
            system.calls.push(`log ${document.first}`)
            return sinkPoints(document.first)
          },
          end: (document) => {
            documents.push(document)
          },
        },
      },
    )
  return { system, documents, watched, pauses, control, givenBack, scan, obtained: () => obtained }
}

async function failure(promise: Promise<unknown>): Promise<DevFailed> {
  const error = await promise.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof DevFailed, String(error))
  return error
}

describe('runStepScan', () => {
  it('makes one motion, one acquisition and one log entry per point, in this order', async () => {
    const { system, documents, watched, scan } = prepared({ path: line([0], [1], 2) })
    const result = await scan()
    assert.deepEqual(system.calls, [
      'prepare 0.5 3',
      ...['move 0', 'acquire 0', 'log 0'],
      ...['move 0.5', 'acquire 1', 'log 1'],
      ...['move 1', 'acquire 2', 'log 2'],
    ])
    assert.deepEqual(watched, ['scan-start', 'scan-points', 'scan-points', 'scan-points', 'scan-end'])
    const [start, , , last, end] = documents
    assert.ok(start?.kind === 'scan-start')
    assert.deepEqual(
      start.columns.map((c) => [c.name, c.label, c.role, c.unit]),
      [
        ['point_nb', '#Pt No', 'index', undefined],
        ['mot01', 'mot01', 'moveable', 'mm'],
        ['tango://h:1/c/1/1', 'ct01', 'channel', ''],
        ['timestamp', 'dt', 'time', 's'],
      ],
    )
    assert.deepEqual([start.points, start.grid, start.estimatedTime], [3, [3], 1.5])
    assert.deepEqual(last, { kind: 'scan-points', scan: 's1', first: 2, values: [[2], [1], [10], [2]] })
    assert.ok(end?.kind === 'scan-end')
    assert.deepEqual([end.reason, end.points], ['done', 3])
    assert.deepEqual([...result.column('ct01')], [0, 5, 10])
    assert.equal(result.peak('ct01'), 1)
    assert.equal(result.file, '/data/s_00005.h5')
    assert.throws(() => result.column('ct09'), /there are #Pt No, mot01, ct01, dt/)
  })

  it('refuses a path beyond the limits before anything moves and gives the number back', async () => {
    const { system, documents, givenBack, scan } = prepared({ path: line([0], [1000], 4) })
    const error = await failure(scan())
    assert.equal(error.reason, 'Motion_LimitExceeded')
    assert.ok(!system.calls.some((call) => call.startsWith('move')))
    assert.deepEqual(documents, [])
    assert.deepEqual(givenBack, [identity])
  })

  it('refuses times that are not positive and scans without a group', async () => {
    assert.match((await failure(prepared({ integrationTime: 0 }).scan())).message, /must be positive/)
    const { system, obtained, control, scan } = prepared()
    control.requestStop()
    assert.equal((await failure(scan())).reason, 'Scan_Stopped')
    assert.deepEqual([system.calls, obtained()], [[], 0])
  })

  it('stops in the middle of a motion, keeps the points and says so', async () => {
    const { system, documents, control, scan } = prepared()
    system.onMove.set(2, system.untilStopped)
    const running = failure(scan(() => undefined))
    while (system.calls.filter((c) => c.startsWith('move')).length < 3) await new Promise(setImmediate)
    control.requestStop()
    assert.equal((await running).reason, 'Scan_Stopped')
    assert.ok(system.calls.includes('stop mot01,mg'))
    const end = documents.at(-1)
    assert.ok(end?.kind === 'scan-end')
    assert.deepEqual([end.reason, end.points], ['stopped', 2])
  })

  it('ends at once on abort, although the motion does not', async () => {
    const { system, documents, control, scan } = prepared({ restore: true })
    system.onMove.set(
      1,
      (abort) => new Promise((_, reject) => abort.addEventListener('abort', () => reject(abort.reason))),
    )
    const running = failure(scan())
    while (!system.calls.includes('move 0.25')) await new Promise(setImmediate)
    control.requestAbort()
    assert.equal((await running).reason, 'Scan_Aborted')
    assert.ok(system.calls.includes('abort mot01,mg'))
    assert.equal(system.calls.at(-1), 'abort mot01,mg', 'nothing moves back after an abort')
    assert.ok(documents.at(-1)?.kind === 'scan-end')
  })

  it('rests after the point when paused, goes on when resumed, and ends when stopped meanwhile', async () => {
    const { system, pauses, control, scan } = prepared()
    const running = scan((index) => {
      if (index === 1) control.requestPause()
      return undefined
    })
    while (pauses.length === 0) await new Promise(setImmediate)
    assert.equal(system.calls.at(-1), 'log 1')
    control.resume()
    await running
    assert.deepEqual(pauses, [true, false])
    const other = prepared()
    const stopped = failure(
      other.scan(() => {
        other.control.requestPause()
        return undefined
      }),
    )
    while (other.pauses.length === 0) await new Promise(setImmediate)
    other.control.requestStop()
    assert.equal((await stopped).reason, 'Scan_Stopped')
  })

  it('pauses when the log uses its reserve, and not before the point is in it', async () => {
    const { system, pauses, control, scan } = prepared()
    const running = scan((index) => (index === 0 ? 'the disk is full' : undefined))
    while (pauses.length === 0) await new Promise(setImmediate)
    assert.equal(system.calls.at(-1), 'log 0')
    control.resume()
    assert.equal((await running).points, 5)
  })

  it('fails when a motion ends elsewhere, stops everything and keeps the points before', async () => {
    const { system, documents, scan } = prepared()
    system.onMove.set(1, async () => ({ dvalue: Float64Array.of(0.1), svalue: ['limit'] }))
    const error = await failure(scan())
    assert.match(error.message, /Motion_Failed: mot01: the motion to 0.25 ended at 0.1 \(limit\)/)
    assert.equal(system.calls.at(-1), 'stop mot01,mg')
    const end = documents.at(-1)
    assert.ok(end?.kind === 'scan-end')
    assert.deepEqual([end.reason, end.points], ['failed', 1])
    assert.match(end.message ?? '', /limit/)
  })

  it('fails when a channel reports an error instead of a value, and does not record the point', async () => {
    const { system, documents, scan } = prepared()
    system.onAcquire.set(1, async () => ({ dvalue: Float64Array.of(1, 2, Number.NaN), svalue: ['error: no answer'] }))
    assert.match((await failure(scan())).message, /Controller_DriverFailed: ct01: no answer/)
    assert.equal(documents.filter((d) => d.kind === 'scan-points').length, 1)
  })

  it('moves back at the end when asked to, also after a stop', async () => {
    const done = prepared({ restore: true })
    await done.scan()
    assert.equal(done.system.position, 7)
    const stopped = prepared({ restore: true })
    await failure(
      stopped.scan((index) => {
        if (index === 1) stopped.control.requestStop()
        return undefined
      }),
    )
    assert.equal(stopped.system.position, 7)
  })

  it('tells when moving back failed', async () => {
    const { system, documents, scan } = prepared({ restore: true })
    system.onMove.set(5, async () => ({ dvalue: Float64Array.of(3), svalue: ['fault: stalled'] }))
    assert.match((await failure(scan())).message, /the motion to 7 ended at 3 \(fault: stalled\)/)
    const end = documents.at(-1)
    assert.ok(end?.kind === 'scan-end' && end.reason === 'failed')
    assert.equal(end.points, 5)
  })

  it('sums dead time from wall time and exposures', async () => {
    const { documents, scan } = prepared()
    await scan()
    const end = documents.at(-1)
    assert.ok(end?.kind === 'scan-end')
    assert.equal(end.deadTime, 5 - 5 * 0.5, 'five points in five seconds, of which each counts for half a second')
  })
})
