// DevEncoded: a named payload of octets (Tango IDL, struct DevEncoded).

/** `format` names the codec (`json`, `utf8_json`, `pickle`, ...), `data` is the payload; a received one is read-only. */
export interface DevEncoded {
  readonly format: string
  readonly data: Uint8Array
}
