// The device `sys/bandoneon-config/1`: the configuration of the beamline over Tango, for the command line and for editors.
// It lives in the process of the database and writes the store directly, so that an application is one transaction.

import { beamlineConfiguration } from '#interfaces/beamline-configuration'
import { Device, type DeviceClass, type DeviceServer, type TangoProcess } from '#tango'
import { devFailed, toDevFailed } from '#tango/pure'
import type { CheckOptions } from '../config/check-beamline.ts'
import { contentOfStore } from '../config/content.ts'
import type { SourceDocument } from '../config/documents.ts'
import { dumpBeamline } from '../config/dump.ts'
import { Memory } from '../config/memory.ts'
import { stepLine } from '../config/plan.ts'
import { appliedRevision, newestRevision } from '../config/revisions.ts'
import { asciiJson } from '../config/text.ts'
import { documentsDiff } from '../config/text-diff.ts'
import type { Store } from '../store/store.ts'
import { type ApplyRequest, type ApplyResult, Configuration } from './configuration.ts'
import type { FollowOptions } from './follow.ts'
import { API_VERSION, Request } from './requests.ts'

/** Name of the server. */
export const CONFIGURATION_SERVER = 'BeamlineConfiguration/1'

/** Name of the device. */
export const CONFIGURATION_DEVICE = 'sys/bandoneon-config/1'

/** What the facility adds to the device. */
export interface ConfigurationServices {
  /** What checks may know of the program; asked for when first needed. */
  readonly checkOptions: () => Promise<CheckOptions>
  /** JSON Schema of beamline files. */
  readonly schema: () => Promise<unknown>
  /** Starts a server that a configuration brings, where this process may. @returns whether it did */
  readonly startServer?: FollowOptions['startServer']
  /** Ends a server that a configuration has removed, where this process may. @returns whether it did */
  readonly endServer?: FollowOptions['endServer']
}

/** The device class over a store. The store stays its caller's, who closes it after the server has stopped. */
export function configurationClass(store: Store, services: ConfigurationServices): DeviceClass {
  return {
    spec: beamlineConfiguration,
    create: (context) => new BeamlineConfiguration(context, store, services),
  }
}

/** Starts `BeamlineConfiguration/1` in the process of the database. */
export function configurationServer(
  process: TangoProcess,
  store: Store,
  services: ConfigurationServices,
): Promise<DeviceServer> {
  const [server = '', instance = ''] = CONFIGURATION_SERVER.split('/')
  return process.startServer({
    server,
    instance,
    classes: [configurationClass(store, services)],
    devices: [{ class: beamlineConfiguration.class, name: CONFIGURATION_DEVICE }],
  })
}

class BeamlineConfiguration extends Device<typeof beamlineConfiguration> {
  readonly #store: Store
  readonly #services: ConfigurationServices
  readonly #configuration: Configuration

  constructor(context: ConstructorParameters<typeof Device>[0], store: Store, services: ConfigurationServices) {
    super(context)
    this.#store = store
    this.#services = services
    this.#configuration = new Configuration({
      store,
      tango: this.tango,
      checkOptions: services.checkOptions,
      startServer: services.startServer,
      endServer: services.endServer,
      progress: (text) => this.setState(text === undefined ? 'ON' : 'RUNNING', text ?? this.#rest()),
    })
  }

  override init(): void {
    this.setState('ON', this.#rest())
    void this.#resume() // never rejects
  }

  readRevision(): number {
    return appliedRevision(this.#store)
  }

  readNewestRevision(): number {
    return newestRevision(this.#store)
  }

  readBeamline(): string {
    return new Memory(this.#store).get('name')[0] ?? ''
  }

  async check(argument: string): Promise<string> {
    const request = new Request('Check', argument, ['documents'])
    const { findings, beamline } = await this.#configuration.check(request.documents())
    return answer({ findings, ...(beamline === undefined ? {} : { beamline: beamline.name }) })
  }

  async plan(argument: string): Promise<string> {
    const request = new Request('Plan', argument, ['documents', 'revision'])
    const plan = await this.#configuration.plan(this.#wanted(request))
    return answer({ ...this.#revisions(), ...plan })
  }

  async apply(argument: string): Promise<string> {
    const request = new Request('Apply', argument, ['documents', 'revision', 'base', 'author', 'reason', 'force'])
    const saved = this.#savedRevision(request)
    return await this.#apply({
      documents: this.#wanted(request),
      cause: 'apply',
      base: request.number('base'),
      saved,
      ...common(request, 'applied'),
    })
  }

  async rollback(argument: string): Promise<string> {
    const request = new Request('Rollback', argument, ['revision', 'base', 'author', 'reason', 'force'])
    const revision = request.needNumber('revision')
    return await this.#apply({
      documents: this.#configuration.documents(revision),
      cause: 'rollback',
      base: request.number('base'),
      ...common(request, `back to revision ${revision}`),
    })
  }

  async dump(argument: string): Promise<string> {
    new Request('Dump', argument, [])
    const { drivers } = await this.#services.checkOptions()
    return answer({ ...this.#revisions(), ...dumpBeamline(contentOfStore(this.#store), { drivers }) })
  }

  diff(argument: string): string {
    const request = new Request('Diff', argument, ['from', 'to', 'documents'])
    const from = request.number('from') ?? appliedRevision(this.#store)
    const to = request.has('documents')
      ? request.documents()
      : this.#configuration.documents(request.number('to') ?? newestRevision(this.#store))
    return answer({ lines: documentsDiff(this.#configuration.documents(from), to) })
  }

  history(argument: string): string {
    const request = new Request('History', argument, ['limit'])
    const revisions = this.#configuration.history()
    return answer({ ...this.#revisions(), revisions: revisions.slice(0, request.number('limit') ?? revisions.length) })
  }

  getDocuments(argument: string): string {
    const request = new Request('GetDocuments', argument, ['revision'])
    const revision = request.number('revision') ?? appliedRevision(this.#store)
    return answer({ revision, newest: newestRevision(this.#store), documents: this.#configuration.documents(revision) })
  }

  async putDocuments(argument: string): Promise<string> {
    const request = new Request('PutDocuments', argument, ['documents', 'base', 'author', 'reason'])
    const base = request.needNumber('base')
    const revision = await this.#configuration.save(request.documents(), common(request, 'saved'), base)
    this.push('newestRevision', revision)
    return answer({ revision })
  }

  async schema(argument: string): Promise<string> {
    new Request('Schema', argument, [])
    return answer({ schema: await this.#services.schema() })
  }

  async backupDatabase(argument: string): Promise<string> {
    const request = new Request('BackupDatabase', argument, ['target'])
    const target = request.text('target', '')
    const path = await this.#store.backup?.(...(target === '' ? [] : [target]))
    if (path === undefined) {
      throw devFailed('API_NotSupportedFeature', 'this database has backups of its own: use those of its server')
    }
    return answer({ path })
  }

  async #apply(request: ApplyRequest): Promise<string> {
    let result: ApplyResult
    try {
      result = await this.#configuration.apply(request)
    } finally {
      // also after a failure: a revision that was taken back has a number, too
      this.push('revision', appliedRevision(this.#store))
      this.push('newestRevision', newestRevision(this.#store))
    }
    return answer({ ...result, newest: newestRevision(this.#store) })
  }

  /** Documents of a request, or of the revision that it names. */
  #wanted(request: Request): readonly SourceDocument[] {
    const revision = request.number('revision')
    if (revision === undefined) return request.documents()
    if (request.has('documents')) throw devFailed('API_InvalidArgs', 'give documents or a revision, not both')
    return this.#configuration.documents(revision)
  }

  /** A revision that was saved and is applied for the first time. */
  #savedRevision(request: Request): number | undefined {
    const revision = request.number('revision')
    if (revision === undefined) return undefined
    const found = this.#configuration.history().find(({ number }) => number === revision)
    return found?.cause === 'save' && !found.applied ? revision : undefined
  }

  async #resume(): Promise<void> {
    try {
      for (const { result, text, ...step } of await this.#configuration.resume()) {
        const fields = { device: step.device, ...(text === undefined ? {} : { text }) }
        if (result === 'failed') this.log.error('a change could not take effect', fields)
        else this.log.info(stepLine(step), fields)
      }
    } catch (error) {
      this.log.error('an unfinished change was not continued', { error: toDevFailed(error).message })
    }
  }

  #revisions(): { readonly revision: number; readonly newest: number } {
    return { revision: appliedRevision(this.#store), newest: newestRevision(this.#store) }
  }

  #rest(): string {
    const revision = appliedRevision(this.#store)
    return revision === 0 ? 'no configuration was applied yet' : `revision ${revision} is applied`
  }
}

function common(request: Request, reason: string): Pick<ApplyRequest, 'author' | 'reason' | 'force'> {
  const force = request.flag('force')
  return { author: request.text('author', 'unknown'), reason: request.text('reason', reason), force }
}

function answer(fields: object): string {
  return asciiJson({ version: API_VERSION, ...fields })
}
