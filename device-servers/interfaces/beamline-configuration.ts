// The configuration of the beamline as a device: check, plan, apply, history. Commands take and give JSON objects with
// `"version": 1`; docs/reference/configuration.md has every field.

import { defineInterface } from '#tango/pure'

const json = { in: 'DevString', out: 'DevString', inDoc: 'JSON object', outDoc: 'JSON object' } as const

/** Class `BeamlineConfiguration`. ON: idle; RUNNING: a configuration is being applied, the status says how far. */
export const beamlineConfiguration = defineInterface({
  class: 'BeamlineConfiguration',
  doc: 'Checks, applies and keeps the files that describe the beamline.',
  attributes: {
    revision: { type: 'DevLong', pushes: 'unfiltered', doc: 'Number of the revision that is applied; 0 for none.' },
    newestRevision: { type: 'DevLong', pushes: 'unfiltered', doc: 'Number of the newest revision, applied or not.' },
    beamline: { type: 'DevString', doc: 'Name of the beamline that is applied.' },
  },
  commands: {
    check: { ...json, doc: 'Findings in documents; nothing is written.' },
    plan: { ...json, doc: 'What applying documents would change, restart, and what stands against it.' },
    apply: { ...json, longRunning: true, doc: 'Applies documents or a saved revision: all of it or nothing.' },
    dump: { ...json, doc: 'The configuration that the database holds, as a beamline file.' },
    diff: { ...json, doc: 'Differences between the files of two revisions, or of documents and a revision.' },
    history: { ...json, doc: 'Revisions, the newest first.' },
    rollback: { ...json, longRunning: true, doc: 'Applies an earlier revision as a new one.' },
    getDocuments: { ...json, doc: 'The files of a revision, the applied one when none is named.' },
    putDocuments: { ...json, doc: 'Saves checked documents as a revision without applying them.' },
    schema: { ...json, doc: 'JSON Schema of beamline files.' },
    backupDatabase: { ...json, doc: 'Copies the database to a file while it runs.' },
  },
  properties: {},
})
