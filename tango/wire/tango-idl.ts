// Tango's IDL as codec values, second part: values, device information, pipes and event payloads. Enums and small
// types are in tango-basic.ts, attribute configuration in tango-config.ts, operations in operations.ts.
// Source of truth: tango.idl, module Tango.

import type { DevError } from '../errors/dev-failed.ts'
import type { Quality } from '../types/reading.ts'
import { any } from './any.ts'
import type { Codec, Infer } from './codec.ts'
import {
  boolean,
  booleans,
  doubles,
  floats,
  lazySequence,
  long,
  longlongs,
  longs,
  octets,
  sequence,
  shorts,
  string,
  strings,
  struct,
  ulong,
  ulonglongs,
  ulongs,
  union,
  ushorts,
} from './codec.ts'
import type { AttrDataFormat, AttributeDim, TimeVal } from './tango-basic.ts'
import {
  attrDataFormat,
  attributeDim,
  attrQuality,
  devEncodeds,
  devErrorList,
  devState,
  devStates,
  dispLevel,
  pipeWriteType,
  timeVal,
} from './tango-basic.ts'
import { attributeConfigs5 } from './tango-config.ts'

/** ATT_NO_DATA carries one octet without meaning. */
const noData: Codec<undefined> = {
  minSize: 1,
  encode: (w) => w.boolean(true),
  decode(r) {
    r.boolean()
    return undefined
  },
}

/** Union AttrValUnion: the values of an attribute, read part and set points in one sequence. */
export const attrValUnion = union({
  ATT_BOOL: booleans,
  ATT_SHORT: shorts,
  ATT_LONG: longs,
  ATT_LONG64: longlongs,
  ATT_FLOAT: floats,
  ATT_DOUBLE: doubles,
  ATT_UCHAR: octets,
  ATT_USHORT: ushorts,
  ATT_ULONG: ulongs,
  ATT_ULONG64: ulonglongs,
  ATT_STRING: strings,
  ATT_STATE: devStates,
  DEVICE_STATE: devState,
  ATT_ENCODED: devEncodeds,
  ATT_NO_DATA: noData,
})
/** `{ kind: 'ATT_DOUBLE', value: Float64Array }` and so on; `ATT_NO_DATA` has the value `undefined`. */
export type AttrValUnion = Infer<typeof attrValUnion>

/** Struct AttributeValue (interfaces 1 and 2; also written with interface 3). */
export const attributeValue = struct({
  value: any,
  quality: attrQuality,
  time: timeVal,
  name: string,
  dimX: long,
  dimY: long,
})
export type AttributeValue1 = Infer<typeof attributeValue>

/** Struct AttributeValue_3. */
export const attributeValue3 = struct({
  value: any,
  quality: attrQuality,
  time: timeVal,
  name: string,
  rDim: attributeDim,
  wDim: attributeDim,
  errList: devErrorList,
})
export type AttributeValue3 = Infer<typeof attributeValue3>

/** Struct AttributeValue_4: what every write sends. */
export interface AttributeValue4 {
  readonly value: AttrValUnion
  readonly quality: Quality
  readonly dataFormat: AttrDataFormat
  readonly time: TimeVal
  readonly name: string
  readonly rDim: AttributeDim
  readonly wDim: AttributeDim
  readonly errList: readonly DevError[]
}

/** Struct AttributeValue_5: what every read returns. `dataType` is a number of `TYPE_CODES`. */
export interface AttributeValue5 extends AttributeValue4 {
  readonly dataType: number
}

/** Codec of {@link AttributeValue4}; written out because it is on the path of every write. */
export const attributeValue4: Codec<AttributeValue4> = {
  minSize: 52,
  encode(w, v) {
    attrValUnion.encode(w, v.value)
    attrQuality.encode(w, v.quality)
    attrDataFormat.encode(w, v.dataFormat)
    timeVal.encode(w, v.time)
    w.string(v.name)
    attributeDim.encode(w, v.rDim)
    attributeDim.encode(w, v.wDim)
    devErrorList.encode(w, v.errList)
  },
  decode: (r) => ({
    value: attrValUnion.decode(r),
    quality: attrQuality.decode(r),
    dataFormat: attrDataFormat.decode(r),
    time: timeVal.decode(r),
    name: r.string(),
    rDim: attributeDim.decode(r),
    wDim: attributeDim.decode(r),
    errList: devErrorList.decode(r),
  }),
}

/** Codec of {@link AttributeValue5}; written out because it is on the path of every read and event. */
export const attributeValue5: Codec<AttributeValue5> = {
  minSize: 56,
  encode(w, v) {
    attrValUnion.encode(w, v.value)
    attrQuality.encode(w, v.quality)
    attrDataFormat.encode(w, v.dataFormat)
    w.long(v.dataType)
    timeVal.encode(w, v.time)
    w.string(v.name)
    w.long4(v.rDim.dimX, v.rDim.dimY, v.wDim.dimX, v.wDim.dimY)
    devErrorList.encode(w, v.errList)
  },
  decode: (r) => ({
    value: attrValUnion.decode(r),
    quality: attrQuality.decode(r),
    dataFormat: attrDataFormat.decode(r),
    dataType: r.long(),
    time: timeVal.decode(r),
    name: r.string(),
    rDim: attributeDim.decode(r),
    wDim: attributeDim.decode(r),
    errList: devErrorList.decode(r),
  }),
}

export const attributeValues = sequence(attributeValue)
export const attributeValues3 = sequence(attributeValue3)
export const attributeValues4 = sequence(attributeValue4)
export const attributeValues5 = sequence(attributeValue5)

/** Struct DevCmdInfo; `inType` and `outType` are numbers of `TYPE_CODES`. */
export const devCmdInfo = struct({
  cmdName: string,
  cmdTag: long,
  inType: long,
  outType: long,
  inTypeDesc: string,
  outTypeDesc: string,
})
export type DevCmdInfo = Infer<typeof devCmdInfo>

/** Struct DevCmdInfo_2. */
export const devCmdInfo2 = struct({
  cmdName: string,
  level: dispLevel,
  cmdTag: long,
  inType: long,
  outType: long,
  inTypeDesc: string,
  outTypeDesc: string,
})
export type DevCmdInfo2 = Infer<typeof devCmdInfo2>

const devInfoFields = { devClass: string, serverId: string, serverHost: string, serverVersion: long, docUrl: string }

/** Struct DevInfo. */
export const devInfo = struct(devInfoFields)
export type DevInfo = Infer<typeof devInfo>

/** Struct DevInfo_3. */
export const devInfo3 = struct({ ...devInfoFields, devType: string })
export type DevInfo3 = Infer<typeof devInfo3>

/** Struct PipeConfig. */
export const pipeConfig = struct({
  name: string,
  description: string,
  label: string,
  level: dispLevel,
  writable: pipeWriteType,
  extensions: strings,
})
export type PipeConfig = Infer<typeof pipeConfig>

/** Struct DevPipeDataElt: a value, or a blob of its own with `ATT_NO_DATA`. */
export interface DevPipeDataElt {
  readonly name: string
  readonly value: AttrValUnion
  readonly innerBlob: readonly DevPipeDataElt[]
  /** `Scalar` or `Array` with a value, else the name of the inner blob. */
  readonly innerBlobName: string
}

/** Blobs may nest without end in the IDL; deeper than this is an attack. */
const MAX_BLOB_DEPTH = 64

function pipeElement(depth: number): Codec<DevPipeDataElt> {
  return struct({
    name: string,
    value: attrValUnion,
    innerBlob: lazySequence(() => pipeElement(depth + 1), depth < MAX_BLOB_DEPTH),
    innerBlobName: string,
  })
}

/** Codec of {@link DevPipeDataElt}. */
export const devPipeDataElt: Codec<DevPipeDataElt> = pipeElement(0)

/** Struct DevPipeBlob. */
export const devPipeBlob = struct({ name: string, blobData: sequence(devPipeDataElt) })
export type DevPipeBlob = Infer<typeof devPipeBlob>

/** Struct DevPipeData. */
export const devPipeData = struct({ name: string, time: timeVal, dataBlob: devPipeBlob })
export type DevPipeData = Infer<typeof devPipeData>

/** Struct AttDataReady: payload of data-ready events. */
export const attDataReady = struct({ name: string, dataType: long, ctr: long })
export type AttDataReady = Infer<typeof attDataReady>

/** Struct DevIntrChange: payload of interface-change events. */
export const devIntrChange = struct({
  devStarted: boolean,
  cmds: sequence(devCmdInfo2),
  atts: attributeConfigs5,
})
export type DevIntrChange = Infer<typeof devIntrChange>

/** Struct ZmqCallInfo: header of every event. */
export const zmqCallInfo = struct({
  version: long,
  ctr: ulong,
  methodName: string,
  oid: octets,
  callIsExcept: boolean,
})
export type ZmqCallInfo = Infer<typeof zmqCallInfo>
