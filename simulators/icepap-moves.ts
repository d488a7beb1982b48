// Starting IcePAP axes, one or many: GROUP and STRICT, absolute, relative, along trajectories.
import type { IcepapBoard } from './icepap-board.ts'
import { ICEPAP_ERRORS, IcepapError } from './icepap-protocol.ts'
import { pathPosition, planPath } from './icepap-tables.ts'
import { type Motion, planMove } from './motion-profile.ts'

/** How several axes of one command belong together. */
export interface MoveOptions {
  /** All stop when one stops abnormally. */
  readonly group: boolean
  /** None starts when one cannot. */
  readonly strict: boolean
}

/** One axis of a move: how it will run, or why it cannot. */
interface Start {
  readonly board: IcepapBoard
  readonly motion: Motion | IcepapError
}

/** One axis of a move and where it shall go, as position of the AXIS register. */
export interface Target {
  readonly board: IcepapBoard
  readonly axisSteps: number
}

const ALONE: MoveOptions = { group: false, strict: true }

/** MOVE and RMOVE: starts axes at rest. `mode` is CONFIG for CMOVE. */
export function move(targets: readonly Target[], tS: number, options = ALONE, mode: 'OPER' | 'CONFIG' = 'OPER'): void {
  const starts = targets.map(({ board, axisSteps }) => {
    const { axis } = board
    const physical = axis.toPhysical(axisSteps)
    const reason = axis.refusal(physical - axis.physicalAt(tS), tS, mode)
    return { board, motion: reason === undefined ? axis.planTo(physical, tS) : new IcepapError(reason) }
  })
  begin(starts, tS, options)
}

/** UMOVE: gives an axis another target while it moves (or starts it). */
export function updateMove({ board: { axis }, axisSteps }: Target, tS: number): void {
  const physical = axis.toPhysical(axisSteps)
  const direction = physical - axis.physicalAt(tS)
  const reason = axis.moving(tS) ? axis.limitRefusal(direction, tS) : axis.refusal(direction, tS)
  if (reason !== undefined) throw new IcepapError(reason)
  axis.run(axis.planTo(physical, tS))
}

/** JOG: runs at a signed speed; a jogging axis changes its speed, 0 ramps down. */
export function jog({ axis }: IcepapBoard, speed: number, tS: number, mode: 'OPER' | 'CONFIG' = 'OPER'): void {
  if (Math.abs(speed) > axis.options.maxVelocity) throw new IcepapError(ICEPAP_ERRORS.range)
  const reason = axis.moving(tS) ? axis.limitRefusal(speed, tS) : axis.refusal(speed, tS, mode)
  if (reason !== undefined) throw new IcepapError(reason)
  axis.run(axis.planRun(speed, tS))
}

/** MOVEP: brings axes onto their trajectories. */
export function moveToParameter(boards: readonly IcepapBoard[], parameter: number, tS: number, options = ALONE): void {
  const targets = boards.map((board) => {
    const axisSteps = board.path === undefined ? undefined : pathPosition(board.path, parameter)
    if (axisSteps === undefined) throw new IcepapError(`Axis ${board.axis.address}: no trajectory at ${parameter}`)
    return { board, axisSteps: Math.round(axisSteps) }
  })
  move(targets, tS, options)
  for (const board of boards) board.standAt(parameter, tS)
}

/** PMOVE: runs axes along their trajectories, from where they stand on them. */
export function moveAlongPath(boards: readonly IcepapBoard[], parameter: number, tS: number, options = ALONE): void {
  const starts = boards.map((board) => ({ board, motion: pathMotion(board, parameter, tS) }))
  begin(starts, tS, options)
  for (const { board, motion } of starts) {
    if (motion instanceof IcepapError) continue
    const from = board.parameter?.positionAt(tS) ?? parameter
    board.parameter = planMove({ startS: tS, position: from }, parameter, {
      cruise: board.parameterSpeed,
      acceleration: board.parameterSpeed / board.parameterRampS,
    })
  }
}

/** Parameter at which an axis stands on its trajectory; undefined when it is off it. */
export function parameterAt({ axis, path, parameter }: IcepapBoard, tS: number): number | undefined {
  const value = parameter?.positionAt(tS)
  const axisSteps = path === undefined || value === undefined ? undefined : pathPosition(path, value)
  if (axisSteps === undefined) return undefined
  return Math.abs(axis.toPhysical(axisSteps) - axis.physicalAt(tS)) <= 1 ? value : undefined
}

function pathMotion(board: IcepapBoard, to: number, tS: number): Motion | IcepapError {
  const { axis, path } = board
  const from = parameterAt(board, tS)
  if (path === undefined || from === undefined) return new IcepapError('Axis is not on its trajectory')
  if (board.parameterSpeed <= 0) return new IcepapError('PARVEL is 0')
  const physical = path.points.map((point) => ({ ...point, position: axis.toPhysical(point.position) }))
  const run = { startS: tS, from, to, speed: board.parameterSpeed, rampS: board.parameterRampS }
  const motion = planPath({ ...path, points: physical }, run)
  if (motion === undefined) return new IcepapError(ICEPAP_ERRORS.range)
  const reason = axis.refusal(motion.positionAt(motion.endS) - axis.physicalAt(tS), tS)
  return reason === undefined ? motion : new IcepapError(reason)
}

/** Starts all axes that can start, all at the same time. */
function begin(starts: readonly Start[], tS: number, { group, strict }: MoveOptions): void {
  const able: { board: IcepapBoard; motion: Motion }[] = []
  let refusal: IcepapError | undefined
  for (const { board, motion } of starts) {
    if (motion instanceof IcepapError) refusal ??= axisError(board, motion, starts.length)
    else able.push({ board, motion })
  }
  // Without STRICT an unable axis is skipped; but if nothing moves at all, the client must hear it.
  if (refusal !== undefined && (strict || able.length === 0)) throw refusal
  const together = group ? able.map(({ board }) => board.axis) : []
  const hits = able.map(({ board, motion }) => board.axis.run(motion, together))
  if (!group) return
  const firstHitS = Math.min(...hits.map((hitS) => hitS ?? Infinity))
  able.forEach(({ board, motion }, i) => {
    if (motion.endS > firstHitS && (hits[i] ?? Infinity) > firstHitS && firstHitS >= tS) board.axis.stopAlone(firstHitS)
  })
}

function axisError({ axis }: IcepapBoard, error: IcepapError, axes: number): IcepapError {
  return axes > 1 ? new IcepapError(`Axis ${axis.address}: ${error.message}`) : error
}
