// Macros in the own process, without MacroServer and Door: what scripts and the library mode use. The same runner, the
// same scans, the same files.

import { join, resolve } from 'node:path'
import { ScanPublisher } from '#data'
import { devFailed, type TangoProcess } from '#tango'
import { Environment, type EnvironmentStore } from './environment.ts'
import { EnvironmentCopy } from './environment-view.ts'
import { MacroLibrary } from './library.ts'
import type { News } from './messages.ts'
import { Outbox } from './outbox.ts'
import { rawValues, readArguments } from './parameters.ts'
import { PoolClient } from './pool-client.ts'
import { RemoteEnvironment } from './remote-environment.ts'
import { MacroRunner } from './runner.ts'
import type { ScanResult } from './scan/step-scan.ts'
import { userName } from './user-name.ts'

/** Options of {@link openMacros}. */
export interface MacrosOptions {
  /** Device names or aliases of the pools. */
  readonly pools: readonly string[]
  /** Folder of environment, scan log and, unless ScanDir says otherwise, scans. */
  readonly dataFolder: string
  /** Recorder devices; without any the scan is kept in the scan log only. */
  readonly recorders?: readonly string[]
  readonly macroPath?: readonly string[]
  /**
   * Device of a running macro server: variables and scan numbers are its own. Without, they are kept in
   * `environment.json` of the data folder, which must then belong to no running macro server.
   */
  readonly macroServer?: string
  /** Values of variables that are not set, such as ActiveMntGrp. */
  readonly environment?: Readonly<Record<string, unknown>>
  /** Told what macros print and how they get on. */
  readonly onNews?: (news: News) => void
  /** Name under which scans are published; default `library`. */
  readonly name?: string
}

/** Macros as functions. */
export interface Macros extends AsyncDisposable {
  readonly pool: PoolClient
  readonly library: MacroLibrary
  readonly environment: EnvironmentStore
  /**
   * Runs a macro with its parameters as typed at a console, and resolves with what it returns.
   * @throws DevFailed of the macro; `Scan_Stopped`, `Scan_Aborted`
   */
  run(macro: string, ...parameters: readonly (string | number | boolean)[]): Promise<unknown>
  /** The same for macros that scan. */
  scan(macro: string, ...parameters: readonly (string | number | boolean)[]): Promise<ScanResult>
  stop(): void
  abort(): void
  close(): Promise<void>
}

/** Opens the macros over pools that are reachable from `tango`. Whoever opens closes. */
export async function openMacros(tango: TangoProcess, options: MacrosOptions): Promise<Macros> {
  const dataFolder = resolve(options.dataFolder)
  const name = options.name ?? 'library'
  const pool = new PoolClient(tango, options.pools)
  const library = new MacroLibrary(options.macroPath ?? [])
  const environment: EnvironmentStore =
    options.macroServer === undefined
      ? await Environment.open(dataFolder, {
          defaults: {
            ScanDir: join(dataFolder, 'scans'),
            ScanFile: 'scan.h5',
            ScanID: 0,
            JsonRecorder: false,
            ...options.environment,
          },
          log: tango.log,
        })
      : await RemoteEnvironment.open(tango, options.macroServer)
  const [publisher, ...loaded] = await Promise.allSettled([
    ScanPublisher.open(dataFolder, { door: name, log: tango.log }),
    library.load(),
    pool.load(),
  ])
  const failed = [publisher, ...loaded].find((result) => result.status === 'rejected')
  if (publisher.status === 'rejected' || failed !== undefined) {
    if (publisher.status === 'fulfilled') await publisher.value.close()
    await environment.close()
    throw failed?.reason
  }
  const copy = new EnvironmentCopy(environment.entries(), [name], (set, unset) => environment.apply(set, unset))
  environment.onChange((change) => copy.update([...change.new, ...change.change], change.del))
  const runner = new MacroRunner({
    library,
    uses: () => undefined,
    scans: {
      tango,
      pool,
      publisher: async () => publisher.value,
      environment: copy,
      recorders: options.recorders ?? [],
      dataFolder,
      door: name,
      user: userName(),
      outbox: new Outbox(
        (news) => news.forEach((item) => void options.onNews?.(item)),
        () => tango.clock.monotonic(),
      ),
      nextScanId: () => environment.nextScanId(),
      unusedScanId: (scanId) => environment.giveBackScanId(scanId),
    },
  })
  let runs = 0
  const run = async (macro: string, parameters: readonly (string | number | boolean)[]): Promise<unknown> => {
    runs += 1
    const values = readArguments(macro, library.get(macro).macro, rawValues(parameters), runner.names)
    const outcome = await runner.run([{ name: macro, id: `${name}-${runs}`, arguments: values, hooks: [] }])
    if (outcome.end === 'finished') return outcome.value
    if (outcome.end === 'failed') throw outcome.error
    throw devFailed(outcome.end === 'stopped' ? 'Scan_Stopped' : 'Scan_Aborted', `${macro} was ${outcome.end}`)
  }
  const close = async () => {
    runner.abort()
    await Promise.all([publisher.value.close(), environment.close()])
  }
  return {
    pool,
    library,
    environment,
    run: (macro, ...parameters) => run(macro, parameters),
    scan: async (macro, ...parameters) => {
      const result = await run(macro, parameters)
      if (!isScanResult(result)) throw devFailed('API_InvalidArgs', `${macro} is no scan`)
      return result
    },
    stop: () => runner.stop(),
    abort: () => runner.abort(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function isScanResult(value: unknown): value is ScanResult {
  return typeof value === 'object' && value !== null && 'scanId' in value && 'columns' in value && 'peak' in value
}
