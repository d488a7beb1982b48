// Values of pipes: blobs of named elements, which may be blobs again (Tango IDL, DevPipeBlob).

import type { AttributeType } from './dev-types.ts'

/** One element of a blob. A value that is a list is an array of `type`. */
export interface PipeElement {
  readonly name: string
  /** `blob` for an inner blob, which is the value then. */
  readonly type: AttributeType | 'blob'
  readonly value: unknown
}

/** A blob as it was received; a server may also send one. */
export interface PipeBlob {
  readonly name: string
  readonly elements: readonly PipeElement[]
}

/** What a client reads from a pipe. */
export interface PipeReading {
  /** Name of the pipe. */
  readonly name: string
  /** Seconds since 1970. */
  readonly time: number
  readonly blob: PipeBlob
  /** The values of the blob by name, inner blobs as objects. */
  readonly values: Readonly<Record<string, unknown>>
}

/**
 * What may be put into a pipe: a {@link PipeBlob}, or an object with one value per name. Numbers are DevDouble, bigints
 * DevLong64, typed arrays what they are, objects inner blobs; `{ type: 'DevLong', value: 5 }` says another type.
 */
export type PipeInput = PipeBlob | Readonly<Record<string, unknown>>
