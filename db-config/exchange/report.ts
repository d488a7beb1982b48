// What an import or export could not carry over, or had to change: each with its place, so that nothing is lost unseen.

import { devFailed } from '#tango/pure'

/** `lost`: not carried over; `changed`: carried over in another form, look at it; `note`: nothing to do. */
export type FindingKind = 'lost' | 'changed' | 'note'

/** One remark about what was exchanged. */
export interface ExchangeFinding {
  readonly kind: FindingKind
  /** `file:line:column`, or the device and property in a database. */
  readonly place: string
  readonly text: string
}

/** A file of a configuration with its text. */
export interface ExchangeDocument {
  readonly path: string
  readonly text: string
}

/** What an import from another format gives. */
export interface ImportResult {
  /** Beamline files; the first is the root. */
  readonly documents: readonly ExchangeDocument[]
  readonly report: readonly ExchangeFinding[]
}

/** What an export to another format gives. */
export interface ExportResult {
  readonly text: string
  readonly report: readonly ExchangeFinding[]
}

/** Collects findings; the same finding twice is one. */
export class ExchangeReport {
  readonly #findings = new Map<string, ExchangeFinding>()

  /** In the order of their places in each file; files and devices in the order in which they were met. */
  get findings(): readonly ExchangeFinding[] {
    const files = new Map<string, number>()
    const keyed = [...this.#findings.values()].map((finding) => {
      const [, file = finding.place, line = '0', column = '0'] = /^(.*):(\d+):(\d+)$/.exec(finding.place) ?? []
      if (!files.has(file)) files.set(file, files.size)
      return { finding, order: [files.get(file) ?? 0, Number(line), Number(column)] as const }
    })
    return keyed
      .sort(({ order: a }, { order: b }) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
      .map(({ finding }) => finding)
  }

  lost(place: string, text: string): void {
    this.#add('lost', place, text)
  }

  changed(place: string, text: string): void {
    this.#add('changed', place, text)
  }

  note(place: string, text: string): void {
    this.#add('note', place, text)
  }

  #add(kind: FindingKind, place: string, text: string): void {
    this.#findings.set(`${kind} ${place} ${text}`, { kind, place, text })
  }
}

/** `motors.yml:3:5: lost: there is no place for tolerance` */
export function formatFinding({ kind, place, text }: ExchangeFinding): string {
  return `${place}: ${kind}: ${text}`
}

/** Refuses an input that cannot be read at all. `lines` name file, line and column. */
export function unreadable(lines: readonly string[]): Error {
  return devFailed('Exchange_Invalid', lines.join('\n'))
}
