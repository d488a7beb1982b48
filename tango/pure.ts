// The door for code that must also run in browsers: types, specs, errors.

export { decompressBz2 } from './encoded/bz2.ts'
export { decodeEncoded } from './encoded/decode.ts'
export type { JsonFormat } from './encoded/json.ts'
export { decodeJson, encodeJson, jsonText, parseJson } from './encoded/json.ts'
export { decodePickle } from './encoded/pickle-reader.ts'
export { encodePickle, PickleFloat, PickleTuple } from './encoded/pickle-writer.ts'
export type { DevError, DevFailedOptions, NamedDevError, Severity } from './errors/dev-failed.ts'
export { DevFailed, devFailed, MultiDevFailed, SEVERITIES, toDevFailed } from './errors/dev-failed.ts'
export type { Reason } from './errors/reasons.ts'
export { REASONS } from './errors/reasons.ts'
export type { DevState } from './types/dev-state.ts'
export { DEV_STATES } from './types/dev-state.ts'
export type {
  AttributeType,
  CommandType,
  CommandValues,
  DoubleStringArray,
  Image,
  LongStringArray,
  ScalarValues,
  SpectrumValues,
  TangoType,
} from './types/dev-types.ts'
export { TYPE_CODES } from './types/dev-types.ts'
export type {
  AttributeInput,
  AttributeSpec,
  AttributeValue,
  CallContext,
  CommandArgument,
  CommandResult,
  CommandSpec,
  DeviceSpec,
  EventThresholds,
  ForwardedSpec,
  InterfaceDeclaration,
  PipeSpec,
  PropertiesOf,
  PropertySpec,
  PropertyType,
  ReadAnswer,
  Serves,
} from './types/device-spec.ts'
export { defineInterface, tangoName } from './types/device-spec.ts'
export type { DevEncoded } from './types/encoded.ts'
export type { PipeBlob, PipeElement, PipeInput, PipeReading } from './types/pipe.ts'
export type { AttributeReading, Quality, Reading } from './types/reading.ts'
export { QUALITIES } from './types/reading.ts'
