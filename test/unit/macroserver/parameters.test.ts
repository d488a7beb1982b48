import assert from 'node:assert/strict'
import { defineMacro, type ElementReference } from '#macroserver'
import { DevFailed } from '#tango'
import type { Macro } from '../../../macroserver/macro.ts'
import {
  argumentTexts,
  describeParameters,
  macroLine,
  macroTitle,
  type ParameterNames,
  readArguments,
  usageOf,
} from '../../../macroserver/parameters.ts'
import { readRequest } from '../../../macroserver/request.ts'

function element(name: string, type: string, ...interfaces: string[]): ElementReference {
  return { name, fullName: `tango://h:1/x/y/${name}`, device: `x/y/${name}`, type, interfaces: [type, ...interfaces] }
}

const elements = [
  element('mot01', 'Motor', 'Moveable', 'Element'),
  element('mot02', 'Motor', 'Moveable', 'Element'),
  element('ct01', 'CTExpChannel', 'ExpChannel', 'Element'),
  element('mg', 'MeasurementGroup', 'Countable', 'Element'),
]
const names: ParameterNames = {
  element: (name) => elements.find((e) => e.name === name),
  elementNames: (i) => elements.filter((e) => e.interfaces.includes(i)).map((e) => e.name),
  macroNames: () => ['ascan', 'ct', 'mv'],
  unreachable: () => [],
}

const run = () => undefined
const scan = defineMacro({
  doc: '',
  parameters: {
    motor: { type: 'Moveable' },
    start: { type: 'Float', unit: 'mm' },
    intervals: { type: 'Integer', min: 1 },
    mode: { type: 'String', default: 'fast', choices: ['fast', 'slow'] },
    back: { type: 'Boolean', default: false },
    group: { type: 'MeasurementGroup', optional: true },
  },
  run,
})
const move = defineMacro({
  doc: '',
  parameters: { list: { repeat: { motor: { type: 'Moveable' }, pos: { type: 'Float' } } } },
  run,
})
const filtered = defineMacro({
  doc: '',
  parameters: { filter: { min: 0, repeat: { filter: { type: 'String', default: '.*' } } } },
  run,
})
const nested = defineMacro({
  doc: '',
  parameters: { list: { repeat: { motor: { type: 'Moveable' } } }, time: { type: 'Float' } },
  run,
})

function read(macro: Macro, ...argument: string[]) {
  const [call] = readRequest(argument).calls
  return readArguments(call?.name ?? '', macro, call?.values ?? [], names)
}

function refusal(macro: Macro, ...argument: string[]): string {
  try {
    read(macro, ...argument)
  } catch (error) {
    assert.ok(error instanceof DevFailed)
    assert.equal(error.reason, 'Macro_ParametersWrong')
    return error.errors[0]?.desc ?? ''
  }
  return assert.fail('not refused')
}

describe('readArguments', () => {
  it('makes typed values and fills in defaults', () => {
    assert.deepEqual(read(scan, 'scan', 'mot01', '-1.5e1', '20'), {
      motor: elements[0],
      start: -15,
      intervals: 20,
      mode: 'fast',
      back: false,
    })
    assert.deepEqual(read(scan, 'scan', 'mot01', '1', '2', 'slow', 'True', 'mg'), {
      motor: elements[0],
      start: 1,
      intervals: 2,
      mode: 'slow',
      back: true,
      group: elements[3],
    })
  })

  it('takes parameters of XML without a value as left out', () => {
    const xml =
      '<macro name="scan"><param value="mot01"/><param value="1"/><param value="2"/><param name="mode"/><param/></macro>'
    assert.deepEqual(read(scan, xml), { motor: elements[0], start: 1, intervals: 2, mode: 'fast', back: false })
  })

  it('refuses a mandatory parameter without a value and shows the usage', () => {
    const xml = '<macro name="scan"><param value="mot01"/><param/><param value="2"/></macro>'
    const wrong = refusal(scan, xml)
    assert.match(wrong, /^scan: start, a Float \(a number, in mm\), is missing\n/)
    assert.match(
      wrong,
      /usage: scan <motor:Moveable> <start:Float> <intervals:Integer> \[mode:String=fast] \[back:Boolean=False] \[group:MeasurementGroup]$/,
    )
  })

  it('names parameter, value and type of what does not fit', () => {
    assert.match(refusal(scan, 'scan', 'mot01', 'x', '2'), /start is 'x', but must be a Float/)
    assert.match(refusal(scan, 'scan', 'mot01', 'nan', '2'), /start is 'nan'/)
    assert.match(refusal(scan, 'scan', 'mot01', '1', '2.5'), /intervals is '2.5', but must be an Integer/)
    assert.match(refusal(scan, 'scan', 'mot01', '1', '0'), /intervals is 0, but must be at least 1/)
    assert.match(refusal(scan, 'scan', 'mot01', '1', '2', 'medium'), /mode is 'medium', but must be one of fast, slow/)
    assert.match(
      refusal(scan, 'scan', 'mot01', '1', '2', 'slow', 'perhaps'),
      /back is 'perhaps', but must be a Boolean/,
    )
    assert.match(refusal(scan, 'scan', 'mot01', '1', '2', 'slow', 'no', 'mg', '9'), /'9' is too much/)
  })

  it('tells a missing element from one of another kind, and suggests', () => {
    assert.match(refusal(scan, 'scan', 'mot1', '1', '2'), /motor is 'mot1'.*no such element; did you mean mot01\?/)
    assert.match(
      refusal(scan, 'scan', 'ct01', '1', '2'),
      /motor is 'ct01', but must be a Moveable: it is a CTExpChannel/,
    )
  })

  it('says that the pool is not reachable instead of blaming the name', () => {
    assert.throws(
      () => readArguments('scan', scan, ['mot99', '1', '2'], { ...names, unreachable: () => ['pool/a/1'] }),
      /the pool pool\/a\/1 is not reachable/,
    )
  })

  it('reads repetitions flat, in brackets and from XML alike', () => {
    const wanted = {
      list: [
        { motor: elements[0], pos: 1 },
        { motor: elements[1], pos: 2 },
      ],
    }
    assert.deepEqual(read(move, 'mv', 'mot01', '1', 'mot02', '2'), wanted)
    assert.deepEqual(read(move, 'mv', '[[mot01 1] [mot02 2]]'), wanted)
    const group = (nr: number) => `<repeat nr="${nr}"><param value="mot0${nr}"/><param value="${nr}"/></repeat>`
    assert.deepEqual(read(move, `<macro name="mv"><paramrepeat>${group(1)}${group(2)}</paramrepeat></macro>`), wanted)
    assert.deepEqual(read(nested, 'n', '[mot01 mot02]', '3'), {
      list: [{ motor: elements[0] }, { motor: elements[1] }],
      time: 3,
    })
  })

  it('refuses too few and incomplete repetitions', () => {
    assert.match(refusal(move, 'mv'), /list needs at least 1 times motor:Moveable pos:Float, 0 given/)
    assert.match(refusal(move, '<macro name="mv"><paramrepeat name="list"/></macro>'), /0 given/)
    assert.match(refusal(move, 'mv', 'mot01', '1', 'mot02'), /pos, a Float \(a number\), is missing/)
    assert.match(refusal(move, 'mv', '[[mot01 1 2]]'), /'2' is too much/)
  })

  it('takes no repetition at all where that is allowed', () => {
    assert.deepEqual(read(filtered, 'wa'), { filter: [] })
    assert.deepEqual(read(filtered, '<macro name="wa"><paramrepeat name="filter"/></macro>'), { filter: [] })
    assert.deepEqual(read(filtered, 'wa', 'a.*', 'b'), { filter: [{ filter: 'a.*' }, { filter: 'b' }] })
  })
})

describe('a macro call as text', () => {
  it('is shown as Sardana shows it', () => {
    const values = read(scan, 'scan', 'mot01', '0', '2')
    assert.equal(macroLine('scan', scan, values, 'id1'), 'scan(mot01, 0.0, 2, fast, False, None) -> id1')
    assert.equal(macroTitle('scan', scan, values), 'scan mot01 0.0 2 fast False')
    const moved = read(move, 'mv', 'mot01', '0.1', 'mot02', '2')
    assert.equal(macroLine('mv', move, moved, '-7'), "mv([['mot01', '0.1'], ['mot02', '2.0']]) -> -7")
    assert.equal(macroLine('wa', filtered, read(filtered, 'wa', 'x'), '1'), "wa(['x']) -> 1")
  })

  it('is given back with names and values', () => {
    assert.deepEqual(argumentTexts(move, read(move, 'mv', 'mot01', '0.1')), [
      [
        'list',
        [
          [
            ['motor', 'mot01'],
            ['pos', '0.1'],
          ],
        ],
      ],
    ])
  })

  it('has a usage line that shows what may be left out', () => {
    assert.equal(usageOf('mv', move), 'usage: mv <motor:Moveable> <pos:Float> ...')
    assert.equal(usageOf('wa', filtered), 'usage: wa [[filter:String=.*] ...]')
  })
})

describe('describeParameters', () => {
  it('gives the objects that Sardana gives', () => {
    assert.deepEqual(
      describeParameters({ t: { type: 'Float', default: 1, doc: 'd' }, g: { type: 'Countable', optional: true } }),
      [
        { min: null, max: null, name: 't', type: 'Float', default_value: 1, description: 'd' },
        {
          min: null,
          max: null,
          name: 'g',
          type: 'Countable',
          default_value: { ___optional_parameter__: true },
          description: '',
        },
      ],
    )
    assert.deepEqual(describeParameters(move.parameters), [
      {
        min: 1,
        max: null,
        name: 'list',
        type: [
          { min: null, max: null, name: 'motor', type: 'Moveable', default_value: null, description: '' },
          { min: null, max: null, name: 'pos', type: 'Float', default_value: null, description: '' },
        ],
        default_value: null,
        description: '',
      },
    ])
  })
})
