// A database with its configuration device and the servers of a small beamline, all in this process, for tests.

import { memoryStore, type Store, startConfiguration, startDatabase } from '#db-config'
import { beamlineConfiguration } from '#interfaces/beamline-configuration'
import { type DeviceProxy, devFailed, silentLogger, TangoProcess } from '#tango'
import { applyAtStart } from '../../../../db-config/config/apply-revision.ts'
import { parseBeamline } from '../../../../db-config/config/beamline-file.ts'
import { loadClass } from '../../../../facility/catalogue.ts'
import { configurationServices } from '../../../../facility/configuration.ts'
import { freePort } from '../../../support/free-port.ts'

/** The beamline; its pool has no macro server. */
export const BEAMLINE = `version: 1
name: small
servers: [Pool/small]
pool: { server: Pool/small, device: pool/small/1, alias: P }
controllers:
  - name: motors
    type: motor
    driver: dummy-motor
    properties: { axisCount: 4 }
    axes:
      - { name: m1, axis: 1, unit: mm, limits: [-1, 1] }
      - { name: m2, axis: 2 }
  - { name: counters, type: counter, driver: dummy-counter, axes: [{ name: c1, axis: 1 }] }
measurementGroups:
  - { name: mg, channels: [c1] }
`

/** What runs. */
export class Configured implements AsyncDisposable {
  readonly tango: TangoProcess
  readonly store: Store
  readonly configuration: DeviceProxy<typeof beamlineConfiguration>
  /** Classes that cannot be loaded from now on. */
  readonly missing: Set<string>
  /** Servers that were to be ended. */
  readonly ended: string[]

  private constructor(tango: TangoProcess, store: Store, missing: Set<string>, ended: string[]) {
    this.tango = tango
    this.store = store
    this.missing = missing
    this.ended = ended
    this.configuration = tango.proxy('sys/bandoneon-config/1', beamlineConfiguration).withTimeout(20_000)
  }

  /** @param options.store may hold what an earlier process has left */
  static async start(
    options: { readonly store?: Store; readonly missing?: readonly string[] } = {},
  ): Promise<Configured> {
    const store = options.store ?? memoryStore()
    const port = await freePort()
    const log = silentLogger()
    const tango = await TangoProcess.create({ host: '127.0.0.1', port, tangoHost: `127.0.0.1:${port}`, log })
    const missing = new Set(options.missing)
    const classes = (name: string) => {
      if (missing.has(name)) throw devFailed('API_ClassNotFound', `there is no class ${name}`)
      return loadClass(name)
    }
    const start = async (name: string): Promise<boolean> => {
      const [server = '', instance = ''] = name.split('/')
      await tango.startServer({ server, instance, classes: async (className) => classes(className) })
      return true
    }
    const ended: string[] = []
    const end = async (name: string): Promise<boolean> => {
      ended.push(name)
      if (missing.has(name)) throw devFailed('API_DeviceTimedOut', `${name} does not end`)
      await tango.servers.find((server) => server.name === name)?.stop()
      return true
    }
    try {
      if (options.store === undefined) {
        const documents = [{ path: 'small.yaml', text: BEAMLINE }]
        const beamline = parseBeamline(BEAMLINE, 'small.yaml')
        applyAtStart(store, { documents, beamline, author: 'a', reason: 'r', cause: 'start' }, {})
      }
      await startDatabase(tango, store)
      await start('Pool/small')
      await startConfiguration(tango, store, configurationServices({ startServer: start, endServer: end }))
      return new Configured(tango, store, missing, ended)
    } catch (error) {
      await tango.close()
      store.close()
      throw error
    }
  }

  /** Executes a command with JSON. */
  async ask(command: keyof (typeof beamlineConfiguration)['commands'], fields: object = {}): Promise<Answered> {
    const answer = await this.configuration.command(command, JSON.stringify({ version: 1, ...fields }))
    return JSON.parse(answer) as Answered
  }

  /** The beamline with changes, as documents. */
  documents(...replacements: readonly (readonly [from: string, to: string])[]): { documents: object[] } {
    let text = BEAMLINE
    for (const [from, to] of replacements) {
      if (!text.includes(from)) throw new Error(`no ${from}`)
      text = text.replace(from, to)
    }
    return { documents: [{ path: 'small.yaml', text }] }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tango.close()
    this.store.close()
  }
}

/** Fields of answers. */
export interface Answered {
  readonly version: number
  readonly revision: number
  readonly newest: number
  readonly unchanged: boolean
  readonly text: string
  readonly path: string
  readonly beamline?: string
  readonly schema: Readonly<Record<string, unknown>>
  readonly lines: readonly string[]
  readonly findings: readonly {
    readonly file: string
    readonly line: number
    readonly column: number
    readonly text: string
  }[]
  readonly documents: readonly { readonly path: string; readonly text: string }[]
  readonly steps: readonly {
    readonly action: string
    readonly device: string
    readonly result: string
    readonly state: string
  }[]
  readonly blockers: readonly { readonly device: string; readonly text: string }[]
  readonly revisions: readonly {
    readonly number: number
    readonly cause: string
    readonly applied: boolean
    readonly withdrawn?: string
  }[]
}
