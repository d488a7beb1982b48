// Brings an older file to the schema of this program, after a copy of it was put aside.

import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from '#tango'
import { MIGRATIONS, SCHEMA_VERSION } from './schema.ts'
import { type Connection, messageOf } from './sqlite-connection.ts'
import { backupFolder, discard, fileTime, freeName, nameOf, syncPath } from './sqlite-files.ts'

/** What {@link migrate} needs beside the file. */
export interface MigrationOptions {
  /** Seconds since 1970. */
  readonly now: number
  readonly log: Logger
}

/** Folder-less beginning of the copies that are made before a migration. */
export const BEFORE_MIGRATION = 'before-migration-'

/**
 * Takes an open file step by step to the newest version. A step is done wholly or not at all.
 * @param version of the file; 0 is a new one, which needs no copy
 * @throws Error when the copy or a step fails; the file has the version of the last step that worked
 */
export function migrate(db: Connection, path: string, version: number, options: MigrationOptions): void {
  if (version >= SCHEMA_VERSION) return
  const backup = version === 0 || path === ':memory:' ? undefined : putAside(db, path, version, options)
  for (let step = version; step < SCHEMA_VERSION; step += 1) {
    try {
      db.exec(`BEGIN; ${MIGRATIONS[step] ?? ''}; PRAGMA user_version = ${step + 1}; COMMIT`)
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK')
      const kept = backup === undefined ? '' : `; a copy of version ${version} is ${backup}`
      throw new Error(`it cannot be brought from version ${step} to ${step + 1} (${messageOf(error)})${kept}`, {
        cause: error,
      })
    }
  }
  if (backup === undefined) return
  options.log.info('the database was brought to a newer version', {
    file: path,
    from: version,
    to: SCHEMA_VERSION,
    before: nameOf(backup),
  })
}

function putAside(db: Connection, path: string, version: number, { now }: MigrationOptions): string {
  const folder = backupFolder(path)
  const target = freeName(join(folder, `${BEFORE_MIGRATION}v${version}-${fileTime(now)}.sqlite`))
  const part = `${target}.part`
  try {
    mkdirSync(folder, { recursive: true })
    rmSync(part, { force: true })
    db.prepare('VACUUM INTO ?').run(part)
    syncPath(part)
    renameSync(part, target)
    syncPath(folder)
  } catch (error) {
    discard(part)
    throw new Error(
      `it has the older version ${version} and no copy of it can be made in ${folder} (${messageOf(error)}): ` +
        'it was left as it is',
      { cause: error },
    )
  }
  return target
}
