// One motion of one axis: when to ask the box next, when it is overdue, and why it ended. Asks nobody itself.

import type { DevFailed } from '#tango/pure'
import type { AxisMove, AxisStatus } from '../driver.ts'
import type { MotorAxis } from './axis.ts'

/** How a motion was ended on request. */
export type StopKind = 'stopped' | 'aborted'

/** How a motion ended; `error` when that is not known. */
export interface Outcome {
  readonly steps: number
  /** `normal`, `stopped`, `aborted`, `limit` or `fault: text`. */
  readonly reason: string
  readonly error?: DevFailed
}

/** First and last pause between two questions whether a motion has ended. */
const FIRST_GAP_MS = 2
const LAST_GAP_MS = 20
/** How much longer than expected a motion may take before the engine is told. */
const MARGIN_MS = 2000
const MARGIN_PART = 0.2
/** For a motion of which nothing is known. */
const UNKNOWN_DURATION_MS = 600_000
/** Steps that a box may be off its target by rounding. */
const TOLERANCE_STEPS = 0.5 + 1e-6

/** A motion; times are those of the monotonic clock. */
export class Motion {
  readonly axis: MotorAxis
  /** Told of the end, and when it is overdue. */
  readonly waiters = new Set<(outcome: Outcome) => void>()
  /** Steps; `undefined` for a motion that somebody else started. */
  target: number | undefined
  /** Where the axis goes after `target`, for backlash. */
  nextTarget: number | undefined
  /** The box has confirmed the start. */
  underWay = false
  request: StopKind | undefined
  nextPollMs = 0
  #expectedEndMs = 0
  #deadlineMs = Number.POSITIVE_INFINITY
  #stoodStillMs: number | undefined

  constructor(axis: MotorAxis, target: number | undefined) {
    this.axis = axis
    this.target = target
  }

  /** What the driver has to be told. */
  get move(): AxisMove {
    if (this.target === undefined) throw new Error('unreachable: a motion of ours has a target')
    return { axis: this.axis.axis, target: this.target }
  }

  /** The box has started it, or its next leg. */
  begin(nowMs: number, durationMs: number | undefined): void {
    this.underWay = true
    this.#stoodStillMs = undefined
    this.#expectedEndMs = nowMs + (durationMs ?? 0)
    this.nextPollMs = this.#expectedEndMs
    const limitMs = durationMs === undefined ? UNKNOWN_DURATION_MS : durationMs * (1 + MARGIN_PART) + MARGIN_MS
    this.#deadlineMs = nowMs + limitMs
  }

  /** Somebody wants it to end; an abort after a stop counts, not the other way round. */
  end(how: StopKind, nowMs: number): void {
    if (this.request !== 'aborted') this.request = how
    this.nextTarget = undefined
    this.#deadlineMs = Math.min(this.#deadlineMs, nowMs + MARGIN_MS + (this.axis.parameters.deceleration ?? 0) * 1000)
    this.#expectedEndMs = nowMs
    this.nextPollMs = nowMs
  }

  /** It has not ended yet; the pause is a small part of what it took too long already, so a long wait costs little. */
  postpone(nowMs: number): void {
    if (nowMs < this.nextPollMs) return
    this.nextPollMs = nowMs + Math.min(Math.max(FIRST_GAP_MS, (nowMs - this.#expectedEndMs) / 10), LAST_GAP_MS)
  }

  /** Whether the axis has stopped, but its position does not count yet. */
  isSettling(nowMs: number): boolean {
    const { settlingMs } = this.axis
    if (settlingMs <= 0) return false
    this.#stoodStillMs ??= nowMs
    this.nextPollMs = this.#stoodStillMs + settlingMs
    return nowMs < this.nextPollMs
  }

  /** Whether it takes suspiciously long. */
  isOverdue(nowMs: number): boolean {
    return nowMs > this.#deadlineMs
  }

  /** Tells those who wait that it is overdue, once; it stays a motion, because the box says so. */
  tellOverdue(nowMs: number, steps: number): void {
    this.#deadlineMs = nowMs + MARGIN_MS
    const lateS = ((nowMs - this.#expectedEndMs) / 1000).toFixed(1)
    this.tell({ steps, reason: `fault: still moving ${lateS} s after its expected end` })
  }

  /** Tells those who wait. */
  tell(outcome: Outcome): void {
    for (const waiter of [...this.waiters]) waiter(outcome)
  }

  /** Why it ended, from what was asked for, what the box says and where the axis is. */
  reason(status: AxisStatus, steps: number): string {
    const { request, target } = this
    if (status.state === 'FAULT') return `fault: ${status.text ?? 'the box reports a fault'}`
    const there = target !== undefined && Math.abs(steps - target) <= TOLERANCE_STEPS
    switch (status.stop) {
      case 'fault':
        return `fault: ${status.text ?? 'the box ended the motion'}`
      case 'limit':
        return 'limit'
      case 'stopped':
      case 'aborted':
        // left over from the motion before, when this one had no way to go
        return there && request === undefined ? 'normal' : (request ?? status.stop)
      default:
        if (there || target === undefined) return 'normal'
        if (request !== undefined) return request
        return status.upper || status.lower ? 'limit' : 'normal'
    }
  }
}
