// Octets to text and numbers in bulk: ISO 8859-1, the character set of Tango strings, and byte order. Uses Node's native
// routines where there are any.

interface NativeBytes {
  latin1Slice(this: Uint8Array, start: number, end: number): string
  latin1Write(this: Uint8Array, text: string, offset: number, length: number): number
  swap16(this: Uint8Array): unknown
  swap32(this: Uint8Array): unknown
  swap64(this: Uint8Array): unknown
}

const native = (globalThis as { readonly Buffer?: { readonly prototype: NativeBytes } }).Buffer?.prototype

/** Whether numbers in this machine's memory start with the least significant octet. */
export const HOST_LITTLE_ENDIAN: boolean = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** Up to this length a loop is faster than the native call: when reading, and when writing. */
const SHORT = 12
const SHORT_TO_WRITE = 24
const CHUNK = 4096
// biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ISO 8859-1
const BEYOND_LATIN1 = /[^\u0000-\u00ff]/

/** Text of the octets `start <= i < end`. */
export function latin1Decode(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT && native !== undefined) return native.latin1Slice.call(bytes, start, end)
  if (end - start > CHUNK) {
    const parts: string[] = []
    for (let at = start; at < end; at += CHUNK) parts.push(latin1Decode(bytes, at, Math.min(end, at + CHUNK)))
    return parts.join('')
  }
  let text = ''
  for (let i = start; i < end; i += 1) text += String.fromCharCode(bytes[i] ?? 0)
  return text
}

/** Writes one octet for each UTF-16 unit of `text`; what ISO 8859-1 lacks becomes `?`. */
export function latin1Encode(text: string, bytes: Uint8Array, offset: number): void {
  const length = text.length
  if (length > SHORT_TO_WRITE && native !== undefined && !BEYOND_LATIN1.test(text)) {
    native.latin1Write.call(bytes, text, offset, length)
    return
  }
  for (let i = 0; i < length; i += 1) {
    const unit = text.charCodeAt(i)
    bytes[offset + i] = unit > 0xff ? 0x3f : unit
  }
}

/** The octets of `text`. */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  latin1Encode(text, bytes, 0)
  return bytes
}

/** Reverses the octets of each element of `size` octets, in place; the length is a multiple of `size`. */
export function swapBytes(bytes: Uint8Array, size: number): void {
  if (native !== undefined && (size === 2 || size === 4 || size === 8)) {
    if (size === 2) native.swap16.call(bytes)
    else if (size === 4) native.swap32.call(bytes)
    else native.swap64.call(bytes)
    return
  }
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse()
}
