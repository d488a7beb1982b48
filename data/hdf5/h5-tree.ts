// What goes into an HDF5 file, as plain data: it is made without HDF5, sent to the writer, and compared in tests.

/** A fixed value; plain numbers become float64. */
export type H5Value =
  | string
  | number
  | readonly string[]
  | { readonly int: number }
  | { readonly ints: readonly number[] }

/** Attributes of a group or dataset. */
export type H5Attributes = Readonly<Record<string, H5Value>>

/** A group. */
export interface H5Group {
  readonly kind: 'group'
  readonly attributes?: H5Attributes
  readonly children: Readonly<Record<string, H5Node>>
}

/** A dataset that is written once, or with `width` a text that may be replaced by another of at most `width` bytes. */
export interface H5Fixed {
  readonly kind: 'fixed'
  readonly value: H5Value
  readonly width?: number
  readonly attributes?: H5Attributes
}

/** A dataset that grows by one row per point. */
export interface H5Column {
  readonly kind: 'column'
  readonly dtype: H5ColumnType
  readonly attributes?: H5Attributes
}

/** Type of a column; texts have at most `STRING_BYTES` bytes. */
export type H5ColumnType = 'float64' | 'int64' | 'string'

/** A soft link to a path of the same file. */
export interface H5SoftLink {
  readonly kind: 'link'
  readonly target: string
}

/** Any member of a group. */
export type H5Node = H5Group | H5Fixed | H5Column | H5SoftLink

/** Longest text in a column, bytes of UTF-8; HDF5 columns of free length cannot be extended by the writer. */
export const STRING_BYTES = 1024

/** Values for one column, in order of rows. */
export type H5Cells = Float64Array | BigInt64Array | readonly string[]

/** Rows for one column. */
export interface H5Block {
  /** Absolute path of the column. */
  readonly path: string
  readonly values: H5Cells
}
