// The log of the launcher, which seldom has anything to say: the Tango core with its logger is loaded with the first
// record, so that the launcher stays small.

import type { Logger } from '#tango'

/** What launcher and supervision log with. */
export type LauncherLog = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>

/** Makes the log of a launcher. */
export function launcherLog(): LauncherLog {
  let logger: Promise<Logger> | undefined
  const load = async (): Promise<Logger> => (await import('#tango')).createLogger({})
  const write =
    (level: keyof LauncherLog) =>
    async (message: string, fields?: Readonly<Record<string, unknown>>): Promise<void> => {
      logger ??= load()
      try {
        const loaded = await logger
        loaded[level](message, fields)
      } catch (error) {
        process.stderr.write(`${level}: ${message} ${JSON.stringify(fields ?? {})} (${String(error)})\n`)
      }
    }
  // nothing to wait for: the records come out in their order
  const record = (level: keyof LauncherLog): LauncherLog['info'] => {
    const put = write(level)
    return (message, fields) => void put(message, fields)
  }
  return { debug: () => undefined, info: record('info'), warn: record('warn'), error: record('error') }
}
