// Decodes a DevEncoded pair by its format name. Names compose with `_`: `bz2_pickle` is a compressed pickle.

import { devFailed } from '../errors/dev-failed.ts'
import type { DevEncoded } from '../types/encoded.ts'
import { decompressBz2 } from './bz2.ts'
import { decodeJson } from './json.ts'
import { decodePickle } from './pickle-reader.ts'

/**
 * Value of a pair. Formats: `json`, `utf8_json`, `pickle`, each also behind `bz2_`; `''` or an empty payload mean
 * "nothing" and give undefined.
 * @throws DevFailed `API_NotSupported` for another format, `API_InvalidArgs` for a damaged payload
 */
export function decodeEncoded(encoded: DevEncoded): unknown {
  let { format, data } = encoded
  if (data.length === 0) return undefined
  while (format.startsWith('bz2_')) {
    data = decompressBz2(data)
    format = format.slice(4)
  }
  switch (format) {
    case 'json':
    case 'utf8_json':
      return decodeJson(data)
    case 'pickle':
      return decodePickle(data)
    default:
      throw devFailed(
        'API_NotSupported',
        `the payload format '${encoded.format}' is not known; json, utf8_json, pickle and bz2_ before them are`,
      )
  }
}
