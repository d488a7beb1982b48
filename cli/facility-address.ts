// Finds the facility: `--host`, then TANGO_HOST, then run.json of the data folder, then the default port.

import { readRunDescription } from '#facility'

/** Default data folder, also where run.json is looked for. */
export const DEFAULT_DATA = './bandoneon-data'
/** Where a Tango database listens by convention. */
export const DEFAULT_TANGO_HOST = '127.0.0.1:10000'

/** `host:port` of the database. */
export function findTangoHost(
  host: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return host ?? environment.TANGO_HOST ?? readRunDescription(DEFAULT_DATA)?.tangoHost ?? DEFAULT_TANGO_HOST
}
