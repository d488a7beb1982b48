// One attribute of a device: calls its handlers, makes wire values, checks what clients write, tells the quality.

import { DevFailed, toDevFailed } from '../errors/dev-failed.ts'
import { TYPE_CODES } from '../types/dev-types.ts'
import type { AttributeSpec } from '../types/device-spec.ts'
import { QUALITIES, type Quality } from '../types/reading.ts'
import type { AttributeDim, TimeVal } from '../wire/tango-basic.ts'
import type { AttributeValue5, AttrValUnion } from '../wire/tango-idl.ts'
import { type AttributeConfiguration, isWritable, wireFormat } from './attribute-config.ts'
import {
  type AttributeFormat,
  elementCount,
  type FlatPart,
  type FlatValue,
  flatten,
  initialPart,
  joined,
  unflatten,
  VALUE_TYPES,
  type ValueType,
} from './attribute-value.ts'
import type { StateCheck } from './state-check.ts'

/** What an attribute needs from its device. */
export interface AttributeHost {
  readonly name: string
  /** Seconds since 1970. */
  now(): number
  monotonic(): number
  logDefect(what: string, error: unknown): void
  /** Set point of another attribute of the device. */
  setPointOf?(name: string): FlatPart | undefined
  /** NaN and infinity may be written. */
  readonly nanAllowed?: boolean
  /** Refuses requests in states of the device that do not allow them. */
  readonly checkState?: StateCheck
  /** Errors of the start of the device that concern an attribute. */
  startErrors?(lowerName: string): DevFailed['errors'] | undefined
}

/** The handlers of one attribute; `read` of a write-only attribute and `write` of a read-only one are absent. */
export interface BoundHandlers {
  readonly read?: (() => unknown) | undefined
  readonly write?: ((value: unknown) => unknown) | undefined
}

/** What a client wants to write. */
export interface WrittenValue {
  readonly value: AttrValUnion
  readonly dimX: number
  readonly dimY: number
}

/** Where native servers find fault with what a read handler gives. */
const SET_VALUE = 'Attribute::set_value()'
const NO_DIM = { dimX: 0, dimY: 0 } as const
const SCALAR_DIM = { dimX: 1, dimY: 0 } as const
const NO_DATA: AttrValUnion = { kind: 'ATT_NO_DATA', value: undefined }
const NO_ERRORS: AttributeValue5['errList'] = []
const NO_LINES: readonly string[] = []

/** An attribute as it is served. */
export class Attribute {
  readonly key: string
  readonly name: string
  readonly lowerName: string
  readonly spec: AttributeSpec
  readonly config: AttributeConfiguration
  /** The built-in State, which travels in an arm of its own. */
  readonly isDeviceState: boolean
  readonly #host: AttributeHost
  readonly #handlers: BoundHandlers
  readonly #format: AttributeFormat
  readonly #wireFormat: AttributeValue5['dataFormat']
  readonly #typeCode: number
  readonly #type: ValueType
  #written: FlatPart | undefined
  #writtenAt: number | undefined
  #quality: Quality = 'VALID'
  #alarms: readonly string[] = NO_LINES
  /** The device, not the limits, says that the value is bad. */
  #qualityFromCode = false
  /** The write handler has set the set point itself. */
  #setByHandler = false

  constructor(
    host: AttributeHost,
    key: string,
    spec: AttributeSpec,
    config: AttributeConfiguration,
    handlers: BoundHandlers,
    isDeviceState = false,
  ) {
    this.key = key
    this.name = config.name
    this.lowerName = config.lowerName
    this.spec = spec
    this.config = config
    this.isDeviceState = isDeviceState
    this.#host = host
    this.#handlers = handlers
    this.#format = spec.format ?? 'scalar'
    this.#wireFormat = wireFormat(spec)
    this.#typeCode = TYPE_CODES[spec.type]
    this.#type = VALUE_TYPES[spec.type]
    this.#written = isWritable(config.writable) ? initialPart(spec.type) : undefined
    if (spec.memorized !== undefined && spec.memorized !== false && this.#format === 'scalar') {
      // nobody has written yet: there is nothing to exclude
      config.setPoint = () => (this.#writtenAt === undefined ? undefined : numberOf(this.#written?.flat[0]))
    }
  }

  get writable(): boolean {
    return isWritable(this.config.writable)
  }

  /** The set point; for writable attributes and those that show the one of another attribute. */
  get written(): FlatPart | undefined {
    const { readWithWrite } = this.spec
    return readWithWrite === undefined ? this.#written : this.#host.setPointOf?.(readWithWrite)
  }

  /** Quality of the last reading. */
  get quality(): Quality {
    return this.#quality
  }

  /** How the last reading was outside its limits, as lines of Status. */
  get alarmLines(): readonly string[] {
    return this.#alarms
  }

  /** The line of Status for a bad quality that the device itself gave to the last reading. */
  get qualityLine(): string | undefined {
    if (!this.#qualityFromCode || (this.#quality !== 'ALARM' && this.#quality !== 'WARNING')) return undefined
    const kind = this.#quality === 'ALARM' ? 'Alarm' : 'Warning'
    return `${kind} : Quality factor set to ${this.#quality} for attribute ${this.config.text('label')}`
  }

  /**
   * Reads the value; a promise only if the handler returned one. Failures are in the result, nothing is thrown.
   * @param time of a value that comes at once and says nothing else; the present when absent
   */
  read(time?: TimeVal): AttributeValue5 | Promise<AttributeValue5> {
    const { read } = this.#handlers
    const errors = this.#host.startErrors?.(this.lowerName)
    if (errors !== undefined) return failedValue(this.name, errors, this.#host.now())
    let answer: unknown
    try {
      if (this.spec.states !== undefined) this.#checkState('read', 'Device_3Impl::read_attributes_no_except')
      if (read === undefined) return this.#writeOnlyValue()
      answer = read()
    } catch (error) {
      return this.failed(error)
    }
    return answer instanceof Promise ? this.#settled(answer) : this.value(answer, undefined, time)
  }

  /** The wire value of what a handler returned, or of what a device pushes. */
  value(answer: unknown, setPoint?: unknown, time?: TimeVal): AttributeValue5 {
    try {
      const written = setPoint === undefined ? this.written : this.part(setPoint)
      return this.#value(answer, written, time)
    } catch (error) {
      if (!(error instanceof TypeError)) return this.failed(error)
      const desc = `Invalid data type for attribute ${this.name}: ${error.message}`
      return this.failed(refusal('API_AttrOptProp', desc, SET_VALUE))
    }
  }

  /** The wire value of a failure. */
  failed(error: unknown): AttributeValue5 {
    this.#quality = 'INVALID'
    this.#alarms = NO_LINES
    if (!(error instanceof DevFailed)) this.#host.logDefect(`reading ${this.name}`, error)
    return failedValue(this.name, toDevFailed(error).errors, this.#host.now())
  }

  /**
   * Checks a value that a client wants to write.
   * @throws DevFailed with the reasons and texts of native servers
   */
  check(request: WrittenValue): FlatPart {
    const { spec, name } = this
    if (!this.writable || this.#handlers.write === undefined) {
      throw refusal('API_AttrNotWritable', `Attribute ${name} is not writable`, 'DeviceImpl::write_attributes')
    }
    if (spec.states !== undefined) this.#checkState('write', 'DeviceImpl::write_attributes')
    const type = this.#type
    if (request.value.kind !== type.kind) {
      const single = `${type.arrayName} (even for single value)`
      throw refusal('API_IncompatibleAttrDataType', `Incompatible attribute type, expected type is : Tango::${single}`)
    }
    // the kind was just compared, so the value is flat
    const part: FlatPart = { flat: request.value.value as FlatValue, dimX: request.dimX, dimY: request.dimY }
    const { maxDimX, maxDimY } = this.config
    const origin = 'DeviceImpl::write_attributes'
    if (this.#format !== 'scalar' && part.dimX > maxDimX) {
      const desc = `X dimesion is greater than the max defined for attribute ${name}`
      throw refusal('API_WAttrOutsideLimit', desc, origin)
    }
    if (this.#format === 'image' && part.dimY > maxDimY) {
      const desc = `Y dimesion is greater than the max defined for attribute ${name}`
      throw refusal('API_WAttrOutsideLimit', desc, origin)
    }
    const count = part.flat.length
    // of several values for a scalar the first one counts
    const fits = this.#format === 'scalar' ? count >= 1 : count === elementCount(part.dimX, part.dimY)
    if (!fits) throw refusal('API_AttrIncorrectDataNumber', 'Incorrect data number')
    const flat = this.#format === 'scalar' && count > 1 ? part.flat.slice(0, 1) : part.flat
    this.#checkRange(flat)
    return this.#format === 'scalar' ? { flat, dimX: 1, dimY: 0 } : part
  }

  /**
   * Calls the write handler and keeps the set point.
   * @param part from {@link check}
   */
  write(part: FlatPart): void | Promise<void> {
    const answer = this.call(part)
    if (answer instanceof Promise) return this.#afterWrite(answer, part)
    this.accept(part)
  }

  /** Calls the write handler only; {@link accept} has to follow when all went well. */
  call(part: FlatPart): unknown {
    this.#setByHandler = false
    return this.#handlers.write?.(unflatten(this.#format, part))
  }

  /** Makes a written value the set point, unless the handler has set another one. */
  accept(part: FlatPart): void {
    if (!this.#setByHandler) this.#written = part
    this.#writtenAt = this.#host.monotonic()
  }

  /** Sets the set point without calling the handler. @throws TypeError when the value does not fit */
  setWritten(value: unknown): void {
    if (!this.writable) return
    this.#written = flatten(this.spec.type, this.#format, value)
    this.#setByHandler = true
  }

  /** A value in the form of {@link check}'s result. @throws TypeError when it does not fit */
  part(value: unknown): FlatPart {
    return flatten(this.spec.type, this.#format, value)
  }

  async #settled(answer: Promise<unknown>): Promise<AttributeValue5> {
    try {
      return this.value(await answer)
    } catch (error) {
      return this.failed(error)
    }
  }

  async #afterWrite(answer: Promise<unknown>, part: FlatPart): Promise<void> {
    await answer
    this.accept(part)
  }

  #checkState(what: 'read' | 'write', origin: string): void {
    this.#host.checkState?.(this.spec.states, 'API_AttrNotAllowed', origin, (state) => {
      const desc = `It is currently not allowed to ${what} attribute ${this.name}`
      return what === 'read' ? desc : `${desc}. The device state is ${state}`
    })
  }

  #value(answer: unknown, written: FlatPart | undefined, present: TimeVal | undefined): AttributeValue5 {
    const reading = isReading(answer) ? answer : undefined
    const value = reading === undefined ? answer : reading.value
    const quality = reading?.quality ?? 'VALID'
    const said = reading?.time
    const time = said === undefined && present !== undefined ? present : timeVal(said ?? this.#host.now())
    const { name, config } = this
    this.#alarms = NO_LINES
    if (quality === 'INVALID') {
      this.#quality = 'INVALID'
      return this.#wire(NO_DATA, quality, time, NO_DIM, NO_DIM)
    }
    if (value === undefined) {
      const desc = `Read value for attribute ${name} has not been updated`
      throw refusal('API_AttrValueNotSet', desc, 'Device_3Impl::read_attributes_no_except')
    }
    if (this.isDeviceState) {
      const state = flatten('DevState', 'scalar', value).flat[0]
      // `flatten` has checked that it is a state
      const union = { kind: 'DEVICE_STATE', value: state } as AttrValUnion
      return this.#wire(union, quality, time, SCALAR_DIM, NO_DIM)
    }
    if (this.#format === 'scalar' && !config.hasAlarm && this.spec.type !== 'DevEnum') {
      const { kind, pair } = this.#type
      this.#qualityFromCode = quality !== 'VALID'
      this.#quality = quality
      // kind and value come from the same row of the table
      const union = { kind, value: pair(value, written?.flat) } as AttrValUnion
      return this.#wire(union, quality, time, SCALAR_DIM, written === undefined ? NO_DIM : SCALAR_DIM)
    }
    const part = flatten(this.spec.type, this.#format, value)
    const { maxDimX, maxDimY } = config
    if (this.#format !== 'scalar' && (part.dimX > maxDimX || part.dimY > maxDimY)) {
      throw refusal('API_AttrOptProp', `Data size for attribute ${name} exceeds given limit`, SET_VALUE)
    }
    if (this.spec.type === 'DevEnum') this.#checkLabels(part.flat)
    this.#qualityFromCode = quality !== 'VALID'
    this.#quality = config.hasAlarm ? (this.#alarmQuality(part) ?? quality) : quality
    const rDim = part.flat.length === 0 ? NO_DIM : { dimX: part.dimX, dimY: part.dimY }
    const wDim = written === undefined ? NO_DIM : { dimX: written.dimX, dimY: written.dimY }
    return this.#wire(joined(this.spec.type, part.flat, written?.flat), this.#quality, time, rDim, wDim)
  }

  #wire(value: AttrValUnion, quality: Quality, time: TimeVal, rDim: AttributeDim, wDim: AttributeDim): AttributeValue5 {
    const dataFormat = this.#wireFormat
    const dataType = this.#typeCode
    return { value, quality, dataFormat, dataType, time, name: this.name, rDim, wDim, errList: NO_ERRORS }
  }

  /** Native servers send the set point once, with the dimensions of both parts. */
  #writeOnlyValue(): AttributeValue5 {
    const written = this.#written ?? initialPart(this.spec.type)
    const dim = { dimX: written.dimX, dimY: written.dimY }
    const value = joined(this.spec.type, written.flat, undefined)
    return this.#wire(value, 'VALID', timeVal(this.#host.now()), dim, dim)
  }

  /** What the limits say, if they say anything. */
  #alarmQuality(part: FlatPart): Quality | undefined {
    const { config } = this
    const label = config.text('label')
    const lines = outside(part.flat, config.number('min_alarm'), config.number('max_alarm')).map(
      (side) => `Alarm : Value too ${side} for ${label}`,
    )
    let quality: Quality | undefined = lines.length > 0 ? 'ALARM' : undefined
    if (quality === undefined) {
      const warnings = outside(part.flat, config.number('min_warning'), config.number('max_warning'))
      for (const side of warnings) lines.push(`Warning : Value too ${side} for ${label}`)
      if (warnings.length > 0) quality = 'WARNING'
    }
    if (this.#differsFromSetPoint(part)) {
      lines.push(`Alarm : Read too Different than Set (RDS) for ${label}`)
      quality = 'ALARM'
    }
    if (quality !== undefined) this.#qualityFromCode = false
    this.#alarms = lines
    return quality
  }

  #checkLabels(flat: FlatValue): void {
    const last = this.config.enumLabels.length - 1
    const wrong = (flat as Int16Array).findIndex((index) => index < 0 || index > last)
    if (wrong < 0) return
    const desc =
      last < 0
        ? `Attribute ${this.name} data type is enum but no enum labels are defined!`
        : `Wrong value for attribute ${this.name}. Element ${wrong} (value = ${String(flat[wrong])}) is negative or above the limit defined by the enum (${last}).`
    throw refusal('API_AttrOptProp', desc, SET_VALUE)
  }

  #differsFromSetPoint(part: FlatPart): boolean {
    const value = this.config.number('delta_val')
    const delay = this.config.number('delta_t')
    const written = this.#written
    if (value === undefined || delay === undefined || written === undefined || this.#writtenAt === undefined) {
      return false
    }
    if (this.#host.monotonic() - this.#writtenAt < delay) return false
    const count = Math.min(part.flat.length, written.flat.length)
    for (let i = 0; i < count; i += 1) {
      if (Math.abs(Number(part.flat[i]) - Number(written.flat[i])) >= value) return true
    }
    return false
  }

  #checkRange(flat: FlatValue): void {
    const { type } = this.spec
    const { name } = this
    const outside = (what: string): DevFailed =>
      refusal('API_WAttrOutsideLimit', `Set value for attribute ${name} ${what}`)
    if (type === 'DevEnum') {
      const last = this.config.enumLabels.length - 1
      const wrong = (flat as Int16Array).findIndex((index) => index < 0 || index > last)
      if (wrong < 0) return
      throw outside(`is negative or above the maximun authorized (${last}) for at least element ${wrong}`)
    }
    const min = this.config.number('min_value')
    const max = this.config.number('max_value')
    const real = type === 'DevDouble' || type === 'DevFloat'
    if (!real && min === undefined && max === undefined) return
    for (let i = 0; i < flat.length; i += 1) {
      const value = Number(flat[i])
      if (real && !Number.isFinite(value) && this.#host.nanAllowed !== true)
        throw outside(`is a NaN or INF value (at least element ${i})`)
      if (min !== undefined && value < min) throw outside(`is below the minimum authorized (at least element ${i})`)
      if (max !== undefined && value > max) throw outside(`is above the maximum authorized (at least element ${i})`)
    }
  }
}

/** The wire value of an attribute that could not be read. */
export function failedValue(name: string, errors: DevFailed['errors'], time: number): AttributeValue5 {
  return {
    value: NO_DATA,
    quality: 'INVALID',
    dataFormat: 'FMT_UNKNOWN',
    dataType: 0,
    time: timeVal(time),
    name,
    rDim: NO_DIM,
    wDim: NO_DIM,
    errList: errors,
  }
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined
}

/** Seconds since 1970 as on the wire. */
export function timeVal(seconds: number): TimeVal {
  const sec = Math.floor(seconds)
  return { sec, usec: Math.floor((seconds - sec) * 1e6), nsec: 0 }
}

function outside(flat: FlatValue, min: number | undefined, max: number | undefined): ('low' | 'high')[] {
  const sides: ('low' | 'high')[] = []
  const values = flat.length
  if (min !== undefined) {
    for (let i = 0; i < values; i += 1) {
      if (Number(flat[i]) > min || Number.isNaN(Number(flat[i]))) continue
      sides.push('low')
      break
    }
  }
  if (max !== undefined) {
    for (let i = 0; i < values; i += 1) {
      if (Number(flat[i]) < max || Number.isNaN(Number(flat[i]))) continue
      sides.push('high')
      break
    }
  }
  return sides
}

function refusal(reason: string, desc: string, origin = 'WAttribute::check_written_value()'): DevFailed {
  return new DevFailed([{ reason, severity: 'ERR', desc, origin }])
}

function isReading(answer: unknown): answer is { value: unknown; quality?: Quality; time?: number } {
  if (typeof answer !== 'object' || answer === null || ArrayBuffer.isView(answer) || Array.isArray(answer)) return false
  if (!('value' in answer)) return 'quality' in answer && answer.quality === 'INVALID'
  return (
    !('quality' in answer) || answer.quality === undefined || QUALITIES.some((quality) => quality === answer.quality)
  )
}
