// Files applied as a revision: the database changes and the revision is noted in one transaction.

import type { Store } from '../store/store.ts'
import { type ApplyOptions, applied } from './apply.ts'
import type { Beamline } from './beamline.ts'
import { type Change, changeLines } from './change.ts'
import type { SourceDocument } from './documents.ts'
import { Memory } from './memory.ts'
import { type Step, stepsOf } from './plan.ts'
import {
  addRevision,
  appliedRevision,
  documentsOf,
  markApplied,
  type Revision,
  type RevisionCause,
  readRevision,
  sameDocuments,
} from './revisions.ts'
import type { Snapshot } from './snapshot.ts'

/** What is applied, by whom and why. */
export interface RevisionRequest {
  readonly documents: readonly SourceDocument[]
  readonly beamline: Beamline
  readonly author: string
  readonly reason: string
  readonly cause: Exclude<RevisionCause, 'save'>
  /** The documents are those of this revision, which was saved before. */
  readonly saved?: number | undefined
}

/** What it came to. */
export interface AppliedRevision {
  /** Number of the revision that the database holds now. */
  readonly revision: number
  readonly changes: readonly Change[]
  readonly steps: readonly Step[]
  readonly snapshot: Snapshot
}

/** What applying would do, without doing it. */
export function foresee(store: Store, beamline: Beamline): Pick<AppliedRevision, 'changes' | 'steps'> {
  let steps: readonly Step[] = []
  const alongside: ApplyOptions['alongside'] = (application) => {
    steps = stepsOf(store, application)
  }
  const { changes } = applied(store, beamline, { dryRun: true, alongside })
  return { changes, steps }
}

/** Whether files are those that the database holds. */
export function isApplied(store: Store, documents: readonly SourceDocument[]): boolean {
  const number = appliedRevision(store)
  return number > 0 && sameDocuments(documentsOf(store, number), documents)
}

/**
 * Applies files to a running facility. The steps are remembered until {@link stepsTaken}: they are to be taken also when
 * this process ends before.
 */
export function applyRevision(store: Store, request: RevisionRequest): AppliedRevision {
  let revision = appliedRevision(store)
  let steps: readonly Step[] = []
  const { changes, snapshot } = applied(store, request.beamline, {
    alongside: (application) => {
      steps = stepsOf(store, application)
      if (application.changes.length > 0 || !isApplied(store, request.documents)) {
        revision = note(store, request, application.changes)
      }
      remember(store, steps)
    },
  })
  return { revision, changes, steps, snapshot }
}

/** What a start has changed. */
export interface AppliedAtStart {
  readonly changes: readonly Change[]
  /** Revision that somebody had applied to the running facility, and that the file of the start replaces. */
  readonly replaced: Revision | undefined
}

/** What is found out anew at each start. */
const OF_THE_START = /->(Host|Port|DataFolder)$/i

/**
 * Applies files while nothing runs yet. Addresses of simulated boxes change with each start; they alone make no
 * revision.
 */
export function applyAtStart(
  store: Store,
  request: RevisionRequest,
  launch: Pick<ApplyOptions, 'boxes' | 'dataFolder'>,
): AppliedAtStart {
  const former = appliedRevision(store)
  const same = isApplied(store, request.documents)
  const before = former === 0 || same ? undefined : readRevision(store, former)
  const { changes } = applied(store, request.beamline, {
    ...launch,
    alongside: (application) => {
      const lasting = application.changes.filter(({ what }) => !OF_THE_START.test(what))
      if (!same || lasting.length > 0) note(store, request, application.changes)
      remember(store, [])
    },
  })
  return { changes, replaced: before?.cause === 'start' ? undefined : before }
}

/** Steps that a former process did not come to. */
export function pendingSteps(store: Store): readonly Step[] {
  return new Memory(store).get('pending').map((line): Step => JSON.parse(line))
}

/** The running devices have followed. */
export function stepsTaken(store: Store): void {
  remember(store, [])
}

function remember(store: Store, steps: readonly Step[]): void {
  const memory = new Memory(store)
  memory.put(
    'pending',
    steps.map((step) => JSON.stringify(step)),
  )
  memory.write()
}

function note(store: Store, { saved, ...request }: RevisionRequest, changes: readonly Change[]): number {
  if (saved === undefined) return addRevision(store, { ...request, changes: changeLines(changes) })
  markApplied(store, saved)
  return saved
}
