// One attribute of a device: calls its handlers, makes wire values, checks what clients write, tells the quality.

import { DevFailed, devFailed, toDevFailed } from '../errors/dev-failed.ts'
import { TYPE_CODES } from '../types/dev-types.ts'
import type { AttributeSpec } from '../types/device-spec.ts'
import { QUALITIES, type Quality } from '../types/reading.ts'
import type { TimeVal } from '../wire/tango-basic.ts'
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
} from './attribute-value.ts'

/** What an attribute needs from its device. */
export interface AttributeHost {
  readonly name: string
  /** Seconds since 1970. */
  now(): number
  monotonic(): number
  logDefect(what: string, error: unknown): void
  /** Set point of another attribute of the device. */
  setPointOf?(name: string): FlatPart | undefined
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

const NO_DIM = { dimX: 0, dimY: 0 } as const
const NO_DATA: AttrValUnion = { kind: 'ATT_NO_DATA', value: undefined }
const NO_ERRORS: AttributeValue5['errList'] = []

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
  #written: FlatPart | undefined
  #writtenAt = 0
  #quality: Quality = 'VALID'
  #alarm: string | undefined

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
    this.lowerName = config.name.toLowerCase()
    this.spec = spec
    this.config = config
    this.isDeviceState = isDeviceState
    this.#host = host
    this.#handlers = handlers
    this.#format = spec.format ?? 'scalar'
    this.#wireFormat = wireFormat(spec)
    this.#typeCode = TYPE_CODES[spec.type]
    this.#written = isWritable(config.writable) ? initialPart(spec.type) : undefined
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

  /** What is wrong with the last reading, as a line of Status; `undefined` when it is within its limits. */
  get alarmLine(): string | undefined {
    return this.#alarm
  }

  /** Reads the value; a promise only if the handler returned one. Failures are in the result, nothing is thrown. */
  read(): AttributeValue5 | Promise<AttributeValue5> {
    const { read } = this.#handlers
    if (read === undefined) return this.#writeOnlyValue()
    let answer: unknown
    try {
      answer = read()
    } catch (error) {
      return this.failed(error)
    }
    return answer instanceof Promise ? this.#settled(answer) : this.value(answer)
  }

  /** The wire value of what a handler returned, or of what a device pushes. */
  value(answer: unknown): AttributeValue5 {
    try {
      return this.#value(answer)
    } catch (error) {
      if (!(error instanceof TypeError)) return this.failed(error)
      const desc = `${this.#host.name}/${this.name}: ${error.message}`
      return this.failed(devFailed('API_AttrValueNotSet', desc, { origin: 'Attribute.value' }))
    }
  }

  /** The wire value of a failure. */
  failed(error: unknown): AttributeValue5 {
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
    const type = VALUE_TYPES[spec.type]
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
    const answer = this.#handlers.write?.(unflatten(this.#format, part))
    if (answer instanceof Promise) return this.#afterWrite(answer, part)
    this.#accept(part)
  }

  /** Sets the set point without calling the handler. @throws TypeError when the value does not fit */
  setWritten(value: unknown): void {
    if (this.writable) this.#written = flatten(this.spec.type, this.#format, value)
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
    this.#accept(part)
  }

  #accept(part: FlatPart): void {
    this.#written = part
    this.#writtenAt = this.#host.monotonic()
  }

  #value(answer: unknown): AttributeValue5 {
    const reading = isReading(answer) ? answer : undefined
    const value = reading === undefined ? answer : reading.value
    const quality = reading?.quality ?? 'VALID'
    const time = timeVal(reading?.time ?? this.#host.now())
    const { name } = this
    const format = { dataFormat: this.#wireFormat, dataType: this.#typeCode, time, name, errList: NO_ERRORS }
    if (quality === 'INVALID') {
      this.#quality = 'INVALID'
      return { value: NO_DATA, quality, ...format, rDim: NO_DIM, wDim: NO_DIM }
    }
    if (value === undefined) {
      const desc = `Read value for attribute ${name} has not been updated`
      throw refusal('API_AttrValueNotSet', desc, 'Device_3Impl::read_attributes_no_except')
    }
    if (this.isDeviceState) {
      const state = flatten('DevState', 'scalar', value).flat[0]
      // `flatten` has checked that it is a state
      const union = { kind: 'DEVICE_STATE', value: state } as AttrValUnion
      return { value: union, quality, ...format, rDim: { dimX: 1, dimY: 0 }, wDim: NO_DIM }
    }
    const part = flatten(this.spec.type, this.#format, value)
    if (elementCount(part.dimX, part.dimY) > elementCount(this.config.maxDimX, this.config.maxDimY)) {
      const { maxDimX, maxDimY } = this.config
      throw new TypeError(
        `${part.dimX} x ${part.dimY} elements are more than the largest size, ${maxDimX} x ${maxDimY}`,
      )
    }
    this.#quality = quality === 'VALID' && this.config.hasAlarm ? this.#alarmQuality(part) : quality
    const { written } = this
    return {
      value: joined(this.spec.type, part.flat, written?.flat),
      quality: this.#quality,
      ...format,
      rDim: part.flat.length === 0 ? NO_DIM : { dimX: part.dimX, dimY: part.dimY },
      wDim: written === undefined ? NO_DIM : { dimX: written.dimX, dimY: written.dimY },
    }
  }

  /** Native servers send the set point once, with the dimensions of both parts. */
  #writeOnlyValue(): AttributeValue5 {
    const written = this.#written ?? initialPart(this.spec.type)
    const dim = { dimX: written.dimX, dimY: written.dimY }
    return {
      value: joined(this.spec.type, written.flat, undefined),
      quality: 'VALID',
      dataFormat: this.#wireFormat,
      dataType: this.#typeCode,
      time: timeVal(this.#host.now()),
      name: this.name,
      rDim: dim,
      wDim: dim,
      errList: NO_ERRORS,
    }
  }

  #alarmQuality(part: FlatPart): Quality {
    const { config } = this
    const label = config.text('label')
    this.#alarm = undefined
    if (this.#differsFromSetPoint(part)) {
      this.#alarm = `Alarm : Read too Different than Set (RDS) for ${label}`
      return 'ALARM'
    }
    const alarm = outside(part.flat, config.number('min_alarm'), config.number('max_alarm'))
    if (alarm !== undefined) {
      this.#alarm = `Alarm : Value too ${alarm} for ${label}`
      return 'ALARM'
    }
    const warning = outside(part.flat, config.number('min_warning'), config.number('max_warning'))
    if (warning !== undefined) this.#alarm = `Warning : Value too ${warning} for ${label}`
    return warning === undefined ? 'VALID' : 'WARNING'
  }

  #differsFromSetPoint(part: FlatPart): boolean {
    const value = this.config.number('delta_val')
    const delay = this.config.number('delta_t')
    const written = this.#written
    if (value === undefined || delay === undefined || written === undefined || this.#writtenAt === 0) return false
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
      if (real && !Number.isFinite(value)) throw outside(`is a NaN or INF value (at least element ${i})`)
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

/** Seconds since 1970 as on the wire. */
export function timeVal(seconds: number): TimeVal {
  const sec = Math.floor(seconds)
  return { sec, usec: Math.floor((seconds - sec) * 1e6), nsec: 0 }
}

function outside(flat: FlatValue, min: number | undefined, max: number | undefined): 'low' | 'high' | undefined {
  if (min === undefined && max === undefined) return undefined
  for (const element of flat) {
    const value = Number(element)
    if (min !== undefined && value <= min) return 'low'
    if (max !== undefined && value >= max) return 'high'
  }
  return undefined
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
