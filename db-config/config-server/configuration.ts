// The configuration of one beamline over its store: what the commands of BeamlineConfiguration do, and what the command
// line does where no such device runs. One application at a time.

import type { TangoProcess } from '#tango'
import { devFailed, toDevFailed } from '#tango/pure'
import {
  type AppliedRevision,
  applyRevision,
  foresee,
  isApplied,
  pendingSteps,
  stepsTaken,
} from '../config/apply-revision.ts'
import { accepted, type CheckedBeamline, checkTree } from '../config/beamline-file.ts'
import { type Change, changeLines } from '../config/change.ts'
import type { CheckOptions } from '../config/check-beamline.ts'
import type { SourceDocument } from '../config/documents.ts'
import { loadTree } from '../config/include.ts'
import { inverse, type Step, stepLine } from '../config/plan.ts'
import {
  addRevision,
  appliedRevision,
  documentsOf,
  listRevisions,
  newestRevision,
  type Revision,
  type RevisionCause,
  withdrawRevision,
} from '../config/revisions.ts'
import type { Store } from '../store/store.ts'
import { type Blocker, blockersOf } from './blockers.ts'
import { type FollowedStep, Follower, type FollowOptions } from './follow.ts'

/** What a configuration works with. */
export interface ConfigurationOptions {
  readonly store: Store
  readonly tango: TangoProcess
  /** What checks may know of the program; asked for when first needed. */
  readonly checkOptions: () => Promise<CheckOptions>
  readonly startServer?: FollowOptions['startServer']
  readonly endServer?: FollowOptions['endServer']
  /** Told what is going on; undefined at the end. */
  readonly progress?: (text: string | undefined) => void
}

/** Who changes the configuration and why. */
export interface Origin {
  readonly author: string
  readonly reason: string
}

/** A wish to change the configuration. */
export interface ApplyRequest extends Origin {
  readonly documents: readonly SourceDocument[]
  readonly cause: Exclude<RevisionCause, 'save' | 'start'>
  /** Newest revision that the author has seen; absent when it does not matter. */
  readonly base?: number | undefined
  /** Also when running scans or motions are disturbed. */
  readonly force?: boolean
  /** Number under which the documents were saved. */
  readonly saved?: number | undefined
}

/** What applying would do. */
export interface Plan {
  readonly changes: readonly Change[]
  /** The same for people. */
  readonly lines: readonly string[]
  readonly steps: readonly Step[]
  readonly blockers: readonly Blocker[]
}

/** What applying has done. */
export interface ApplyResult {
  readonly revision: number
  readonly unchanged: boolean
  readonly changes: readonly Change[]
  readonly lines: readonly string[]
  readonly steps: readonly FollowedStep[]
}

/** Revisions in a message about a conflict. */
const MOST_SHOWN = 10

/** The configuration of a beamline. */
export class Configuration {
  readonly #options: ConfigurationOptions
  readonly #store: Store
  #busy: string | undefined

  constructor(options: ConfigurationOptions) {
    this.#options = options
    this.#store = options.store
  }

  /** Whether documents make a beamline. */
  async check(documents: readonly SourceDocument[]): Promise<CheckedBeamline> {
    const options = await this.#options.checkOptions()
    const [root] = documents
    const tree = loadTree(root?.path ?? '', new Map(documents.map(({ path, text }) => [path, text])))
    return checkTree(tree, options)
  }

  /** @throws DevFailed `Beamline_Invalid` */
  async plan(documents: readonly SourceDocument[]): Promise<Plan> {
    const beamline = accepted(await this.check(documents))
    const { changes, steps } = foresee(this.#store, beamline)
    const blockers = await blockersOf(this.#options.tango, this.#store, steps)
    return { changes, lines: changeLines(changes), steps, blockers }
  }

  /**
   * Applies documents: database and running devices, or neither.
   * @throws DevFailed `Beamline_Invalid`, `Config_Conflict`, `Config_Blocked`, `Config_NotApplied`
   */
  async apply(request: ApplyRequest): Promise<ApplyResult> {
    this.#refuseConflict(request.base)
    this.#begin(request.author)
    try {
      return await this.#apply(request)
    } finally {
      this.#busy = undefined
      this.#options.progress?.(undefined)
    }
  }

  /** Saves documents without applying them. @throws DevFailed `Beamline_Invalid`, `Config_Conflict` */
  async save(
    documents: readonly SourceDocument[],
    { author, reason }: Origin,
    base: number | undefined,
  ): Promise<number> {
    accepted(await this.check(documents))
    return this.#store.transaction(() => {
      this.#refuseConflict(base)
      return addRevision(this.#store, { author, reason, cause: 'save', changes: [], documents })
    })
  }

  /** All revisions, the newest first. */
  history(): readonly Revision[] {
    return listRevisions(this.#store)
  }

  /** Files of a revision, of the applied one when none is named. @throws DevFailed `Config_RevisionUnknown` */
  documents(revision = appliedRevision(this.#store)): readonly SourceDocument[] {
    return revision === 0 ? [] : documentsOf(this.#store, revision)
  }

  /** Takes the steps that a former process left behind; what cannot be done is told in the log. */
  async resume(): Promise<readonly FollowedStep[]> {
    const steps = pendingSteps(this.#store)
    if (steps.length === 0) return []
    const followed = await this.#follow(steps)
    stepsTaken(this.#store)
    return followed
  }

  async #apply(request: ApplyRequest): Promise<ApplyResult> {
    const { progress, tango } = this.#options
    progress?.('checking')
    const beamline = accepted(await this.check(request.documents))
    const foreseen = foresee(this.#store, beamline)
    if (foreseen.changes.length === 0 && isApplied(this.#store, request.documents)) {
      return { revision: appliedRevision(this.#store), unchanged: true, changes: [], lines: [], steps: [] }
    }
    if (request.force !== true) await this.#refuseBlocked(foreseen.steps)
    const follower = this.#follower(newServers(foreseen.changes))
    await follower.prepare(foreseen.steps)
    // somebody else may have been faster while this waited for answers
    this.#refuseConflict(request.base)
    progress?.('writing the database')
    const done = applyRevision(this.#store, { ...request, beamline })
    tango.log.info('configuration applied', { revision: done.revision, changes: done.changes.length })
    const steps = await follower.follow(done.steps, (server) => this.#devicesOf(server))
    const failed = steps.find(({ result }) => result === 'failed')
    if (failed !== undefined) return await this.#takeBack(done, steps, failed, follower)
    stepsTaken(this.#store)
    const { revision, changes } = done
    return { revision, unchanged: false, changes, lines: changeLines(changes), steps }
  }

  /** Puts the database back and has those follow that had followed already. Always throws. */
  async #takeBack(
    { revision, snapshot }: AppliedRevision,
    taken: readonly FollowedStep[],
    failed: FollowedStep,
    follower: Follower,
  ): Promise<never> {
    const why = `${stepLine(failed)}: ${failed.text ?? 'failed'}`
    this.#options.progress?.('putting everything back')
    this.#options.tango.log.error('configuration taken back', { revision, why })
    this.#store.transaction(() => {
      snapshot.restore()
      withdrawRevision(this.#store, revision, why)
    })
    const steps = inverse(taken.map(({ result: _r, state: _s, text: _t, ...step }) => step))
    // those that have come with the change hold devices that their former servers are to make again
    await follower.endEmpty(steps)
    const back = await this.#follow(steps)
    const trouble = back.filter(({ result }) => result === 'failed')
    const rest =
      trouble.length === 0
        ? 'the database and the devices are as before'
        : `the database is as before, but not these devices: ${trouble.map((s) => `${s.device}: ${s.text}`).join('; ')}`
    throw devFailed('Config_NotApplied', `revision ${revision} could not take effect (${why}); ${rest}`)
  }

  async #follow(steps: readonly Step[]): Promise<readonly FollowedStep[]> {
    const follower = this.#follower()
    try {
      await follower.prepare(steps)
      return await follower.follow(steps, (server) => this.#devicesOf(server))
    } catch (error) {
      const text = toDevFailed(error).message
      return steps.map((step) => ({ ...step, result: 'failed' as const, text }))
    }
  }

  /** @param fresh servers that nobody has started yet because they were not defined */
  #follower(fresh: ReadonlySet<string> = new Set()): Follower {
    const { tango, startServer, endServer, progress } = this.#options
    const start = async (server: string): Promise<boolean> =>
      fresh.has(server.toLowerCase()) && (await startServer?.(server)) === true
    return new Follower({ tango, startServer: start, endServer, ...(progress === undefined ? {} : { progress }) })
  }

  /** Devices of a server beside its admin device. */
  #devicesOf(server: string): number {
    return this.#store.devices.list({ server }).filter((row) => row.class.toLowerCase() !== 'dserver').length
  }

  #begin(author: string): void {
    if (this.#busy !== undefined) {
      throw devFailed('Config_Conflict', `${this.#busy} is applying a configuration at this moment; try again soon`)
    }
    this.#busy = author
  }

  #refuseConflict(base: number | undefined): void {
    const newest = newestRevision(this.#store)
    if (base === undefined || base === newest) return
    if (base > newest) throw devFailed('Config_Conflict', `there is no revision ${base} yet; the newest is ${newest}`)
    const since = this.history().filter(({ number }) => number > base)
    const lines = since.slice(0, MOST_SHOWN).map(({ number, author, date, reason, changes }) => {
      const more = changes.length > 3 ? ` and ${changes.length - 3} more changes` : ''
      return `revision ${number} by ${author} on ${date} (${reason}): ${changes.slice(0, 3).join('; ')}${more}`
    })
    throw devFailed(
      'Config_Conflict',
      `the configuration has changed since revision ${base}; take over what is new and try again:\n${lines.join('\n')}`,
    )
  }

  async #refuseBlocked(steps: readonly Step[]): Promise<void> {
    const blockers = await blockersOf(this.#options.tango, this.#store, steps)
    if (blockers.length === 0) return
    const who = blockers.map(({ text }) => text).join('; ')
    throw devFailed('Config_Blocked', `${who}; wait until that has ended, or force the change`)
  }
}

function newServers(changes: readonly Change[]): ReadonlySet<string> {
  const admins = changes.filter(({ kind, of, before }) => kind === 'device' && before === undefined && isAdmin(of))
  return new Set(admins.map(({ of }) => of.slice('dserver/'.length).toLowerCase()))
}

function isAdmin(device: string): boolean {
  return device.toLowerCase().startsWith('dserver/')
}
