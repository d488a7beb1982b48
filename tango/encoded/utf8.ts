// UTF-8 text for the payload codecs. Browsers and Node both have these two classes; the pure project knows neither's types.

interface Encoder {
  encode(text: string): Uint8Array
}

interface Decoder {
  decode(bytes: Uint8Array): string
}

declare const TextEncoder: new () => Encoder
declare const TextDecoder: new (
  label: string,
  options: { readonly fatal: boolean; readonly ignoreBOM: boolean },
) => Decoder

/** Octets of a text. */
export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/**
 * Text of octets.
 * @throws TypeError when they are not UTF-8
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes)
}
