// Reads and checks a beamline's files, from disk or from memory. What they mean is in check-beamline.ts.

import { devFailed } from '#tango/pure'
import type { Beamline } from './beamline.ts'
import { type CheckOptions, checkBeamline } from './check-beamline.ts'
import type { SourceDocument } from './documents.ts'
import { type LoadedTree, loadTree } from './include.ts'
import { type Finding, Findings, findingLine } from './tree.ts'

/** What is known of a beamline's files after a check. */
export interface CheckedBeamline {
  readonly documents: readonly SourceDocument[]
  /** Absent when there are findings. */
  readonly beamline: Beamline | undefined
  readonly findings: readonly Finding[]
}

/**
 * Reads and checks a beamline: its root file and what that includes.
 * @param path the root file, or a folder with a `beamline.yaml`
 * @throws DevFailed `Beamline_Invalid` with every mistake as `file:line:column: text`, one per line
 */
export function readBeamlineFile(path: string, options: CheckOptions = {}): Beamline {
  return accepted(checkTree(loadTree(path), options))
}

/**
 * Checks the text of a beamline file that includes no others.
 * @param file how messages call the file
 * @throws DevFailed `Beamline_Invalid` as {@link readBeamlineFile}
 */
export function parseBeamline(text: string, file: string, options: CheckOptions = {}): Beamline {
  return accepted(checkTree(loadTree(file, new Map([[file, text]])), options))
}

/** Checks what {@link loadTree} has read. Does not throw: what is wrong is in the findings. */
export function checkTree(
  { documents, files, tree, findings: found }: LoadedTree,
  options: CheckOptions = {},
): CheckedBeamline {
  // a tree that could not be read is reported before its contents are looked at
  if (found.length > 0) return { documents, beamline: undefined, findings: found }
  const findings = new Findings(...files)
  const beamline = checkBeamline(tree, findings, options)
  return { documents, beamline: findings.count > 0 ? undefined : beamline, findings: findings.list }
}

/**
 * The beamline of a check.
 * @throws DevFailed `Beamline_Invalid` with the findings, one per line
 */
export function accepted({ beamline, findings }: CheckedBeamline): Beamline {
  if (beamline !== undefined) return beamline
  throw devFailed('Beamline_Invalid', findings.map(findingLine).join('\n'))
}
