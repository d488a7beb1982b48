// Messages between the thread that records and the thread that writes HDF5.

import type { H5Block, H5Group } from './h5-tree.ts'

/** What the writer is asked to do; `file` numbers an open file. */
export type WriterRequest =
  | { readonly op: 'create'; readonly file: number; readonly path: string; readonly root: H5Group }
  | { readonly op: 'append'; readonly file: number; readonly first: number; readonly blocks: readonly H5Block[] }
  | { readonly op: 'merge'; readonly file: number; readonly root: H5Group }
  | { readonly op: 'flush'; readonly file: number }
  | { readonly op: 'close'; readonly file: number }
  | {
      /** Adds an external link to the root of the file at `path`, which is made when `isNew`. */
      readonly op: 'link'
      readonly path: string
      readonly isNew: boolean
      readonly name: string
      readonly target: { readonly file: string; readonly path: string }
      readonly attributes: NonNullable<H5Group['attributes']>
      /** Only when the root has this attribute with this value, or the file is new. */
      readonly mark: { readonly attribute: string; readonly value: string }
    }

/** What the writer answers. After an error it must not be used any more. */
export type WriterReply =
  | { readonly id: number; readonly kind: 'done'; readonly value: WriterAnswer }
  | { readonly id: number; readonly kind: 'failed'; readonly message: string }
  /** Something failed that nobody asked for, such as a flush by the timer. */
  | { readonly kind: 'broken'; readonly message: string }

/** Result of a request. */
export interface WriterAnswer {
  /** Texts that were too long for their column and have been cut. */
  readonly cut?: number
  /** Name of the link that stands for the target, when `link` was asked for; absent when the mark was not found. */
  readonly link?: string
}
