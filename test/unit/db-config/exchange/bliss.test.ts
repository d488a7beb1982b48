// A configuration in the layout of BLISS becomes a beamline file.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseBeamline } from '../../../../db-config/config/beamline-file.ts'
import { importBliss } from '../../../../db-config/exchange/bliss.ts'
import { formatFinding } from '../../../../db-config/exchange/report.ts'

const FOLDER = new URL('../../../../../test/unit/db-config/exchange/fixtures/bliss', import.meta.url).pathname
const DRIVERS = { motor: ['icepap', 'dummy-motor'], counter: ['electrometer', 'dummy-counter'] }

function tree(): Map<string, string> {
  const paths = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  const files = paths.filter((path) => statSync(join(FOLDER, path)).isFile())
  return new Map(files.map((path) => [path, readFileSync(join(FOLDER, path), 'utf8')]))
}

function beamlineOf(files: ReadonlyMap<string, string>, options: Parameters<typeof importBliss>[1] = {}) {
  const { documents, report } = importBliss(files, options)
  const text = documents[0]?.text ?? ''
  return { text, beamline: parseBeamline(text, 'b.yaml'), lines: report.map(formatFinding) }
}

describe('importBliss', () => {
  it('takes motors with steps, limits, times and backlash; one box of two files is one controller', () => {
    const { beamline, lines } = beamlineOf(tree())
    assert.equal(beamline.name, 'BL98')
    const icepap = beamline.controllers[0]
    assert.deepEqual([icepap?.name, icepap?.driver, icepap?.properties], ['icebl98', 'icepap', { Host: ['icebl98'] }])
    assert.deepEqual(icepap?.axes.slice(0, 2), [
      {
        name: 'mono',
        axis: 1,
        unit: 'deg',
        limits: [-5, 25],
        // 2 deg/s in 0.5 s; 0.1 deg are 800 steps
        settings: { Step_per_unit: 8000, Velocity: 2, Acceleration: 0.5, Backlash: 800 },
      },
      {
        name: 'mirror',
        axis: 2,
        unit: undefined,
        // dial limits with the sign turned round
        limits: [-10, 2],
        settings: { Step_per_unit: -1000, Velocity: 0.5, Acceleration: 0.5, Sign: -1 },
      },
    ])
    assert.deepEqual(icepap?.axes.map(({ name, axis }) => [name, axis]).slice(2), [
      ['blade_up', 11],
      ['blade_down', 12],
    ])
    assert.deepEqual(
      beamline.controllers.map(({ name, driver }) => [name, driver]),
      [
        ['icebl98', 'icepap'],
        ['mockup', 'dummy-motor'],
        ['SiteMotion', 'site-motion'],
        ['p201_eh1', 'ct2'],
        ['simulated_counters', 'dummy-counter'],
      ],
    )
    assert.deepEqual(beamline.controllers[2]?.properties, { Host: ['motion.example'], Port: ['5001'] })
    assert.ok(
      lines.some((line) => /^motors\/optics\.yml:2:3: note: icebl98: 2 descriptions of one box are joined/.test(line)),
    )
  })

  it('takes counters, groups of them, and counts attributes by their Tango names', () => {
    const { beamline } = beamlineOf(tree())
    assert.deepEqual(beamline.measurementGroups, [
      { name: 'MG1', channels: ['diode1', 'id98/gauge/1/Pressure'], timer: 'diode1' },
      { name: 'MG2', channels: ['pC1', 'diode2', 'diode1', 'id98/gauge/1/Pressure'], timer: 'pC1' },
    ])
  })

  it('makes the first group the active one, because scans need one', () => {
    const { beamline, lines } = beamlineOf(tree())
    assert.deepEqual(beamline.macroServer?.environment, { ActiveMntGrp: 'MG1' })
    assert.ok(lines.some((line) => /note: MG1 becomes the active measurement group/.test(line)))
  })

  it('takes sessions with what they include, exclude and extend', () => {
    const { beamline, text } = beamlineOf(tree())
    assert.deepEqual(
      beamline.sessions.map(({ name, extends: parents, include, exclude }) => [name, parents, include, exclude]),
      [
        ['optics', [], ['mono', 'mirror', 'diode1', 'MG1'], []],
        ['full', ['optics'], ['blade_up', 'p201_eh1', 'MG2'], ['mirror']],
      ],
    )
    assert.match(text, /# its set-up was \.\/optics_setup\.py/)
  })

  it('keeps slits as a comment, and names everything that it could not carry over', () => {
    const { text, lines } = beamlineOf(tree())
    assert.match(
      text,
      /# not yet possible: BLISS calculated axes slits\n {2}# of \$blade_up: real up, \$blade_down: real down/,
    )
    const missing = [
      '__init__.yml:2:1: lost: there is no place for scan_saving of the folder .: {base_path: /data}',
      'counters/counters.yml:1:3: lost: p201_eh1: there is no driver for BLISS counter controller CT2; it is called ct2 in the file, write such a driver',
      'counters/counters.yml:7:3: lost: p201_eh1: there is no place for external sync: {input: {channel: 9, polarity inverted: false}}',
      'counters/counters.yml:10:40: lost: pC1: there is no place for 50 ohm: true',
      'counters/counters.yml:12:7: lost: p201_eh1: channels {address: 10, level: NIM} has no counter name; left out',
      'counters/counters.yml:26:3: lost: camera: there is nothing for the class Lima yet: tango_url: id98/limaccds/camera',
      'motors/optics.yml:14:7: lost: mono: there is no place for tolerance: 0.01',
      'motors/optics.yml:25:7: lost: linked: address both_legs is no number (a linked axis?); left out: {name: linked, address: both_legs, class: LinkedAxis, steps_per_unit: 200, velocity: 10, acceleration: 20}',
      'motors/optics.yml:31:7: lost: icebl98: there are no encoders yet: {name: mono_enc, address: 1, steps_per_unit: 100000}',
      'motors/optics.yml:35:5: lost: front_slits: there are no pseudo motors yet (slits); kept as a comment: axes: [{name: $blade_up, tags: real up}, {name: $blade_down, tags: real down}, {name: vgap, tags: vgap}, {name: voff, tags: voffset}]',
      'sessions/sessions.yml:4:3: lost: session optics: its set-up ./optics_setup.py is Python; write it anew in TypeScript',
      'sessions/sessions.yml:13:3: lost: session full: there is no place for synoptic: {svg-file: full.svg}',
      'sessions/sessions.yml:14:3: lost: MG1: camera is not among the elements that were carried over; left out',
    ].filter((line) => !lines.includes(line))
    assert.deepEqual(missing, [], `the report is\n${lines.join('\n')}`)
  })

  it('gives a file that passes the check with dummies in the places of missing drivers', () => {
    const { documents } = importBliss(tree(), { unknownDrivers: 'dummy', drivers: DRIVERS })
    const beamline = parseBeamline(documents[0]?.text ?? '', 'b.yaml', { drivers: DRIVERS })
    assert.deepEqual(
      beamline.controllers.map(({ driver }) => driver),
      ['icepap', 'dummy-motor', 'dummy-motor', 'dummy-counter', 'dummy-counter'],
    )
  })

  it('accounts for every value of every file: it is in the beamline file or in the report', () => {
    const files = tree()
    const { text, lines } = beamlineOf(files)
    const all = `${text}\n${lines.join('\n')}`
    const keys = new Set(
      [
        'class',
        'name',
        'plugin',
        'controller',
        'axes',
        'address',
        'counters',
        'counter',
        'uri',
        'include',
        'url',
        'tcp',
      ]
        .concat([
          'counter_name',
          'attr_name',
          'encoders',
          'channels',
          'config-objects',
          'exclude-objects',
          'instrument',
        ])
        .concat(['include-sessions', 'setup-file', 'steps_per_unit', 'low_limit', 'high_limit', 'tags', 'emotion'])
        // what they say is written in another way
        .concat(['bliss', 'session', 'Session', 'MeasurementGroup', 'tango_attr_as_counter', 'gauges'])
        .concat(['icepap', 'mockup', 'simulation_diode', 'motion.example:5001', 'p201_eh1:pC1', '1e5', '-2']),
    )
    const unseen = [...files]
      .filter(([path]) => path.endsWith('.yml'))
      .flatMap(([, content]) => content.replace(/#.*$/gm, '').match(/[\w./:-]*[\w/]/g) ?? [])
      .filter((word) => !keys.has(word) && !all.includes(word))
    assert.deepEqual([...new Set(unseen)], [])
  })

  it('hides folders that BLISS hides, and inherits plug-ins', () => {
    const files = new Map([
      ['a/__init__.yml', 'bliss_ignored: true\n'],
      ['a/x.yml', '- name: hidden\n  class: Lima\n'],
      ['b/__init__.yml', 'plugin: default\n'],
      ['b/c/x.yml', '- name: data\n  value: 5\n'],
    ])
    const { lines } = beamlineOf(
      new Map([...files, ['m.yml', 'class: mockup\naxes: [{ name: m, steps_per_unit: 1 }]\n']]),
    )
    assert.deepEqual(lines, [
      'a/x.yml: note: not read: its folder says bliss_ignored',
      'b/c/x.yml:1:3: lost: data: there is nothing for data of the plug-in default yet: value: 5',
    ])
  })

  it('refuses broken files and names that are there twice, all at once', () => {
    const files = new Map([
      ['a.yml', '- name: [\n'],
      ['b.yml', '- { name: x, class: mockup }\n- { name: x, class: mockup }\n'],
    ])
    assert.throws(() => importBliss(files), {
      reason: 'Exchange_Invalid',
      message: /a\.yml:\d+:\d+: [^\n]+\n(.*\n)*b\.yml:2:3: the name x is already taken in b\.yml:1:3/,
    })
  })
})
