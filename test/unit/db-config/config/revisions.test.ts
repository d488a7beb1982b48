// Revisions of the configuration in the database, and putting back what was there before.
import assert from 'node:assert/strict'
import { applied } from '../../../../db-config/config/apply.ts'
import { applyAtStart, applyRevision, pendingSteps, stepsTaken } from '../../../../db-config/config/apply-revision.ts'
import { parseBeamline } from '../../../../db-config/config/beamline-file.ts'
import {
  addRevision,
  appliedRevision,
  documentsOf,
  listRevisions,
  newestRevision,
  readRevision,
  withdrawRevision,
} from '../../../../db-config/config/revisions.ts'
import { asciiJson, parts } from '../../../../db-config/config/text.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Scope, Store } from '../../../../db-config/store/store.ts'
import { SMALL } from './small-beamline.ts'

const ORIGIN = { author: 'anna@crate', reason: 'more light', cause: 'apply' } as const

describe('Revisions', () => {
  let store: Store

  beforeEach(() => {
    store = memoryStore({ now: () => 1_700_000_000 })
  })

  afterEach(() => {
    store.close()
  })

  function apply(text = SMALL, cause: 'apply' | 'rollback' = 'apply') {
    const beamline = parseBeamline(text, 'small.yaml')
    return applyRevision(store, { documents: [{ path: 'small.yaml', text }], beamline, ...ORIGIN, cause })
  }

  it('keep files, author, reason, date and changes', () => {
    const documents = [
      { path: 'a.yaml', text: '# \u00b5m \u2192 \u{1f50d}\n"quotes" \\ \'single\'\n' },
      { path: 'b/c.yaml', text: '' },
    ]
    const number = addRevision(store, { ...ORIGIN, changes: ['+ a: b'], documents })
    assert.equal(number, 1)
    assert.deepEqual(documentsOf(store, 1), documents)
    assert.deepEqual(readRevision(store, 1), {
      number: 1,
      author: 'anna@crate',
      reason: 'more light',
      date: '2023-11-14T22:13:20.000Z',
      cause: 'apply',
      applied: true,
      paths: ['a.yaml', 'b/c.yaml'],
      changes: ['+ a: b'],
    })
  })

  it('keep large files in values that every database takes, all of them ASCII', () => {
    const text = '\u03b8'.repeat(50_000)
    addRevision(store, { ...ORIGIN, changes: [], documents: [{ path: 'large.yaml', text }] })
    const values = [...store.properties.all({ scope: 'object', owner: 'bandoneon/revision/1' }).values()].flat()
    assert.ok(values.length > 10)
    assert.ok(values.every((value) => value.length <= 16_000 && /^[\x20-\x7e]*$/.test(value)))
    assert.equal(documentsOf(store, 1)[0]?.text, text)
  })

  it('are listed with the newest first', () => {
    for (const reason of ['one', 'two']) addRevision(store, { ...ORIGIN, reason, changes: [], documents: [] })
    assert.deepEqual(
      listRevisions(store).map(({ number, reason }) => [number, reason]),
      [
        [2, 'two'],
        [1, 'one'],
      ],
    )
  })

  it('that are not there are named with those that are', () => {
    addRevision(store, { ...ORIGIN, changes: [], documents: [] })
    assert.throws(() => documentsOf(store, 7), {
      reason: 'Config_RevisionUnknown',
      message: /no revision 7; there are 1 to 1/,
    })
  })

  it('are made by an application that changes something, and by no other', () => {
    assert.equal(apply().revision, 1)
    stepsTaken(store)
    const { revision, changes } = apply()
    assert.deepEqual([revision, changes.length], [1, 0])
    assert.equal(apply(`${SMALL}# a comment\n`).revision, 2)
    assert.equal(appliedRevision(store), 2)
  })

  it('are made at a start with a changed file, not by the new addresses of simulators', () => {
    const documents = [{ path: 'small.yaml', text: SMALL }]
    const start = (file: typeof documents, dataFolder: string) =>
      applyAtStart(
        store,
        { documents: file, beamline: parseBeamline(file[0]?.text ?? '', 'f'), ...ORIGIN, cause: 'start' },
        { boxes: {}, dataFolder },
      )
    start(documents, '/one')
    assert.ok(start(documents, '/two').changes.length > 0)
    assert.equal(newestRevision(store), 1)
    start([{ path: 'small.yaml', text: SMALL.replace('[-1, 1]', '[-2, 1]') }], '/two')
    assert.equal(newestRevision(store), 2)
    assert.equal(readRevision(store, 2).cause, 'start')
    store.properties.put({ scope: 'device', owner: 'motor/motors/2' }, 'Axis', ['7'])
    start([{ path: 'small.yaml', text: SMALL.replace('[-1, 1]', '[-2, 1]') }], '/two')
    assert.deepEqual(readRevision(store, 3).changes, ['~ motor/motors/2->Axis: 7 -> 2'])
  })

  it('of others that a start replaces are told', () => {
    apply(SMALL.replace('[-1, 1]', '[-2, 1]'))
    const request = { documents: [{ path: 's', text: SMALL }], beamline: parseBeamline(SMALL, 's'), ...ORIGIN }
    const { replaced } = applyAtStart(store, { ...request, cause: 'start' }, {})
    assert.deepEqual([replaced?.number, replaced?.author], [1, 'anna@crate'])
    assert.equal(applyAtStart(store, { ...request, cause: 'start' }, {}).replaced, undefined)
  })

  it('remember the steps that are to be taken until they are', () => {
    apply()
    apply(SMALL.replace('[-1, 1]', '[-2, 1]'))
    assert.deepEqual(
      pendingSteps(store).map(({ action, device }) => `${action} ${device}`),
      ['restart motor/motors/1', 'reload pool/small/1'],
    )
    stepsTaken(store)
    assert.deepEqual(pendingSteps(store), [])
  })

  it('that were taken back keep their number and say why', () => {
    apply()
    const { revision, snapshot } = apply(SMALL.replace('[-1, 1]', '[-2, 1]'))
    snapshot.restore()
    withdrawRevision(store, revision, 'the crate is off')
    assert.deepEqual([appliedRevision(store), newestRevision(store)], [1, 2])
    assert.deepEqual([readRevision(store, 2).applied, readRevision(store, 2).withdrawn], [false, 'the crate is off'])
    assert.equal(apply(SMALL.replace('[-1, 1]', '[-3, 1]')).revision, 3)
  })

  describe('a snapshot', () => {
    const EDITS: readonly (readonly [string, string, string])[] = [
      ['a changed limit', '[-1, 1]', '[-2, 1]'],
      ['a new axis', '- { name: m2, axis: 2 }', '- { name: m2, axis: 2 }\n      - { name: m3, axis: 3 }'],
      ['swapped names', '{ name: m2, axis: 2 }', '{ name: m2, axis: 3 }'],
      ['a renamed axis', ', { name: c2, axis: 2 }', ', { name: c3, axis: 2 }'],
      ['a removed axis', ', { name: c2, axis: 2 }', ''],
      ['another server', 'name: motors\n', 'name: motors\n    server: MacroServer/small\n'],
      ['a session', 'controllers:', 'sessions: [{ name: s, include: [m1] }]\nhosts: [{ name: h }]\ncontrollers:'],
    ]
    for (const [what, from, to] of EDITS) {
      it(`puts everything back after ${what}`, () => {
        assert.ok(SMALL.includes(from))
        apply()
        stepsTaken(store)
        store.devices.export('motor/motors/1', { ior: 'IOR:1', host: 'h', pid: 7, version: '5' })
        store.attributeAliases.put('expchan/counters/2/value', 'second')
        const before = everything(store)
        const { snapshot } = applied(store, parseBeamline(SMALL.replace(from, to), 'f'))
        assert.notDeepEqual(everything(store), before)
        snapshot.restore()
        assert.deepEqual(everything(store), before)
      })
    }
  })
})

describe('Texts for databases', () => {
  it('are ASCII and mean the same', () => {
    const value = { text: 'a\u00e9\u2192\u{1f600}\n"' }
    assert.match(asciiJson(value), /^[\x20-\x7e]+$/)
    assert.deepEqual(JSON.parse(asciiJson(value)), value)
  })

  it('are cut so that nothing is lost', () => {
    assert.deepEqual(parts('abcdefg', 3), ['abc', 'def', 'g'])
    assert.deepEqual(parts('', 3), [])
  })
})

/** All that a configuration writes, without the times of starts. */
function everything(store: Store): unknown {
  const scopes: readonly Scope[] = ['object', 'device', 'deviceAttribute']
  return {
    devices: store.devices.list({}).map(({ started: _, stopped: __, ...row }) => row),
    servers: ['Pool/small', 'MacroServer/small'].map((name) => store.servers.get(name)),
    aliases: store.attributeAliases.list('*').map((alias) => [alias, store.attributeAliases.attributeOf(alias)]),
    properties: scopes.map((scope) =>
      store.properties
        .owners(scope, '*')
        .map((owner) => [
          owner,
          scope === 'deviceAttribute'
            ? [...store.properties.members(scope, owner)].map(([member, values]) => [member, [...values]])
            : [...store.properties.all({ scope, owner })],
        ]),
    ),
  }
}
