// Text of the IcePAP motor controller: questions out of values, values out of answers; no I/O.
// Status word and stop codes: IcePAP user manual, `?STATUS`.

import type { AxisMove, AxisStatus } from 'bandoneon/device-servers'
import { devFailed } from 'bandoneon/tango/pure'

/** Ends a command; answers end with CR LF. */
export const COMMAND_END = '\r'

/** Whether the text is a whole answer: one line, or `KEY $`, lines, `$`. */
export function isComplete(received: string): boolean {
  if (!received.endsWith('\n')) return false
  const first = received.slice(0, received.indexOf('\n')).trimEnd()
  if (!first.endsWith('$')) return true
  return /\n\s*\$\r?\n$/.test(received)
}

/** Asks for the status words of several axes. */
export const statusQuestion = (axes: readonly number[]): string => `?FSTATUS ${axes.join(' ')}`

/** Asks for the positions of several axes, steps. */
export const positionQuestion = (axes: readonly number[]): string => `?FPOS AXIS ${axes.join(' ')}`

/** Starts one axis, or several together; a group is refused as a whole. */
export function moveCommand(moves: readonly AxisMove[]): string {
  const [only] = moves
  if (moves.length === 1 && only !== undefined) return `#${only.axis}:MOVE ${only.target}`
  return `#MOVE GROUP STRICT ${moves.map(({ axis, target }) => `${axis} ${target}`).join(' ')}`
}

/** Ends motions with a ramp. */
export const stopCommand = (axes: readonly number[]): string => `#STOP ${axes.join(' ')}`

/** Ends motions at once. */
export const abortCommand = (axes: readonly number[]): string => `#ABORT ${axes.join(' ')}`

/** Declares the present position, steps. */
export const definePositionCommand = (axis: number, steps: number): string => `#POS AXIS ${axis} ${steps}`

/** Asks for a parameter of one axis. */
export const parameterQuestion = (name: 'VELOCITY' | 'ACCTIME' | 'POWER', axis: number): string => `?${name} ${axis}`

/** Sets a number of one axis. */
export const parameterCommand = (name: 'VELOCITY' | 'ACCTIME', axis: number, value: number): string =>
  `#${name} ${axis} ${value}`

/** Switches the motor power of one axis. */
export const powerCommand = (axis: number, on: boolean): string => `#POWER ${on ? 'ON' : 'OFF'} ${axis}`

/**
 * Values of an answer to a query, without the echoed key.
 * @throws DevFailed `Controller_DriverFailed` with the text of the box, `Line_BadAnswer` for anything that is no answer to this question
 */
export function parseValues(question: string, answer: string): string[] {
  checkEcho(question, answer)
  const words = answer.trim().split(/\s+/).slice(1)
  if (words[0] === 'ERROR') throw refused(question, words.slice(1).join(' '))
  return words
}

/**
 * Accepts the acknowledgement of a `#` command.
 * @throws DevFailed as {@link parseValues}
 */
export function checkAcknowledged(command: string, answer: string): void {
  const words = parseValues(command, answer)
  if (words[0] !== 'OK') throw notUnderstood(command, answer)
}

/** One whole number per axis. */
export function parseIntegers(question: string, answer: string, count: number): number[] {
  const words = parseValues(question, answer)
  const values = words.map(Number)
  if (values.length !== count || !values.every(Number.isSafeInteger)) throw notUnderstood(question, answer)
  return values
}

/** One number. */
export function parseNumber(question: string, answer: string): number {
  const [word, ...rest] = parseValues(question, answer)
  const value = Number(word)
  if (word === undefined || rest.length > 0 || !Number.isFinite(value)) throw notUnderstood(question, answer)
  return value
}

/** `ON` or `OFF`. */
export function parseSwitch(question: string, answer: string): boolean {
  const words = parseValues(question, answer)
  if (words.length !== 1 || (words[0] !== 'ON' && words[0] !== 'OFF')) throw notUnderstood(question, answer)
  return words[0] === 'ON'
}

/** One status per axis. */
export function parseStatuses(question: string, answer: string, count: number): AxisStatus[] {
  const words = parseValues(question, answer)
  if (words.length !== count || !words.every((word) => /^0x[0-9a-f]{1,8}$/i.test(word))) {
    throw notUnderstood(question, answer)
  }
  return words.map((word) => decodeStatus(Number(word)))
}

/** Axis numbers out of the mask of racks and, per rack, its mask of boards that answer. Axis = 10 rack + slot. */
export function axesOfRack(rack: number, alive: number): number[] {
  return [1, 2, 3, 4, 5, 6, 7, 8].filter((slot) => (alive >> (slot - 1)) & 1).map((slot) => 10 * rack + slot)
}

/** Rack numbers of the answer to `?SYSSTAT`. */
export function parseRacks(question: string, answer: string): number[] {
  const mask = parseHex(question, answer, 1)[0] ?? 0
  return Array.from({ length: 16 }, (_, rack) => rack).filter((rack) => (mask >> rack) & 1)
}

/** Hexadecimal words of an answer. */
export function parseHex(question: string, answer: string, count: number): number[] {
  const words = parseValues(question, answer)
  if (words.length !== count || !words.every((word) => /^0x[0-9a-f]+$/i.test(word))) {
    throw notUnderstood(question, answer)
  }
  return words.map(Number)
}

const STOPS: Readonly<Record<number, { readonly stop: NonNullable<AxisStatus['stop']>; readonly text: string }>> = {
  0: { stop: 'normal', text: 'end of motion' },
  1: { stop: 'stopped', text: 'stopped' },
  2: { stop: 'aborted', text: 'aborted' },
  3: { stop: 'limit', text: 'positive limit switch reached' },
  4: { stop: 'limit', text: 'negative limit switch reached' },
  5: { stop: 'fault', text: 'configured stop condition or settling time-out' },
  6: { stop: 'fault', text: 'axis disabled' },
  8: { stop: 'fault', text: 'internal failure' },
  9: { stop: 'fault', text: 'motor failure' },
  10: { stop: 'fault', text: 'power overload' },
  11: { stop: 'fault', text: 'driver overheating' },
  12: { stop: 'fault', text: 'closed-loop error' },
  13: { stop: 'fault', text: 'control encoder error' },
  15: { stop: 'fault', text: 'external alarm' },
}

const DISABLED = [
  'power not disabled',
  'axis not active',
  'hardware alarm',
  'disabled by rack input',
  'disabled by rack switch',
  'disabled by axis input',
  'disabled by axis switch',
  'disabled by software',
] as const

const bit = (word: number, index: number): boolean => ((word >>> index) & 1) === 1
const field = (word: number, first: number, length: number): number => (word >>> first) & ((1 << length) - 1)

/** One 32-bit status word. A limit switch or missing power is ALARM; the axis can be started out of a limit. */
export function decodeStatus(word: number): AxisStatus {
  const upper = bit(word, 18)
  const lower = bit(word, 19)
  const moving = bit(word, 10) || bit(word, 11)
  const powered = bit(word, 23)
  const alive = bit(word, 0) && bit(word, 1)
  const code = field(word, 14, 4)
  const end = STOPS[code] ?? { stop: 'fault' as const, text: `stop code ${code}` }
  const texts: string[] = []
  if (!alive) texts.push('board not present or not responding')
  if (!powered) texts.push(`motor power off (${DISABLED[field(word, 4, 3)]})`)
  if (upper) texts.push('upper limit switch active')
  if (lower) texts.push('lower limit switch active')
  if (!moving && end.stop === 'fault') texts.push(`last motion: ${end.text}`)
  if (bit(word, 13)) texts.push('warning, see ?WARNING')
  const state = !alive ? 'FAULT' : moving ? 'MOVING' : upper || lower || !powered ? 'ALARM' : 'ON'
  const status: AxisStatus = { state, home: bit(word, 20), upper, lower, stop: end.stop }
  return texts.length === 0 ? status : { ...status, text: texts.join(', ') }
}

/** The answer starts with the command as sent, in capitals, without `#`. */
function checkEcho(question: string, answer: string): void {
  const sent = question.replace(/^#/, '').trim().split(/\s+/)[0] ?? ''
  const echoed = answer.trim().split(/\s+/)[0] ?? ''
  if (sent.toUpperCase() !== echoed.toUpperCase()) throw notUnderstood(question, answer)
}

function refused(question: string, text: string): Error {
  return devFailed('Controller_DriverFailed', `IcePAP refused "${question}": ${text}`)
}

function notUnderstood(question: string, answer: string): Error {
  return devFailed('Line_BadAnswer', `IcePAP answered ${JSON.stringify(answer)} to "${question}"`)
}
