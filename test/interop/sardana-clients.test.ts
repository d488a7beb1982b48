// What clients of Sardana do, done with PyTango alone: requests in XML, life cycle of measurement groups, elements that come
// and go, pickled environment, and events that survive what other clients' habits do to shared processes.

import assert from 'node:assert/strict'
import { TestFacility } from '../support/facility.ts'
import { needPeers, runPython } from '../support/peers.ts'

const SCRIPT = new URL('../../../test/interop/python/sardana_clients.py', import.meta.url).pathname

interface MacroRun {
  readonly reply: readonly string[]
  readonly events: readonly string[]
  readonly records: readonly { readonly type: string; readonly macro_id: string; readonly data: ScanData }[]
}

interface ScanData {
  readonly column_desc: readonly { readonly name: string; readonly plot_axes?: readonly string[] }[]
  readonly ref_moveables: readonly string[]
}

interface Started {
  readonly group: readonly string[]
  readonly index: readonly number[]
}

type Refusal = readonly [reason: string, desc: string] | null
type Told = readonly Readonly<Record<string, readonly string[]>>[]

/** What sardana_clients.py has seen. */
type Seen = Readonly<
  Record<'move' | 'missing' | 'sequence' | 'unknown' | 'unknown_element' | 'scan', MacroRun> &
    Record<'unknown_words' | 'wrong_type' | 'in_use' | 'unprepared' | 'third' | 'no_json', Refusal> &
    Record<'busy_between' | 'busy_during', Refusal> &
    Record<'first' | 'second' | 'repeats' | 'after_stop_between' | 'after_stop_during', Started> &
    Record<'created' | 'renamed' | 'deleted' | 'controller' | 'axis' | 'group' | 'elsewhere', Told> &
    Record<'door_errors' | 'pool_errors' | 'group_errors' | 'kept_errors' | 'group_states', readonly string[]> &
    Record<'pause' | 'types', readonly string[]> & {
      readonly stop: string
      readonly abort: string
      readonly idle: Readonly<Record<string, Refusal>>
      readonly environment_event: unknown
      readonly environment: unknown
      readonly environment_del: unknown
      readonly parents: unknown
      readonly group_position: readonly number[]
      readonly class_info: readonly ({ readonly name: string; readonly types: readonly string[] } | null)[]
      readonly configurations: unknown
      readonly synch: unknown
      readonly parameters: unknown
      readonly kept: readonly (readonly string[])[]
    }
>

for (const isolated of [false, true]) {
  describe(`Clients of Sardana at the ${isolated ? 'isolated' : 'fast'} layout`, function () {
    this.timeout(90_000)
    let facility: TestFacility
    let seen: Seen

    before(async function () {
      needPeers(this, 'pytango')
      facility = await TestFacility.start({ isolated })
      const result = await runPython(SCRIPT, [facility.doorName, 'macroserver/demo1/1', 'pool/demo1/1'], {
        env: { TANGO_HOST: facility.tangoHost },
        timeoutMs: 60_000,
      })
      assert.equal(result.code, 0, result.stderr + result.stdout)
      seen = JSON.parse(result.stdout) as Seen
    })
    after(() => facility?.close())

    it('get the echo of a request in XML, RUNNING, the states of each macro with its id, and ON', () => {
      assert.match(seen.move.reply.join(), /^<macro name="mv" id="a1"><paramrepeat/)
      assert.deepEqual(seen.move.events, ['state RUNNING', 'macrostatus start a1', 'macrostatus finish a1', 'state ON'])
      assert.deepEqual(
        seen.sequence.events.filter((e) => e.startsWith('macrostatus')),
        ['macrostatus start s1', 'macrostatus finish s1', 'macrostatus start s2', 'macrostatus finish s2'],
      )
      assert.equal(seen.sequence.events.at(-1), 'state ON')
    })

    it('may leave out the value of a parameter that has a default', () => {
      assert.equal(seen.missing.events.at(-1), 'state ON')
      assert.ok(seen.missing.events.includes('output'))
    })

    it('see a request in XML that cannot run start and end in ALARM, and one in words refused', () => {
      for (const [run, text] of [
        [seen.unknown, /nosuchmacro/],
        [seen.unknown_element, /nomotor.*usage: mv/],
      ] as const) {
        assert.equal(run.events[0], 'state RUNNING')
        assert.equal(run.events.at(-1), 'state ALARM')
        assert.match(run.events.find((e) => e.startsWith('error')) ?? '', text)
      }
      assert.equal(seen.unknown_words?.[0], 'Macro_Unknown')
    })

    it('can plot a scan from its records: every axis named there is a column', () => {
      assert.deepEqual(
        seen.scan.records.map((r) => r.type),
        ['data_desc', 'record_data', 'record_data', 'record_data', 'record_end'],
      )
      for (const record of seen.scan.records) assert.equal(record.macro_id, 'a5')
      const { column_desc, ref_moveables } = seen.scan.records[0]?.data ?? assert.fail('no description')
      assert.deepEqual(ref_moveables, ['dmot01'])
      const names = column_desc.map((c) => c.name)
      const axes = column_desc.flatMap((c) => c.plot_axes ?? [])
      assert.ok(axes.length > 0)
      for (const axis of axes) assert.ok(names.includes(axis), `${axis} is not among ${names.join(', ')}`)
    })

    it('stop, abort, pause and resume, each with its status, and are refused what the state does not allow', () => {
      assert.equal(seen.stop, 'stop')
      assert.equal(seen.abort, 'abort')
      assert.deepEqual(seen.pause, ['start', 'pause', 'resume', 'stop'])
      for (const [command, refusal] of Object.entries(seen.idle))
        assert.equal(refusal?.[0], command === 'AbortMacro' ? undefined : 'API_CommandNotAllowed', command)
      assert.deepEqual(seen.door_errors, [])
    })

    it('write and read the environment as pickles and hear of changes', () => {
      const value = { Tuple: [1, 2.5, null, true, 'ü'], Dict: { a: [1] } }
      assert.deepEqual(seen.environment_event, { new: value, change: {}, del: [] })
      assert.deepEqual(seen.environment, { ...value, ActiveMntGrp: 'mg_demo' })
      assert.deepEqual(seen.environment_del, { new: {}, change: {}, del: ['Tuple', 'Dict'] })
    })

    it('find the pool, controllers as parents of their axes, and drivers as controller classes', () => {
      for (const type of ['Pool', 'Controller', 'ControllerClass', 'Motor', 'CTExpChannel', 'MeasurementGroup'])
        assert.ok(seen.types.includes(type), type)
      assert.deepEqual(seen.parents, {
        mot01: 'icepap',
        dct01: 'dctctrl',
        dmotctrl: 'DummyMotorController',
        mg_dummy: 'Pool_demo1',
      })
      assert.deepEqual(
        seen.class_info.map((c) => c?.types),
        [['Motor'], undefined],
      )
    })

    it('create, rename and delete elements, and pool and macro server tell of each', () => {
      const both = (change: string, name: string) => [{ [change]: [name] }, { [change]: [name] }]
      assert.deepEqual(seen.created, both('new', 'mg_trial'))
      assert.deepEqual(seen.renamed, both('change', 'mg_other'))
      assert.deepEqual(seen.deleted, both('del', 'mg_other'))
      assert.deepEqual(seen.controller, both('new', 'trialctrl'))
      assert.deepEqual(seen.axis, both('new', 'trialmot'))
      assert.deepEqual(seen.group, both('new', 'trialgroup'))
      assert.deepEqual(seen.elsewhere, both('new', 'mot07'))
      assert.equal(seen.wrong_type?.[0], 'API_InvalidArgs')
      assert.deepEqual(seen.in_use?.[0], 'Element_InUse')
      assert.match(seen.in_use?.[1] ?? '', /trialgroup/)
      assert.deepEqual(seen.pool_errors, [])
    })

    it('move a new motor group and see MOVING, then ON', () => {
      assert.deepEqual(seen.group_states, ['MOVING', 'ON'])
      assert.deepEqual(seen.group_position, [0.5, 0.25])
    })

    it('read the configurations of all measurement groups in one call', () => {
      assert.deepEqual(seen.configurations, {
        mg_demo: ['ct01', 'ct02', 'ct03', 'ct04'],
        mg_dummy: ['dct01'],
        mg_dummy4: ['dct01', 'dct02', 'dct03', 'dct04'],
      })
      assert.equal(seen.no_json?.[0], 'MeasurementGroup_Configuration')
    })

    it('prepare a group once and start it as often as they said, with a value for each start', () => {
      assert.equal(seen.unprepared?.[0], 'MeasurementGroup_NotPrepared')
      assert.deepEqual(seen.first, { group: ['MOVING', 'ON'], index: [0] })
      assert.deepEqual(seen.second, { group: ['MOVING', 'ON'], index: [1] })
      assert.equal(seen.third?.[0], 'MeasurementGroup_NotPrepared')
      // the first read of a buffer fails, the subscription stays
      for (const error of seen.group_errors) assert.equal(error, 'API_UnsupportedFeature')
    })

    it('see a group MOVING through all repeats of one start, with every value before ON', () => {
      assert.deepEqual(seen.synch, [{ 0: { 0: 0 }, 1: { 0: 0.05 }, 2: { 0: 0.01 }, 3: 3 }])
      assert.deepEqual(seen.repeats, { group: ['MOVING', 'ON'], index: [0, 1, 2] })
    })

    it('stop a group between and during exposures, and the next start works', () => {
      assert.equal(seen.busy_between?.[0], 'Element_InUse')
      assert.equal(seen.busy_during?.[0], 'Element_InUse')
      assert.deepEqual(seen.after_stop_between, { group: ['MOVING', 'ON'], index: [0] })
      assert.deepEqual(seen.after_stop_during, { group: ['MOVING', 'ON'], index: [0] })
    })

    it('hear of changed motor parameters', () => {
      assert.deepEqual(seen.parameters, [
        ['velocity', 3],
        ['offset', 0.5],
        ['offset', 0],
      ])
    })

    it('miss no event of one server after dropping all subscriptions of another', () => {
      assert.deepEqual(seen.kept, [
        ['RUNNING', 'ON'],
        ['RUNNING', 'ON'],
        ['RUNNING', 'ON'],
      ])
      assert.deepEqual(seen.kept_errors, [])
    })
  })
}
