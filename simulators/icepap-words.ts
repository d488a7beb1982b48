// Words and numbers of IcePAP commands, checked. Pure.
import { type IcepapAxis, REGISTERS, type Register } from './icepap-axis.ts'
import { ICEPAP_ERRORS, IcepapError } from './icepap-protocol.ts'

/** Hexadecimal with the 0x that clients expect. */
export function hex(value: number, digits: number): string {
  return `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`
}

/** A whole number. @throws IcepapError when the text is none */
export function integer(text: string | undefined): number {
  const value = number(text)
  if (!Number.isInteger(value)) throw new IcepapError(ICEPAP_ERRORS.parameters)
  return value
}

/** A finite number. @throws IcepapError when the text is none */
export function number(text: string | undefined): number {
  if (text === undefined) throw new IcepapError(ICEPAP_ERRORS.parameterCount)
  const value = Number(text)
  if (!Number.isFinite(value)) throw new IcepapError(ICEPAP_ERRORS.parameters)
  return value
}

/** One of a list of words, in capitals. @throws IcepapError when it is none of them */
export function word<W extends string>(text: string | undefined, words: readonly W[]): W {
  if (text === undefined) throw new IcepapError(ICEPAP_ERRORS.parameterCount)
  const found = words.find((candidate) => candidate === text.toUpperCase())
  if (found === undefined) throw new IcepapError(ICEPAP_ERRORS.parameters)
  return found
}

/** A number within bounds, borders included. @throws IcepapError when it is outside */
export function inRange(value: number, low: number, high: number): number {
  if (value < low || value > high) throw new IcepapError(ICEPAP_ERRORS.range)
  return value
}

/** The sign of a number that is not zero. @throws IcepapError when there is none */
export function sign(text: string | undefined): 1 | -1 {
  const value = number(text)
  if (value === 0) throw new IcepapError(ICEPAP_ERRORS.parameters)
  return value > 0 ? 1 : -1
}

/** A position register; AXIS when none is named. */
export function register(name: string | undefined): Register {
  return name === undefined ? 'AXIS' : word(name, REGISTERS)
}

/** Name of a configuration parameter, in capitals. @throws IcepapError when the axis has none of that name */
export function configName(axis: IcepapAxis, name: string): string {
  if (!axis.config.has(name.toUpperCase())) throw new IcepapError(ICEPAP_ERRORS.parameters)
  return name.toUpperCase()
}

/** A number as the box prints it: twelve digits, without rounding noise. */
export function decimal(value: number): string {
  return String(Number(value.toPrecision(12)))
}
