// Beamline files: the demo, and every kind of mistake with its place.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { checkTree, parseBeamline, readBeamlineFile } from '../../../../db-config/config/beamline-file.ts'
import { loadTree } from '../../../../db-config/config/include.ts'
import { SIMULATOR_KINDS } from '../../../../db-config/config/rules.ts'
import { findingLine } from '../../../../db-config/config/tree.ts'
import { driverCatalogue } from '../../../../facility/catalogue.ts'
import { readConfig } from '../../../../simulators/config.ts'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'

const DEMO = new URL('../../../../../db-config/beamlines/demo.yaml', import.meta.url).pathname
const DRIVERS = { motor: ['icepap', 'dummy-motor'], counter: ['electrometer', 'dummy-counter'] }

const SMALL = `version: 1
name: small
simulators:
  box: { kind: icepap, axes: [1, 2] }
servers:
  - Pool/small
pool: { server: Pool/small, device: pool/small/1 }
controllers:
  - name: motors
    type: motor
    driver: icepap
    simulator: box
    axes:
      - { name: m1, axis: 1, limits: [-1, 1] }
  - name: counters
    type: counter
    driver: dummy-counter
    axes:
      - { name: c1, axis: 1 }
      - { name: c2, axis: 2 }
measurementGroups:
  - { name: mg, channels: [c1, c2] }
`

/** Findings of a file in which one text is replaced by another. */
function findings(from: string, to: string): string[] {
  assert.ok(SMALL.includes(from), `${from} is not in the file`)
  try {
    parseBeamline(SMALL.replace(from, to), 'small.yaml', { drivers: DRIVERS })
  } catch (error) {
    assert.ok(error instanceof DevFailed)
    assert.equal(error.reason, 'Beamline_Invalid')
    return (error.errors[0]?.desc ?? '').split('\n')
  }
  return []
}

describe('readBeamlineFile', () => {
  it('reads the demo', () => {
    const demo = readBeamlineFile(DEMO, { drivers: DRIVERS })
    assert.equal(demo.name, 'demo')
    assert.deepEqual(
      demo.controllers.map(({ name, type, server, axes }) => [name, type, server, axes.length]),
      [
        ['icepap', 'motor', 'Controllers/demo1', 4],
        ['em01', 'counter', 'Controllers/demo1', 4],
        ['dmotctrl', 'motor', 'Pool/demo1', 4],
        ['dctctrl', 'counter', 'Pool/demo1', 4],
      ],
    )
    assert.deepEqual(demo.controllers[0]?.axes[1], {
      name: 'mot02',
      axis: 2,
      unit: 'mm',
      limits: [-100, 100],
      settings: { Step_per_unit: 1000, Velocity: 5, Acceleration: 0.02 },
    })
    assert.deepEqual(demo.macroServer?.environment, { ActiveMntGrp: 'mg_demo' })
  })

  it('hands options to the simulators, with the axes named after their motors', () => {
    const demo = readBeamlineFile(DEMO)
    assert.deepEqual(demo.simulators, [
      {
        name: 'icepap',
        kind: 'icepap',
        options: { axes: { 1: { name: 'mot01' }, 2: { name: 'mot02' }, 3: { name: 'mot03' }, 4: { name: 'mot04' } } },
      },
      { name: 'em01', kind: 'electrometer', options: { channels: ['diode', 'ring', 'background', 'knife'] } },
    ])
    const setup = readConfig({ boxes: demo.simulators, world: demo.world })
    assert.deepEqual(Object.keys(setup.world.axes), ['mot01', 'mot02', 'mot03', 'mot04'])
  })

  it('knows the boxes that can be simulated', () => {
    for (const kind of SIMULATOR_KINDS) assert.doesNotThrow(() => readConfig({ boxes: [{ name: 'b', kind }] }))
    const refusal = new RegExp(`take "${SIMULATOR_KINDS.join('" or "')}"$`)
    assert.throws(() => readConfig({ boxes: [{ name: 'b', kind: 'none' }] }), refusal)
  })

  it('says which file cannot be read', () => {
    assert.throws(() => readBeamlineFile('/nowhere/x.yaml'), {
      reason: 'Beamline_Invalid',
      message: /nowhere\/x\.yaml/,
    })
  })
})

describe('parseBeamline', () => {
  it('accepts a small file and fills in what is left out', () => {
    const beamline = parseBeamline(SMALL, 'small.yaml', { drivers: DRIVERS })
    assert.deepEqual(beamline.measurementGroups, [{ name: 'mg', channels: ['c1', 'c2'], timer: 'c1' }])
    assert.equal(beamline.controllers[1]?.server, 'Pool/small')
    assert.deepEqual(beamline.doors, [])
  })

  const MISTAKES: readonly (readonly [title: string, from: string, to: string, finding: RegExp])[] = [
    ['a version of the future', 'version: 1', 'version: 2', /^small\.yaml:1:10: version 2 is not known/],
    ['a misspelt field', 'driver: icepap', 'drvier: icepap', /:11:5: .*unknown field drvier; did you mean driver\?/],
    ['a missing field', '    driver: icepap\n', '', /:9:5: controller motors: driver is missing/],
    [
      'an unknown driver',
      'driver: icepap',
      'driver: icepab',
      /:11:13: .*no motor driver icepab; did you mean icepap\?/,
    ],
    ['a driver of the other type', 'driver: icepap', 'driver: dummy-counter', /no motor driver dummy-counter/],
    ['an unknown type', 'type: motor', 'type: moter', /:10:11: .*moter is not known; did you mean motor\?/],
    [
      'a box that cannot be simulated',
      'kind: icepap',
      'kind: icepab',
      /:4:16: simulator box: icepab .*did you mean icepap\?/,
    ],
    ['an unknown simulator', 'simulator: box', 'simulator: bx', /:12:16: .*no simulator bx; did you mean box\?/],
    ['an axis that the simulator has not', 'axis: 1, limits', 'axis: 3, limits', /:14:9: .*no axis 3; it has 1, 2/],
    ['a server that is not listed', 'server: Pool/small', 'server: Pool/smal', /did you mean Pool\/small\?/],
    [
      'a server without devices',
      '  - Pool/small\n',
      '  - Pool/small\n  - Pool/idle\n',
      /:7:5: server Pool\/idle has no device/,
    ],
    ['a server named twice', '  - Pool/small\n', '  - Pool/small\n  - pool/small\n', /already named in line 6/],
    ['a name used twice', 'name: c2', 'name: M1', /:20:17: name M1 is already taken in line 14/],
    ['a group called like an axis', 'name: mg', 'name: c2', /:22:13: name c2 is already taken in line 20/],
    ['an axis used twice', 'name: c2, axis: 2', 'name: c2, axis: 1', /:20:9: .*axis 1 is already named in line 19/],
    ['a channel that does not exist', '[c1, c2]', '[c1, c3]', /no counter c3; did you mean c1\?/],
    ['a motor as channel', '[c1, c2]', '[c1, m1]', /m1 is a motor, not a counter/],
    ['a channel counted twice', '[c1, c2]', '[c1, c1]', /channel c1 is there twice/],
    ['a timer outside of its group', '[c1, c2]', '[c1], timer: c2', /timer c2 is not one of its channels: c1/],
    ['a group without channels', '[c1, c2]', '[]', /at least one channel/],
    ['limits the wrong way round', '[-1, 1]', '[1, -1]', /:14:38: limits should be two numbers/],
    ['a text for a number', 'axis: 1, limits', 'axis: one, limits', /axis is "one", it should be a whole number/],
    [
      'a unit',
      'axis: 1, limits',
      'axis: 1, velocity: 5 mm/s, limits',
      /velocity is "5 mm\/s", it should be a number above 0, without its unit/,
    ],
    ['half an axis', 'axis: 1, limits', 'axis: 1.5, limits', /axis is 1\.5, it should be a whole number/],
    ['no steps per unit', 'axis: 1, limits', 'axis: 1, stepsPerUnit: 0, limits', /stepsPerUnit must not be 0/],
    [
      'a velocity of 0',
      'axis: 1, limits',
      'axis: 1, velocity: 0, limits',
      /velocity is 0, it should be a number above 0/,
    ],
    ['a motor field of a counter', 'name: c1,', 'name: c1, velocity: 1,', /unknown field velocity/],
    ['a space in a name', 'name: m1', 'name: m 1', /name is "m 1", it should be a name of letters/],
    [
      'a list where a map should be',
      'pool: { server: Pool/small, device: pool/small/1 }',
      'pool: [1]',
      /:7:7: pool: a list/,
    ],
    [
      'a map where a list should be',
      '    axes:\n      - { name: m1',
      '    axes:\n        { name: m1',
      /axes is a map, it should be a list/,
    ],
    [
      'an address beside a simulator',
      '    simulator: box\n',
      '    simulator: box\n    properties: { host: h }\n',
      /remove one of them/,
    ],
    [
      'a property that is ours',
      '    simulator: box\n',
      '    properties: { klass: x }\n',
      /klass is set by the program/,
    ],
    ['a device name with two fields', 'device: pool/small/1', 'device: pool/small', /should be a device/],
    ['a character that Tango has not', 'axis: 1, limits', 'axis: 1, unit: €, limits', /Latin-1/],
    ['a key that is there twice', 'name: small', 'name: small\nname: again', /^small\.yaml:3:1: .*unique/],
    ['broken YAML', 'servers:', 'servers: [', /^small\.yaml:\d+:\d+: /],
  ]
  for (const [title, from, to, finding] of MISTAKES) {
    it(`finds ${title}`, () => {
      const found = findings(from, to)
      assert.ok(
        found.some((line) => finding.test(line)),
        `${finding} is not in\n${found.join('\n')}`,
      )
    })
  }

  it('reports all mistakes at once, in the order of the file', () => {
    const text = SMALL.replace('version: 1', 'version: 3')
      .replace('type: motor', 'typ: motor')
      .replace('[c1, c2]', '[x]')
    try {
      parseBeamline(text, 'f')
      assert.fail('it was accepted')
    } catch (error) {
      assert.ok(error instanceof DevFailed)
      const lines = (error.errors[0]?.desc ?? '').split('\n').map((line) => Number(line.split(':')[1]))
      assert.ok(lines.length >= 3)
      assert.deepEqual(
        lines,
        [...lines].sort((a, b) => a - b),
      )
    }
  })

  it('finds what an empty file lacks', () => {
    assert.throws(() => parseBeamline('', 'f'), /f:1:1: beamline: name is missing/)
    assert.throws(() => parseBeamline('just a text', 'f'), /should be a map/)
  })

  it('does not follow references for ever', () => {
    assert.throws(() => parseBeamline('a: &a [*a]\n', 'f'), { reason: 'Beamline_Invalid' })
    const laughs = ['a0: &a0 [x,x,x,x,x,x,x,x,x,x]']
    for (let i = 1; i < 9; i += 1)
      laughs.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(',')}]`,
      )
    assert.throws(() => parseBeamline(laughs.join('\n'), 'f'), { reason: 'Beamline_Invalid' })
  })

  it('reads a pool-less file of controllers', () => {
    const text = SMALL.replace(/pool: .*\n/, '')
      .replace('  - Pool/small', '  - Controllers/small')
      .replaceAll('    type: ', '    server: Controllers/small\n    type: ')
      .replace(/measurementGroups:\n.*\n/, '')
    assert.equal(parseBeamline(text, 'f').pool, undefined)
  })
})

describe('docs/reference/beamline-file.md', () => {
  it('shows only what is accepted', () => {
    const blocks = yamlBlocks('reference/beamline-file.md')
    assert.equal(blocks.length, 8)
    const channels = [1, 2, 3, 4].map((n) => `{ name: ct0${n}, axis: ${n} }`).join(', ')
    const motor = '      - { name: mot02, axis: 2 }\n'
    const counters = `  - { name: em01, type: counter, driver: electrometer, simulator: em01, axes: [${channels}] }\n`
    const [servers = '', simulators = '', controllers = '', ...others] = blocks
    const head = `version: 1
name: page
pool: { server: Pool/demo1, device: pool/demo1/1 }
`
    const beamline = parseBeamline(
      head + servers + simulators + controllers + motor + counters + others.join(''),
      'page',
    )
    assert.equal(beamline.motorGroups[0]?.name, 'table')
    assert.deepEqual(beamline.sessions[1]?.elements, ['mot01', 'mot02', 'ct01', 'ct02', 'ct03', 'ct04', 'mg_demo'])
  })
})

describe('docs/how-to/describe-a-beamline.md', () => {
  const page = 'how-to/describe-a-beamline.md'
  const documents = () =>
    new Map(
      yamlBlocks(page).map((block) => {
        const [, path = ''] = /^# (\S+\.yaml)\n/.exec(block) ?? []
        assert.notEqual(path, '', `which file is this?\n${block}`)
        return [`b42/${path}`, block] as const
      }),
    )
  const check = async (files: ReadonlyMap<string, string>) =>
    checkTree(loadTree('b42/beamline.yaml', files), { drivers: await driverCatalogue() })

  it('describes a beamline that is accepted', async () => {
    const { beamline, findings } = await check(documents())
    assert.deepEqual(findings, [])
    assert.deepEqual(
      beamline?.sessions.map(({ elements }) => elements.length),
      [8, 6],
    )
    assert.deepEqual(beamline?.controllers[1]?.axes[3]?.limits, [-5, 20])
  })

  it('shows the findings as they are', async () => {
    const files = documents()
    for (const [path, from, to] of [
      ['b42/boxes/icepap.yaml', 'timeoutMs: 500', 'timeoutMs: 500 ms'],
      ['b42/sessions.yaml', 'exclude: [/slits/rear]', 'exclude: [/slits/reer]'],
    ] as const) {
      assert.ok(files.get(path)?.includes(from))
      files.set(path, files.get(path)?.replace(from, to) ?? '')
    }
    const shown = /```\n(b42\/boxes[^`]*)```/.exec(pageText(page))?.[1]
    assert.equal(`${(await check(files)).findings.map(findingLine).join('\n')}\n`, shown)
  })
})

function pageText(page: string): string {
  return readFileSync(new URL(`../../../../../docs/${page}`, import.meta.url), 'utf8')
}

function yamlBlocks(page: string): string[] {
  return [...pageText(page).matchAll(/```yaml\n(.*?)```/gs)].map(([, block]) => block ?? '')
}
