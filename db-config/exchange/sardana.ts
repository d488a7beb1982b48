// Sardana's YAML configuration in and out, and a Sardana pool in a Tango database in.

import type { Beamline } from '../config/beamline.ts'
import { parseBeamline } from '../config/beamline-file.ts'
import type { DatabaseReader } from './database-view.ts'
import { finishDraft, withActiveGroup } from './draft.ts'
import { draftText } from './draft-text.ts'
import { ExchangeReport, type ExportResult, type ImportResult } from './report.ts'
import { sardanaSystem } from './sardana-beamline.ts'
import { type SardanaOptions, sardanaDraft } from './sardana-draft.ts'
import type { SardanaSystem } from './sardana-model.ts'
import { type PoolOptions, readSardanaPool } from './sardana-pool.ts'
import { type FileReader, readSardanaYaml } from './sardana-yaml.ts'
import { sardanaYamlText } from './sardana-yaml-text.ts'

/** Options of {@link importSardanaYaml}. */
export interface SardanaYamlOptions extends SardanaOptions {
  /** What messages call the text; files that it includes are relative to it. */
  readonly file?: string | undefined
  /** Reads the files that it includes. */
  readonly readFile?: FileReader | undefined
}

/** Name of the file that an import gives. */
const ROOT = 'beamline.yaml'

/**
 * A beamline file from a configuration in Sardana's YAML form.
 * @throws DevFailed `Exchange_Invalid` with `file:line:column: text` when it cannot be read
 */
export function importSardanaYaml(text: string, options: SardanaYamlOptions = {}): ImportResult {
  const report = new ExchangeReport()
  const file = options.file ?? 'sardana.yaml'
  const system = readSardanaYaml(text, file, options.readFile ?? (() => undefined), report)
  return beamlineOf(system, `the Sardana configuration ${file.split('/').pop()}`, options, report)
}

/** A configuration in Sardana's YAML form from a beamline. */
export function exportSardanaYaml(beamline: Beamline): ExportResult {
  const report = new ExchangeReport()
  const text = sardanaYamlText(sardanaSystem(beamline, report))
  return { text, report: report.findings }
}

/**
 * A beamline file from the Sardana pools in a database, native or ours.
 * @throws DevFailed `Exchange_Invalid` when there is no such pool
 */
export async function importSardanaPool(
  database: DatabaseReader,
  options: SardanaOptions & PoolOptions = {},
): Promise<ImportResult> {
  const report = new ExchangeReport()
  const system = await readSardanaPool(database, options, report)
  const names = system.pools.map(({ device }) => device).join(', ')
  return beamlineOf(system, `the pool ${names} in the Tango database`, options, report)
}

/** A configuration in Sardana's YAML form from the pools in a database, native or ours. */
export async function dumpSardanaYaml(database: DatabaseReader, options: PoolOptions = {}): Promise<ExportResult> {
  const report = new ExchangeReport()
  const system = await readSardanaPool(database, options, report)
  if (system.ours === undefined) return { text: sardanaYamlText(system), report: report.findings }
  // our drivers have other names there, and other axes
  const { documents, report: read } = beamlineOf(system, 'the database', {}, report)
  const exported = exportSardanaYaml(parseBeamline(documents[0]?.text ?? '', ROOT))
  return { text: exported.text, report: [...read, ...exported.report] }
}

function beamlineOf(
  system: SardanaSystem,
  origin: string,
  options: SardanaOptions,
  report: ExchangeReport,
): ImportResult {
  const finished = finishDraft(sardanaDraft(system, origin, options, report), report)
  const draft = system.ours === undefined ? withActiveGroup(finished, report) : finished
  return { documents: [{ path: ROOT, text: draftText(draft) }], report: report.findings }
}
