// The JSON Schema of beamline files: what the checker accepts it accepts too, and it finds the mistakes that need no
// knowledge of other places.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of variables are meant
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse, stringify } from 'yaml'
import { checkTree } from '../../../../db-config/config/beamline-file.ts'
import { loadTree } from '../../../../db-config/config/include.ts'
import { beamlineSchema } from '../../../../db-config/config/schema.ts'
import { findingLine } from '../../../../db-config/config/tree.ts'
import { driverCatalogue } from '../../../../facility/catalogue.ts'
import { DRIVERS, FULL } from './corpus.ts'

const DEMO = new URL('../../../../../db-config/beamlines/demo.yaml', import.meta.url)

type Check = (text: string) => string[]

/** Says what the schema finds in a YAML text. */
function checkOf(schema: object): Check {
  const ajv = new Ajv2020({
    allErrors: true,
    allowUnionTypes: true,
    strictTypes: false,
    strictRequired: false,
    // a property is offered in one spelling and accepted in all
    allowMatchingProperties: true,
  })
  const validate = ajv.compile(schema)
  return (text) => {
    validate(parse(text, { merge: true }))
    return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
  }
}

const findings = (text: string, file = 'x.yaml'): string[] =>
  checkTree(loadTree(file, new Map([[file, text]])), { drivers: DRIVERS }).findings.map(findingLine)

const full = checkOf(beamlineSchema(DRIVERS))
const part = checkOf(beamlineSchema(DRIVERS, { part: true }))

describe('beamlineSchema', () => {
  it('accepts the demo with the drivers of this installation', async () => {
    const check = checkOf(beamlineSchema(await driverCatalogue()))
    assert.deepEqual(check(readFileSync(DEMO, 'utf8')), [])
  })

  it('accepts every part of the language', () => {
    assert.deepEqual(findings(FULL), [])
    assert.deepEqual(full(FULL), [])
    assert.deepEqual(part(FULL), [])
  })

  it('knows the same fields as the checker', () => {
    const root = beamlineSchema(DRIVERS)
    const known = (text: string): string[] => {
      const line = findings(text).find((finding) => finding.includes('unknown field qqqqqqqq')) ?? ''
      return (/known fields: (.*)$/.exec(line)?.[1] ?? '').split(', ').sort()
    }
    const fieldsOf = (schema: unknown): string[] => Object.keys(Object(Object(schema).properties)).sort()
    const at = (...path: readonly (string | number)[]): unknown =>
      path.reduce<unknown>((schema, key) => Object(schema)[key], root)
    // what several files are made of is gone when the fields are read
    assert.deepEqual(
      known('qqqqqqqq: 1'),
      fieldsOf(root).filter((field) => !['include', 'variables'].includes(field)),
    )
    for (const field of [
      'hosts',
      'devices',
      'controllers',
      'measurementGroups',
      'motorGroups',
      'doors',
      'recorders',
      'instruments',
      'sessions',
    ]) {
      assert.deepEqual(known(`${field}: [{ qqqqqqqq: 1 }]`), fieldsOf(at('properties', field, 'items')), field)
    }
    for (const field of ['pool', 'macroServer']) {
      assert.deepEqual(known(`${field}: { qqqqqqqq: 1 }`), fieldsOf(at('properties', field)), field)
    }
    assert.deepEqual(known('servers: [{ qqqqqqqq: 1 }]'), fieldsOf(at('properties', 'servers', 'items', 'anyOf', 1)))
    for (const [index, type] of ['motor', 'counter'].entries()) {
      const axis = at('properties', 'controllers', 'items', 'allOf', index, 'then', 'properties', 'axes', 'items')
      assert.deepEqual(known(`controllers: [{ type: ${type}, axes: [{ qqqqqqqq: 1 }] }]`), fieldsOf(axis), type)
    }
  })

  const MISTAKES: readonly (readonly [title: string, from: string, to: string])[] = [
    ['a version of the future', 'version: 1', 'version: 2'],
    ['a missing name', 'name: full\n', ''],
    ['a missing list of servers', /servers:\n(?: {2}- .*\n)*/.exec(FULL)?.[0] ?? '', ''],
    ['a misspelt field at the top', 'motorGroups:', 'motorGroup:'],
    ['a misspelt field of a controller', 'driver: box', 'drvier: box'],
    ['a missing driver', '    driver: box\n', ''],
    ['an unknown driver', 'driver: box', 'driver: bax'],
    ['a driver of the other type', 'driver: box', 'driver: dummy'],
    ['an unknown type', 'type: motor', 'type: moter'],
    ['an axis without number', 'name: alone, axis: 4', 'name: alone'],
    ['half an axis', 'axis: 4', 'axis: 4.5'],
    ['a motor field of a counter', 'name: c1,', 'name: c1, velocity: 1,'],
    ['a velocity of 0', 'name: left,', 'name: left, velocity: 0,'],
    ['no steps per unit', 'name: left,', 'name: left, stepsPerUnit: 0,'],
    ['a sign that is none', 'name: left,', 'name: left, sign: 2,'],
    ['one limit', 'name: left,', 'name: left, limits: [1],'],
    ['a space in a name', 'name: left,', 'name: le ft,'],
    ['a server that is none', '- MacroServer/full', '- MacroServer'],
    ['a device with two fields', 'device: pool/full/1', 'device: pool/full'],
    ['a level that is none', 'level: 4', 'level: 100'],
    ['a list where a map should be', 'pool: { server: Pool/full, device: pool/full/1 }', 'pool: [1]'],
    ['a map where a list should be', 'motors: [left, right]', 'motors: { a: left }'],
    ['a pool without device', 'server: Pool/full, device: pool/full/1', 'server: Pool/full'],
    ['a plain device without class', 'class: Gauge, ', ''],
    ['a plain device with half a name', 'vac/gauge/1', 'vac/gauge'],
    ['a misspelt field of a plain device', 'alias: tg1', 'alais: tg1'],
    ['a property of a plain device that is a map', 'Channels: [a, 2, true]', 'Channels: { a: 2 }'],
    ['a space in the name of a property', 'Channels: [a, 2, true]', 'Cha nnels: 1'],
    ['an attribute that is no map', 'attributes: { double_scalar: {', 'attributes: { other: 1, double_scalar: {'],
    ['an instrument that is no path', 'name: /diode', 'name: diode'],
    ['a class that is none', 'class: NXslit', 'class: slit'],
    ['a setup that cannot run', 'sessions/slits.ts', 'sessions/slits.py'],
    ['a variable that is none', 'a.b: [1]', 'a b: [1]'],
    ['a property that the driver has not', 'port: 5001', 'prt: 5001'],
    ['a text for a number', 'port: 5001', 'port: high'],
    ['a number out of range', 'port: 5001', 'port: 70000'],
    ['a list for one value', 'port: 5001', 'port: [1, 2]'],
    ['a choice that there is not', 'port: 5001', 'mode: half'],
    ['a word for true', 'port: 5001', 'fast: yes'],
    ['a missing property', 'host: box.example, ', ''],
    ['missing properties', '    properties: { host: box.example, port: 5001 }\n', ''],
  ]
  for (const [title, from, to] of MISTAKES) {
    it(`finds ${title}`, () => {
      assert.ok(from !== '' && FULL.includes(from), `${from} is not in the file`)
      const text = FULL.replace(from, to)
      assert.notDeepEqual(findings(text), [], 'the checker accepts it')
      assert.notDeepEqual(full(text), [])
    })
  }

  it('accepts parts that are no whole beamline, and root files that include them', () => {
    assert.deepEqual(part('controllers: []\nmacroServer: { environment: { A: 1 } }\n'), [])
    assert.deepEqual(part(''), [])
    assert.deepEqual(full('include: [a.yaml]\npool: { alias: P }\n'), [])
    assert.notDeepEqual(part('controlers: []\n'), [])
    assert.notDeepEqual(full('pool: { alias: P }\n'), [])
  })

  it('accepts variables wherever a value may stand', () => {
    const text = FULL.replace(
      'host: box.example, port: 5001',
      "host: '${box}', port: '${port}', axes: '${all}', fast: '${fast}'",
    )
      .replace('name: left, axis: 1', "name: '${side}ft', axis: '${one}', limits: ['${low}', 1], velocity: '${one}'")
      .replace('type: counter', "type: '${kind}'")
      .replace('elements: [c1]', "elements: '${channels}'")
      .replace('level: 4', "level: '${one}'")
      .replace(
        'version: 1\n',
        `version: 1
variables: { box: b, port: 5, all: [1], fast: true, side: le, one: 1, low: -1, kind: counter, channels: [c1] }
`,
      )
    assert.deepEqual(findings(text), [])
    assert.deepEqual(full(text), [])
  })

  it('accepts whatever the checker accepts, of files with random changes', function () {
    this.timeout(20_000)
    const random = generator(20_260)
    let accepted = 0
    for (let i = 0; i < 500; i += 1) {
      const tree: unknown = parse(FULL)
      const changes = 1 + Math.floor(random() * 2)
      for (let n = 0; n < changes; n += 1) change(tree, random)
      const text = stringify(tree)
      if (findings(text).length > 0) continue
      accepted += 1
      const problems = full(text)
      assert.deepEqual(problems, [], `${problems.join('\n')}\n${text}`)
    }
    assert.ok(accepted > 50, `only ${accepted} changes were accepted by the checker`)
  })
})

const VALUES: readonly unknown[] = [
  null,
  '',
  'x',
  'left',
  'c1',
  'mg',
  '12',
  '-1',
  '1e3',
  ' 5',
  'true',
  'FALSE',
  true,
  false,
  0,
  1,
  -1,
  7,
  2.5,
  1e9,
  3e9,
  [],
  [1],
  ['left'],
  ['c1', 'c1'],
  ['/slits'],
  [null],
  {},
  { a: 1 },
  { Host: 'h' },
  '/slits',
  '/slits/front',
  'NXdetector',
  'Pool/full',
  'pool/other/2',
  'open',
  'closed',
  'counter',
  'motor',
  'dummy',
  'plain',
  '${x}',
  '$${',
  'setup.js',
]

/** Fields with values that may be right, by a field that their map has. */
const PLAUSIBLE: Readonly<Record<string, readonly (readonly [key: string, ...values: unknown[]])[]>> = {
  axis: [
    ['unit', 'mm', 5, null],
    ['limits', [0, 1], [-1.5, 1e6], [1, 0], null],
    ['velocity', 1, 0.5, 0, null],
    ['sign', 1, -1, 0, null],
    ['backlash', 3, 1.5],
    ['offset', -3, 1.5, null],
    ['stepsPerUnit', -1, 0, 3],
    ['baseRate', 0, 1],
    ['instrument', '/diode', '/slits/front', '/nothing', null],
    ['axis', 7, 8, 9],
  ],
  host: [
    ['Fast', true, 'TRUE', 'no'],
    ['GAIN', 1, '1e-3', 10.5, -4],
    ['slots', 'a', ['a', 1, true], []],
    ['mode', 'closed', 'half', ['open']],
    ['serial', 'x', 12, true, ['x']],
    ['timeoutMs', 1, '17', 0],
    ['odd_name', 3, '+3'],
    ['axes', 3, [1, '2'], [], [0.5]],
    ['pluginPath', '/drivers', ['/a', '/b']],
    ['other', 1],
  ],
  channels: [
    ['timer', 'c1', 'c2', 'left', null],
    ['channels', ['c1'], ['c2', 'a/b/c/d'], []],
  ],
  elements: [
    ['description', 'text', 5, null],
    ['class', 'NXdetector', 'slit', null],
  ],
  include: [
    ['exclude', [], null, ['top']],
    ['extends', [], ['everything'], null],
    ['setup', 'a.js', 'a.py', null],
    ['defaults', {}, { A: [1] }, null],
  ],
  level: [
    ['level', 0, 99, 1.5, null],
    ['controlled', true, false, null, 1],
  ],
  device: [
    ['alias', 'Al', 5, 'a b', null],
    ['macroPath', ['/a'], [], null],
    ['environment', { B: null }, {}, null],
  ],
  version: [
    ['world', { a: 1 }, null, 5],
    ['doors', [{ device: 'door/a/1' }], [{ device: 'door/a/1', server: 'MacroServer/full', alias: 'D' }], [{}], null],
    ['recorders', [{ server: 'Pool/full', device: 'recorder/a/1', recorders: ['nexus'] }], null],
    ['simulators', { s: { kind: 'icepap', axes: [1] } }, {}, null],
    ['variables', { a: 1 }, {}, null],
    ['motorGroups', [], null],
    ['sessions', [], null],
  ],
}

/** Changes one thing somewhere: takes away, replaces, adds, doubles. */
function change(tree: unknown, random: () => number): void {
  const places: { readonly holder: Record<string, unknown> | unknown[]; readonly key: string | number }[] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const holder: Record<string, unknown> | unknown[] = Array.isArray(value) ? value : Object(value)
    for (const key of Object.keys(value)) places.push({ holder, key: Array.isArray(value) ? Number(key) : key })
    for (const inner of Object.values(value)) walk(inner)
  }
  walk(tree)
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  const place = pick(places)
  if (place === undefined) return
  const { holder, key } = place
  const value = structuredClone(pick(VALUES))
  const kind = Math.floor(random() * 4)
  if (Array.isArray(holder)) {
    if (kind === 0) holder.splice(Number(key), 1)
    else if (kind === 1) holder.push(structuredClone(holder[Number(key)]))
    else holder[Number(key)] = value
    return
  }
  const [field, ...values] =
    pick(Object.entries(PLAUSIBLE).flatMap(([has, fields]) => (has in holder ? fields : []))) ?? []
  if (kind === 0) delete holder[key]
  else if (kind < 3 && field !== undefined) holder[field] = structuredClone(pick(values))
  else holder[key] = value
}

/** Mulberry32: the same numbers in every run. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
