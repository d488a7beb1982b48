// Library mode: a beamline opened in this process, or a running facility, and its scans as functions. No MacroServer, no Door.

import { join, resolve } from 'node:path'
import { applyBeamline, type Beamline, memoryStore, type Store, startDatabase } from '#db-config'
import { type Macros, type MacrosOptions, openMacros, type ScanResult } from '#macroserver'
import { createLogger, type LogLevel, TangoProcess } from '#tango'
import { devFailed } from '#tango/pure'
import { loadClass, packagedBeamline, readBeamline } from './catalogue.ts'
import { DataFolder } from './data-folder.ts'
import { freePort } from './free-port.ts'
import { SimulatorProcess } from './simulator-process.ts'

export type { ScanResult } from '#macroserver'

/** Options of {@link openBeamline}. */
export interface OpenBeamlineOptions {
  /** Data folder; `./bandoneon-data` when absent. */
  readonly data?: string
  /** What goes to standard error; `WARN` when absent. */
  readonly logLevel?: LogLevel
  /** Called with every line that macros print. */
  readonly onOutput?: (line: string) => void
}

/** The standard scans as functions; arguments as at the console. Other macros: {@link OpenedBeamline.run}. */
export interface ScanFunctions {
  ascan(motor: string, start: number, final: number, intervals: number, integrationTime: number): Promise<ScanResult>
  dscan(motor: string, start: number, final: number, intervals: number, integrationTime: number): Promise<ScanResult>
  /** Two motors together: motor, start, final, motor, start, final, intervals, integration time. */
  a2scan(...parameters: readonly [string, number, number, string, number, number, number, number]): Promise<ScanResult>
  /** Fast motor, start, final, intervals, slow motor, start, final, intervals, integration time, bidirectional. */
  mesh(
    ...parameters: readonly [string, number, number, number, string, number, number, number, number, boolean?]
  ): Promise<ScanResult>
}

/** An opened beamline. Whoever opens closes. */
export interface OpenedBeamline extends AsyncDisposable {
  readonly tango: TangoProcess
  readonly scan: ScanFunctions
  /** Moves together; resolves when all have arrived. */
  move(targets: Readonly<Record<string, number>>): Promise<void>
  /** Present positions by name; all moveables when none is named. */
  positions(...names: readonly string[]): Promise<Readonly<Record<string, number>>>
  /** Runs any macro. */
  run(macro: string, ...parameters: readonly (string | number | boolean)[]): Promise<unknown>
  /** Value of an environment variable; with a second argument, sets it. */
  environment(name: string, value?: unknown): unknown
  /** Ends the running macro in an orderly way. */
  stop(): void
  close(): Promise<void>
}

/**
 * Opens a beamline.
 * @param source path of a beamline file, name of a packaged one (`demo.yaml`), or `host:port` of a running facility
 * @throws DevFailed `Beamline_Invalid` with file, line and column; `Data_FolderUnusable`
 */
export async function openBeamline(source: string, options: OpenBeamlineOptions = {}): Promise<OpenedBeamline> {
  return /^[\w.-]+:\d+$/.test(source) ? await attach(source, options) : await openHere(source, options)
}

async function attach(tangoHost: string, options: OpenBeamlineOptions): Promise<OpenedBeamline> {
  const tango = await TangoProcess.create({ listen: false, tangoHost, log: logOf(options) })
  try {
    const database = tango.database()
    const [pools, recorders, [macroServer]] = await Promise.all([
      database.exportedDevicesOfClass('Pool'),
      database.exportedDevicesOfClass('Recorder'),
      database.exportedDevicesOfClass('MacroServer'),
    ])
    if (pools.length === 0) throw devFailed('API_DeviceNotExported', `no pool is running at ${tangoHost}`)
    const folder = recorders[0] === undefined ? undefined : await dataFolderOf(tango, recorders[0])
    // without the recorder's folder scans are logged where the caller says, and nobody writes files
    const macros = await openMacros(tango, {
      pools,
      dataFolder: folder ?? resolve(options.data ?? './bandoneon-data'),
      recorders: folder === undefined ? [] : recorders,
      // it keeps the environment and gives out the scan numbers
      ...(macroServer === undefined ? {} : { macroServer }),
      name: `library-${process.pid}`,
      ...newsOf(options),
    })
    return opened(tango, macros, () => tango.close())
  } catch (error) {
    await tango.close()
    throw error
  }
}

async function openHere(source: string, options: OpenBeamlineOptions): Promise<OpenedBeamline> {
  const path = source === 'demo.yaml' ? packagedBeamline('demo') : source
  const beamline = await readBeamline(path)
  if (beamline.pool === undefined) throw devFailed('Beamline_Invalid', `${path}: a beamline without pool cannot scan`)
  const log = logOf(options)
  const folder = new DataFolder(options.data ?? './bandoneon-data')
  let simulators: SimulatorProcess | undefined
  let tango: TangoProcess | undefined
  let store: Store | undefined
  const close = async () => {
    for (const server of [...(tango?.servers ?? [])].reverse()) await server.stop()
    await tango?.close()
    store?.close()
    await simulators?.stop()
    folder.close()
  }
  try {
    if (beamline.simulators.length > 0) {
      simulators = new SimulatorProcess(beamline.simulators, beamline.world, {
        log,
        logFile: join(folder.path, 'log', 'simulators.log'),
      })
      await simulators.start()
    }
    const port = await freePort(0)
    tango = await TangoProcess.create({ port, tangoHost: `127.0.0.1:${port}`, log })
    store = memoryStore()
    applyBeamline(store, beamline, { boxes: simulators?.addresses ?? {}, dataFolder: folder.path })
    await startDatabase(tango, store)
    for (const name of serversOf(beamline)) {
      const [server = '', instance = ''] = name.split('/')
      await tango.startServer({ server, instance, classes: (className) => loadClass(className) })
    }
    const macros = await openMacros(tango, {
      pools: [beamline.pool.device],
      dataFolder: folder.path,
      recorders: beamline.recorders.map((r) => r.device),
      environment: beamline.macroServer?.environment ?? {},
      macroPath: beamline.macroServer?.macroPath ?? [],
      ...newsOf(options),
    })
    return opened(tango, macros, close)
  } catch (error) {
    await close()
    throw error
  }
}

/** Everything but the macro server, the pool last. */
function serversOf(beamline: Beamline): string[] {
  const pool = beamline.pool?.server
  const others = beamline.servers.filter((s) => s !== pool && s !== beamline.macroServer?.server)
  return pool === undefined ? others : [...others, pool]
}

function opened(tango: TangoProcess, macros: Macros, close: () => Promise<void>): OpenedBeamline {
  const { pool } = macros
  const moveables = (names: readonly string[]) =>
    names.length === 0
      ? pool.elements('Moveable')
      : names.map((name) => {
          const element = pool.find(name)
          if (element === undefined) throw devFailed('Element_Unknown', `no element '${name}' in the pool`)
          return element
        })
  let closed: Promise<void> | undefined
  const end = () => {
    closed ??= macros.close().then(close)
    return closed
  }
  return {
    tango,
    scan: {
      ascan: (...parameters) => macros.scan('ascan', ...parameters),
      dscan: (...parameters) => macros.scan('dscan', ...parameters),
      a2scan: (...parameters) => macros.scan('a2scan', ...parameters),
      mesh: (...parameters) => macros.scan('mesh', ...parameters.map((p) => p ?? false)),
    },
    move: async (targets) => {
      await macros.run('mv', ...Object.entries(targets).flat())
    },
    positions: async (...names) => {
      const elements = moveables(names)
      const values = await pool.positions(elements)
      return Object.fromEntries(elements.map((e, i) => [e.name, values[i] ?? Number.NaN]))
    },
    run: (macro, ...parameters) => macros.run(macro, ...parameters),
    environment: (name, value) => {
      if (value !== undefined) macros.environment.apply([[name, value]], [])
      return macros.environment.get(name)
    },
    stop: () => macros.stop(),
    close: end,
    [Symbol.asyncDispose]: end,
  }
}

async function dataFolderOf(tango: TangoProcess, recorder: string): Promise<string | undefined> {
  const properties = await tango.database().getDeviceProperty(recorder, ['DataFolder'])
  return properties.get('DataFolder')?.[0]
}

function newsOf({ onOutput }: OpenBeamlineOptions): Pick<MacrosOptions, 'onNews'> {
  if (onOutput === undefined) return {}
  return {
    onNews: (news) => {
      if (news.kind === 'lines' && news.channel !== 'debug') for (const line of news.lines) onOutput(line)
    },
  }
}

function logOf(options: OpenBeamlineOptions) {
  return createLogger({ level: options.logLevel ?? 'WARN' })
}
