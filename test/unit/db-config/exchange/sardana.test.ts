// Sardana's YAML configuration in and out.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { parseBeamline, readBeamlineFile } from '../../../../db-config/config/beamline-file.ts'
import { knownControllers } from '../../../../db-config/exchange/known-controllers.ts'
import { type ExchangeFinding, formatFinding, type ImportResult } from '../../../../db-config/exchange/report.ts'
import { exportSardanaYaml, importSardanaYaml } from '../../../../db-config/exchange/sardana.ts'

const DEMO = new URL('../../../../../db-config/beamlines/demo.yaml', import.meta.url).pathname
const FIXTURE = new URL('../../../../../test/unit/db-config/exchange/fixtures/sardana.yaml', import.meta.url).pathname
const DRIVERS = { motor: ['icepap', 'dummy-motor'], counter: ['electrometer', 'dummy-counter'] }

const text = readFileSync(FIXTURE, 'utf8')

function rootOf({ documents }: ImportResult): string {
  return documents[0]?.text ?? ''
}

function lines(report: readonly ExchangeFinding[], kind?: string): readonly string[] {
  return report.filter((finding) => kind === undefined || finding.kind === kind).map(formatFinding)
}

describe('importSardanaYaml', () => {
  it('gives a beamline file that the check accepts but for the drivers that there are not', () => {
    const result = importSardanaYaml(text, { file: 'sardana.yaml' })
    assert.deepEqual(
      result.documents.map(({ path }) => path),
      ['beamline.yaml'],
    )
    assert.throws(() => parseBeamline(rootOf(result), 'b.yaml', { drivers: DRIVERS }), {
      message: /b\.yaml:\d+:\d+: controller site01: there is no counter driver site-counter-ctrl; [^\n]*$/,
    })
    const beamline = parseBeamline(rootOf(result), 'b.yaml')
    assert.equal(beamline.name, 'bl99')
    assert.deepEqual(beamline.servers, ['Pool/bl99', 'MacroServer/bl99', 'Recorder/bl99'])
    assert.deepEqual(beamline.pool, { server: 'Pool/bl99', device: 'pool/bl99/1', alias: 'Pool_bl99_1' })
    const [icepap, electrometer, site] = beamline.controllers
    assert.deepEqual(
      [icepap?.name, icepap?.driver, icepap?.server, icepap?.properties],
      ['ipap01', 'icepap', 'Pool/bl99', { Host: ['icepap99.example'], Port: ['5000'], TimeoutMs: ['2000'] }],
    )
    assert.deepEqual(icepap?.axes[0], {
      name: 'top',
      axis: 11,
      unit: 'mm',
      limits: [-10, 10.5],
      settings: { Step_per_unit: 2000, Velocity: 1.5, Acceleration: 0.2, Sign: -1, Backlash: 50 },
    })
    // axis 1 was the timer
    assert.deepEqual(
      electrometer?.axes.map(({ name, axis }) => [name, axis]),
      [
        ['diode', 1],
        ['i0', 2],
      ],
    )
    assert.deepEqual(electrometer?.properties, { Host: ['em99.example'], Port: ['5025'] })
    assert.deepEqual(site?.properties, {
      Device: ['ni/counter/1'],
      Table: ['[[1, 2], [3, 4]]'],
      Channels: ['[1, 2]', '007'],
    })
    assert.deepEqual(
      site?.axes.map(({ name }) => name),
      ['count_er'],
    )
    assert.deepEqual(beamline.measurementGroups, [
      { name: 'mg_all', channels: ['diode', 'i0', 'sys/tg_test/1/ampli'], timer: 'i0' },
    ])
    assert.deepEqual(
      beamline.instruments.map((instrument) => [instrument.name, instrument.class, instrument.elements]),
      [
        ['/slits', 'NXcollection', []],
        ['/slits/front', 'NXslit', ['top', 'bottom']],
        ['/mono', 'NXcollection', []],
      ],
    )
    // a text, no variable of ours
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it stands in the file like this
    assert.deepEqual(beamline.macroServer?.environment, { ActiveMntGrp: 'mg_all', ScanDir: '/data/${user}' })
    assert.deepEqual(
      beamline.doors.map(({ alias }) => alias),
      ['Door_bl99_1', 'Door_bl99_2'],
    )
  })

  it('keeps as comments what is not possible yet', () => {
    const root = rootOf(importSardanaYaml(text))
    assert.match(
      root,
      /# not yet possible: Sardana PseudoMotor controller Slit of Slit\.py\n {2}# of sl2t: top, sl2b: bottom/,
    )
    assert.match(root, / {2}# - name: slit01\n {2}# {3}type: pseudo-motor/)
    assert.match(root, / {2}# none of its elements is there\n {2}# - \{ name: mg_lost/)
  })

  it('names with file, line and column everything that it could not carry over', () => {
    const { report } = importSardanaYaml(text, { file: 'sardana.yaml' })
    const missing = [
      'sardana.yaml:8:5: lost: there is no place for pool bl99: PoolPath (/opt/site/controllers)',
      'sardana.yaml:25:11: lost: ipap01: driver icepap has no property Beam (3)',
      'sardana.yaml:25:26: lost: there is no place for the tag !special',
      'sardana.yaml:36:15: lost: there is no place for top: Position: label Top blade',
      'sardana.yaml:43:15: lost: there is no place for top: PowerOn true',
      'sardana.yaml:48:15: lost: bottom: limits need two numbers, the lower one first; min_value 4, max_value is missing',
      'sardana.yaml:49:11: lost: theta: there is no instrument /nowhere',
      'sardana.yaml:52:13: lost: theta: there is no place for property DriftCorrection (true)',
      'sardana.yaml:53:7: lost: slit01: there are no controllers of type PseudoMotor yet; kept as a comment',
      'sardana.yaml:65:61: lost: em01: driver electrometer has no property ExtTriggerInput (DIO_1)',
      "sardana.yaml:74:23: lost: site01: there is no place for the controller's attribute Gain",
      'sardana.yaml:89:13: lost: mg_all: diode: there is no place for plot_type: 1',
      'sardana.yaml:101:5: lost: macro server bl99: there is no place for MaxParallelMacros (10)',
      'sardana.yaml:96:3: lost: environment variable bad name: a name has letters, digits and _',
    ].filter((line) => !lines(report, 'lost').includes(line))
    assert.deepEqual(missing, [], `the report is\n${lines(report).join('\n')}`)
  })

  it('takes dummies for unknown controllers, or leaves them out, as asked', () => {
    const dummies = importSardanaYaml(text, { unknownDrivers: 'dummy' })
    const site = parseBeamline(rootOf(dummies), 'b.yaml', { drivers: DRIVERS }).controllers.find(
      ({ name }) => name === 'site01',
    )
    assert.deepEqual([site?.driver, site?.properties], ['dummy-counter', { AxisCount: ['1'] }])
    assert.ok(
      lines(dummies.report, 'lost').some((line) => line.includes('the dummy has no property Device: ni/counter/1')),
    )
    const left = importSardanaYaml(text, { unknownDrivers: 'comment' })
    const names = parseBeamline(rootOf(left), 'b.yaml', { drivers: DRIVERS }).controllers.map(({ name }) => name)
    assert.deepEqual(names, ['ipap01', 'em01'])
  })

  it('reads files that the file includes, and says which one cannot be read', () => {
    const root = 'pools:\n  p:\n    controllers:\n      c: !include "parts/c.yaml"\n'
    const files = new Map([
      ['conf/parts/c.yaml', 'type: Motor\npython_class: DummyMotorController\nelements: !include e.yaml\n'],
      ['conf/parts/e.yaml', 'm1: { axis: 1, colour: red }\n'],
    ])
    const readFile = (path: string): string | undefined => files.get(path)
    const result = importSardanaYaml(root, { file: 'conf/all.yaml', readFile })
    const beamline = parseBeamline(rootOf(result), 'b.yaml', { drivers: DRIVERS })
    assert.deepEqual(
      beamline.controllers[0]?.axes.map(({ name }) => name),
      ['m1'],
    )
    assert.ok(lines(result.report).includes('conf/parts/e.yaml:1:16: lost: element m1: unknown field colour: red'))
    files.set('conf/parts/e.yaml', '!include ../all.yaml')
    files.set('conf/all.yaml', root)
    assert.throws(() => importSardanaYaml(root, { file: 'conf/all.yaml', readFile }), {
      message: /conf\/parts\/e\.yaml:1:10: the files include each other: conf\/all\.yaml -> /,
    })
    assert.throws(() => importSardanaYaml(root, { file: 'conf/all.yaml' }), {
      reason: 'Exchange_Invalid',
      message: /conf\/all\.yaml:4:\d+: conf\/parts\/c\.yaml cannot be read/,
    })
  })

  it('joins several pools, and reports a second macro server', () => {
    const pool = (name: string): string =>
      `  ${name}:\n    controllers:\n      c${name}: { type: Motor, python_class: DummyMotorController, elements: { m${name}: { axis: 1 } } }\n`
    const result = importSardanaYaml(
      `pools:\n${pool('a')}${pool('b')}macro_servers:\n  x: { doors: { D1: { tango_device: door/x/1 } } }\n  y: { doors: {} }\n`,
    )
    const beamline = parseBeamline(rootOf(result), 'b.yaml', { drivers: DRIVERS })
    assert.deepEqual(
      beamline.controllers.map(({ name, server }) => [name, server]),
      [
        ['ca', 'Pool/a'],
        ['cb', 'Controllers/b'],
      ],
    )
    assert.ok(lines(result.report, 'lost').some((line) => /macro server y: a beamline has one macro server/.test(line)))
  })

  for (const [what, bad, message] of [
    ['broken YAML', 'pools: [', /f\.yaml:1:\d+: /],
    ['another file', 'version: 1\n', /f\.yaml:1:1: there are no pools/],
    [
      'an axis that is no number',
      'pools: {p: {controllers: {c: {type: Motor, python_class: X, elements: {m: {axis: one}}}}}}',
      /element m: axis should be a whole number/,
    ],
    [
      'an unknown type',
      'pools: {p: {controllers: {c: {type: Motr, python_class: X}}}}',
      /controller c: type Motr; it should be one of Motor, /,
    ],
  ] as const) {
    it(`refuses ${what}`, () => {
      assert.throws(() => importSardanaYaml(bad, { file: 'f.yaml' }), { reason: 'Exchange_Invalid', message })
    })
  }
})

describe('knownControllers', () => {
  it('is the table of the documentation', () => {
    const page = readFileSync(new URL('../../../../../docs/reference/exchange-formats.md', import.meta.url), 'utf8')
    const [, table = ''] = /## Controllers and drivers\n([\s\S]*?)\nA controller/.exec(page) ?? []
    const rows = table.split('\n').map((line) => line.toLowerCase())
    for (const { class: name, driver } of knownControllers()) {
      assert.ok(
        rows.some((row) => row.includes(`\`${name}\``) && row.includes(`\`${driver}\``)),
        `${name} is ${driver}`,
      )
    }
  })
})

describe('exportSardanaYaml', () => {
  it('gives a configuration from which the import makes the same beamline, but for what Sardana has not', () => {
    const demo = readBeamlineFile(DEMO)
    const { text: yaml, report } = exportSardanaYaml(demo)
    assert.ok(lines(report, 'lost').includes('simulators: lost: there is no place for simulators: icepap, em01'))
    const back = parseBeamline(rootOf(importSardanaYaml(yaml)), 'b.yaml', { drivers: DRIVERS })
    assert.deepEqual(back.measurementGroups, demo.measurementGroups)
    assert.deepEqual(back.pool, demo.pool)
    assert.deepEqual(back.macroServer, demo.macroServer)
    assert.deepEqual(back.doors, demo.doors)
    assert.deepEqual(
      back.controllers.map(({ name, type, driver, axes, properties }) => ({ name, type, driver, axes, properties })),
      demo.controllers.map(({ name, type, driver, axes, properties }) => ({ name, type, driver, axes, properties })),
    )
  })

  it('keeps instruments, timers, units and properties', () => {
    const file = parseBeamline(
      `version: 1
name: b
servers: [Pool/b]
pool: { server: Pool/b, device: pool/b/1 }
controllers:
  - { name: box, type: motor, driver: icepap, properties: { host: h, timeoutMs: 500, axes: [1, 2] }, axes: [{ name: m, axis: 1, unit: deg }] }
  - { name: own, type: counter, driver: our-own, properties: { list: [a, b], text: '5' }, axes: [{ name: c1, axis: 1, unit: V }, { name: c2, axis: 2 }] }
measurementGroups: [{ name: mg, channels: [c1, c2, a/b/c/d], timer: c2 }]
instruments: [{ name: /table, class: NXpositioner, elements: [m] }]
`,
      'b.yaml',
    )
    const { text: yaml, report } = exportSardanaYaml(file)
    assert.deepEqual(lines(report), [
      'controller box: lost: there is no place for property Axes (1, 2)',
      'controller own: changed: Sardana has no controller for our driver our-own; python_class our-own is a placeholder',
    ])
    const drivers = { motor: ['icepap'], counter: ['our-own'] }
    const back = parseBeamline(rootOf(importSardanaYaml(yaml, { drivers })), 'b.yaml')
    assert.deepEqual(back.measurementGroups, file.measurementGroups)
    assert.deepEqual(back.instruments, file.instruments)
    assert.deepEqual(back.controllers[0]?.properties, { Host: ['h'], TimeoutMs: ['500'] })
    assert.deepEqual(back.controllers[1]?.properties, file.controllers[1]?.properties)
    assert.deepEqual(back.controllers[1]?.axes, file.controllers[1]?.axes)
  })
})
