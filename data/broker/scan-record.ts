// One record of a scan log: `<bytes> <crc32> <JSON>\n`, both numbers as eight hexadecimal digits. JSON never contains
// a line end, so the file reads well with any pager and a damaged record ends at the next line end.

import { crc32 } from 'node:zlib'

/** Bytes before the JSON text: two numbers and two blanks. */
export const RECORD_PREFIX_SIZE = 18

/** What is found at one place of a log. */
export type FoundRecord =
  | { readonly kind: 'record'; readonly text: string; readonly next: number }
  /** The record is not complete: still being written, or torn by a crash. */
  | { readonly kind: 'torn' }
  /** Damaged bytes up to `next`, where a line begins. */
  | { readonly kind: 'damaged'; readonly next: number }

const LINE_END = 0x0a

/** The record of a JSON text. */
export function encodeRecord(text: string): Buffer {
  const bytes = Buffer.byteLength(text)
  const body = RECORD_PREFIX_SIZE
  const buffer = Buffer.allocUnsafe(body + bytes + 1)
  buffer.write(text, body, 'utf8')
  buffer[body + bytes] = LINE_END
  const checksum = crc32(buffer.subarray(body, body + bytes))
  buffer.write(`${hex8(bytes)} ${hex8(checksum)} `, 0, 'latin1')
  return buffer
}

/** Looks at the bytes from `at` to the end of `buffer`. */
export function findRecord(buffer: Buffer, at: number): FoundRecord {
  const body = at + RECORD_PREFIX_SIZE
  const prefix = /^([0-9a-f]{8}) ([0-9a-f]{8}) $/.exec(buffer.toString('latin1', at, body))
  const lineEnd = buffer.indexOf(LINE_END, at)
  if (prefix === null) return lineEnd < 0 ? { kind: 'torn' } : { kind: 'damaged', next: lineEnd + 1 }
  const end = body + Number.parseInt(prefix[1] ?? '', 16)
  if (lineEnd < 0) return { kind: 'torn' }
  if (lineEnd !== end) return { kind: 'damaged', next: lineEnd + 1 }
  if (crc32(buffer.subarray(body, end)) !== Number.parseInt(prefix[2] ?? '', 16))
    return { kind: 'damaged', next: end + 1 }
  return { kind: 'record', text: buffer.toString('utf8', body, end), next: end + 1 }
}

function hex8(value: number): string {
  return value.toString(16).padStart(8, '0')
}
