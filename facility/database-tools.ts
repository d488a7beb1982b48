// What the command line does with whole databases; loaded when it is needed, because the storage takes time to load.

import { existsSync } from 'node:fs'
import { devFailed } from '#tango/pure'

/** Export, import and comparison of live databases. */
export async function databaseTransfer() {
  const { oddities, parseText, planImport, readContent, runImport, stepLine, writeText } = await import('#db-config')
  return { oddities, parseText, planImport, readContent, runImport, stepLine, writeText }
}

/**
 * Copies a database file that no process has open.
 * @param target new file; absent: one in `backups` beside the database
 * @returns path of the copy
 * @throws DevFailed `DB_SQLError` when the file is missing, broken or in use
 */
export async function backupDatabaseFile(path: string, target: string | undefined): Promise<string> {
  await checkDatabaseFile(path)
  const { openStore } = await import('#db-config')
  const store = openStore(path)
  try {
    if (store.backup === undefined) throw new Error('unreachable: a file has backups')
    return await store.backup(target)
  } finally {
    store.close()
  }
}

/**
 * Reads all of a database file that no process has open.
 * @throws DevFailed `DB_SQLError` when the file is missing, broken or in use
 */
export async function checkDatabaseFile(path: string): Promise<void> {
  if (!existsSync(path)) throw devFailed('DB_SQLError', `${path} does not exist`)
  const { verifyFile } = await import('#db-config')
  try {
    verifyFile(path)
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause)
    const hint = /locked|busy/i.test(what) ? 'it is in use by another process' : what
    throw devFailed('DB_SQLError', `${path}: ${hint}`)
  }
}
