// Tango's IDL as codec values, first part: enums and the small types that everything else is made of.
// Source of truth: tango.idl, module Tango. Field names are the IDL's in lowerCamelCase; shared types keep the names
// of tango/types and tango/errors.

import type { DevError, NamedDevError } from '../errors/dev-failed.ts'
import { SEVERITIES } from '../errors/dev-failed.ts'
import type { DevState } from '../types/dev-state.ts'
import { DEV_STATES } from '../types/dev-state.ts'
import type { DoubleStringArray, LongStringArray } from '../types/dev-types.ts'
import type { DevEncoded } from '../types/encoded.ts'
import { QUALITIES } from '../types/reading.ts'
import { CdrError } from './cdr.ts'
import type { Codec, Infer } from './codec.ts'
import { doubles, enumeration, long, longs, octets, sequence, string, strings, struct } from './codec.ts'

/** Enum DevState. */
export const devState: Codec<DevState> = enumeration(DEV_STATES)
/** DevVarStateArray. */
export const devStates = sequence(devState)

/** Enum AttrQuality without the prefix `ATTR_`. */
export const attrQuality = enumeration(QUALITIES)

/** Enum AttrWriteType. */
export const attrWriteType = enumeration(['READ', 'READ_WITH_WRITE', 'WRITE', 'READ_WRITE', 'WT_UNKNOWN'])
export type AttrWriteType = Infer<typeof attrWriteType>

/** Enum AttrDataFormat. */
export const attrDataFormat = enumeration(['SCALAR', 'SPECTRUM', 'IMAGE', 'FMT_UNKNOWN'])
export type AttrDataFormat = Infer<typeof attrDataFormat>

/** Enum DevSource: hardware, polling cache, or cache with the hardware as fall-back. */
export const devSource = enumeration(['DEV', 'CACHE', 'CACHE_DEV'])
export type DevSource = Infer<typeof devSource>

/** Enum DispLevel. */
export const dispLevel = enumeration(['OPERATOR', 'EXPERT', 'DL_UNKNOWN'])
export type DispLevel = Infer<typeof dispLevel>

/** Enum PipeWriteType. */
export const pipeWriteType = enumeration(['PIPE_READ', 'PIPE_READ_WRITE', 'PIPE_WT_UNKNOWN'])
export type PipeWriteType = Infer<typeof pipeWriteType>

/** Struct DevEncoded; encoded_format and encoded_data are `format` and `data`. */
export const devEncoded: Codec<DevEncoded> = struct({ format: string, data: octets })
/** DevVarEncodedArray. */
export const devEncodeds = sequence(devEncoded)

/** Struct DevVarLongStringArray. */
export const longStringArray: Codec<LongStringArray> = struct({ lvalue: longs, svalue: strings })

/** Struct DevVarDoubleStringArray. */
export const doubleStringArray: Codec<DoubleStringArray> = struct({ dvalue: doubles, svalue: strings })

/** Struct DevError. */
export const devError: Codec<DevError> = struct({
  reason: string,
  severity: enumeration(SEVERITIES),
  desc: string,
  origin: string,
})
/** DevErrorList; also the members of exception DevFailed. */
export const devErrorList = sequence(devError)

/** Struct NamedDevError; index_in_call and err_list are `index` and `errors`. */
export const namedDevError: Codec<NamedDevError> = struct({ name: string, index: long, errors: devErrorList })
/** NamedDevErrorList; also the members of exception MultiDevFailed. */
export const namedDevErrorList = sequence(namedDevError)

/** Seconds since 1970 in three parts; the nanoseconds come on top of the microseconds. */
export interface TimeVal {
  readonly sec: number
  readonly usec: number
  readonly nsec: number
}

/** Struct TimeVal. */
export const timeVal: Codec<TimeVal> = {
  minSize: 12,
  encode(w, value) {
    w.long3(value.sec, value.usec, value.nsec)
  },
  decode: (r) => ({ sec: r.long(), usec: r.long(), nsec: r.long() }),
}

/** Dimensions of a value; `dimY` is 0 unless it is an image. */
export interface AttributeDim {
  readonly dimX: number
  readonly dimY: number
}

/** Struct AttributeDim. */
export const attributeDim: Codec<AttributeDim> = {
  minSize: 8,
  encode(w, value) {
    w.long(value.dimX)
    w.long(value.dimY)
  },
  decode: (r) => ({ dimX: r.long(), dimY: r.long() }),
}

/** Who calls: a process (C++, Python, this library) or a Java virtual machine. */
export type ClntIdent =
  | { readonly language: 'CPP'; readonly pid: number }
  | { readonly language: 'JAVA'; readonly mainClass: string; readonly uuid: readonly [bigint, bigint] }

const MAX_MAIN_CLASS = 1000

/** Union ClntIdent. */
export const clntIdent: Codec<ClntIdent> = {
  minSize: 8,
  encode(w, value) {
    if (value.language === 'CPP') {
      w.ulong(0)
      w.ulong(value.pid)
      return
    }
    w.ulong(1)
    w.string(value.mainClass)
    w.ulonglong(value.uuid[0])
    w.ulonglong(value.uuid[1])
  },
  decode(r) {
    const language = r.ulong()
    if (language === 0) return { language: 'CPP', pid: r.ulong() }
    if (language !== 1) throw new CdrError('bad', `client identification of unknown language ${language}`)
    const mainClass = r.string()
    // it is kept with the locks and the last requests of a device
    if (mainClass.length > MAX_MAIN_CLASS) throw new CdrError('bad', `main class of ${mainClass.length} characters`)
    return { language: 'JAVA', mainClass, uuid: [r.ulonglong(), r.ulonglong()] }
  },
}
