// Export and import of a whole Tango database: reads, compares, writes, and looks whether all of it has arrived.

import type { DatabaseClient, DeviceProxy } from '#tango'
import { devFailed } from '#tango/pure'
import { compareContents, stepLine, type TransferStep } from './compare.ts'
import type { DatabaseContent } from './content.ts'
import { readContent } from './read.ts'
import { writeSteps } from './write.ts'

/** Differences named in an error. */
const MAX_LINES = 10

/** Options of {@link planImport} and {@link runImport}. */
export interface ImportOptions {
  /** Whether what the file does not name is removed. */
  readonly replace: boolean
}

/** What an import would do, without doing it. */
export async function planImport(
  database: DatabaseClient,
  wanted: DatabaseContent,
  { replace }: ImportOptions,
): Promise<readonly TransferStep[]> {
  return compareContents(await readContent(database), wanted, { replace })
}

/**
 * Brings a database to what a file says and reads it again to be sure.
 * @param findAccessControl proxy of the access control service; called when there are rules to write
 * @returns the steps that were executed, none when there was nothing to do
 * @throws DevFailed of the first call that fails; `Transfer_Incomplete` when the database holds something else afterwards
 */
export async function runImport(
  database: DatabaseClient,
  wanted: DatabaseContent,
  options: ImportOptions & { readonly findAccessControl: () => Promise<DeviceProxy | undefined> },
): Promise<readonly TransferStep[]> {
  const steps = await planImport(database, wanted, options)
  if (steps.length === 0) return steps
  const hasRules = steps.some(({ kind }) => kind === 'rule' || kind === 'remove rule')
  await writeSteps({ database, accessControl: hasRules ? await options.findAccessControl() : undefined }, steps)
  const left = await planImport(database, wanted, options)
  if (left.length === 0) return steps
  const lines = left.slice(0, MAX_LINES).map(stepLine)
  if (left.length > MAX_LINES) lines.push(`and ${left.length - MAX_LINES} more`)
  throw devFailed(
    'Transfer_Incomplete',
    `after the import ${left.length} of ${steps.length} changes are not as in the file; somebody else may be writing: ` +
      `try again\n${lines.join('\n')}`,
  )
}
