// The file of an export: what is written is read again, and what is wrong is told with its line.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { DatabaseContent } from '../../../../db-config/transfer/content.ts'
import { parseText } from '../../../../db-config/transfer/parse.ts'
import { formatText } from '../../../../db-config/transfer/text.ts'

const HEADER = '{"format":"tango-database","version":1}'

const CONTENT: DatabaseContent = {
  servers: [{ name: 'S/1', host: 'h', mode: 1, level: 2 }],
  devices: [
    { name: 'a/b/2', server: 'S/1', class: 'C', alias: undefined },
    { name: 'A/b/1', server: 'S/1', class: 'C', alias: 'one' },
    { name: 'dserver/S/1', server: 'S/1', class: 'DServer', alias: undefined },
  ],
  attributeAliases: [{ alias: 'at', attribute: 'a/b/1/Att' }],
  properties: [
    { scope: 'deviceAttribute', owner: 'a/b/2', member: 'At', name: 'unit', values: ['mm'] },
    { scope: 'device', owner: 'a/b/2', member: undefined, name: 'p', values: ['x', '', 'y\nz'] },
    { scope: 'object', owner: 'Obj', member: undefined, name: 'o', values: [''] },
    { scope: 'classPipe', owner: 'C', member: 'P', name: 'label', values: ['\u00e9'] },
  ],
  access: [
    { user: 'ann', device: '*/*/*', rights: 'write' },
    { user: '*', address: '10.*.*.*' },
  ],
}

describe('formatText', () => {
  it('writes one line per fact and per value, sorted, without the admin devices that follow', () => {
    assert.deepEqual(formatText(CONTENT).split('\n'), [
      HEADER,
      '{"server":"S/1","host":"h","controlled":1,"level":2}',
      '{"device":"A/b/1","server":"S/1","class":"C","alias":"one"}',
      '{"device":"a/b/2","server":"S/1","class":"C"}',
      '{"attributeAlias":"at","attribute":"a/b/1/Att"}',
      '{"user":"*","address":"10.*.*.*"}',
      '{"user":"ann","device":"*/*/*","rights":"write"}',
      '{"object":"Obj","property":"o","value":""}',
      '{"class":"C","pipe":"P","property":"label","value":"\u00e9"}',
      '{"device":"a/b/2","property":"p","value":"x"}',
      '{"device":"a/b/2","property":"p","value":""}',
      '{"device":"a/b/2","property":"p","value":"y\\nz"}',
      '{"device":"a/b/2","attribute":"At","property":"unit","value":"mm"}',
      '',
    ])
  })

  it('keeps an admin device that is not as the database would make it', () => {
    const devices = CONTENT.devices.map((d) => (d.class === 'DServer' ? { ...d, alias: 'admin' } : d))
    assert.match(formatText({ ...CONTENT, devices }), /"device":"dserver\/S\/1".*"alias":"admin"/)
  })
})

describe('parseText', () => {
  it('reads the example of the documentation, which is as an export would write it', () => {
    const page = readFileSync(new URL('../../../../../docs/how-to/move-a-database.md', import.meta.url), 'utf8')
    const example = /```\n(\{"format"[\s\S]*?)```/.exec(page)?.[1] ?? ''
    assert.equal(formatText(parseText(example, 'the example')), example)
  })

  it('reads what was written', () => {
    const text = formatText(CONTENT)
    assert.equal(formatText(parseText(text, 'f')), text)
  })

  const MISTAKES: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an empty file', [], /^f:1: the file is empty/],
    ['a file of another program', ['{"servers":{}}'], /^f:1: this is no file of a Tango database/],
    ['a newer file', ['{"format":"tango-database","version":2}'], /^f:1: version 2 .* reads 1$/],
    ['a line that is no JSON', [HEADER, '{"a"'], /^f:2: no JSON: /],
    ['a list', [HEADER, '[]'], /^f:2: should be an object/],
    [
      'keys that mean nothing together',
      [HEADER, '{"device":"a/b/c"}'],
      /^f:2: a line with device means nothing; known are/,
    ],
    ['a key too many', [HEADER, '{"object":"o","property":"p","value":"v","x":1}'], /^f:2: a line with object, .*, x/],
    [
      'a number for a text',
      [HEADER, '{"object":"o","property":"p","value":1}'],
      /^f:2: value should be a text in quotes$/,
    ],
    [
      'a text for a number',
      [HEADER, '{"server":"S/1","host":"","controlled":"1","level":0}'],
      /^f:2: controlled should be/,
    ],
    ['a name without text', [HEADER, '{"object":"","property":"p","value":"v"}'], /^f:2: object is empty$/],
    ['a name too long', [HEADER, `{"object":"${'o'.repeat(256)}","property":"p","value":""}`], /^f:2: object has 256/],
    ['a bad device name', [HEADER, '{"device":"a/b","server":"S/1","class":"C"}'], /^f:2: 'a\/b' is no device name/],
    [
      'a bad alias',
      [HEADER, '{"device":"a/b/c","server":"S/1","class":"C","alias":"x y"}'],
      /^f:2: alias 'x y' must not/,
    ],
    [
      'letters that Tango cannot carry',
      [HEADER, '{"object":"o","property":"p","value":"5 \u20ac"}'],
      /^f:2: value holds U\+20AC/,
    ],
    ['a NUL', [HEADER, '{"object":"o","property":"p","value":"\\u0000"}'], /^f:2: value holds U\+0000/],
    ['a property name with *', [HEADER, '{"object":"o","property":"p*","value":""}'], /^f:2: property 'p\*' must not/],
    [
      'a device twice',
      [HEADER, '{"device":"a/b/c","server":"S/1","class":"C"}', '{"device":"A/B/C","server":"S/2","class":"C"}'],
      /^f:3: device A\/B\/C stands in line 2 already$/,
    ],
    [
      'an alias twice',
      [
        HEADER,
        '{"device":"a/b/c","server":"S/1","class":"C","alias":"x"}',
        '{"device":"a/b/d","server":"S/1","class":"C","alias":"X"}',
      ],
      /^f:3: alias X stands in line 2 already$/,
    ],
    [
      'values of one property in two places',
      [
        HEADER,
        '{"object":"o","property":"p","value":"1"}',
        '{"object":"o","property":"q","value":"1"}',
        '{"object":"O","property":"P","value":"2"}',
      ],
      /^f:4: property P of O stands in line 2 already$/,
    ],
  ]
  for (const [what, lines, message] of MISTAKES)
    it(`refuses ${what}`, () => {
      assert.throws(
        () => parseText(lines.map((line) => `${line}\n`).join(''), 'f'),
        (error: unknown) =>
          error instanceof Error &&
          'reason' in error &&
          error.reason === 'Transfer_Invalid' &&
          message.test(error.message.replace(/^Transfer_Invalid: /, '')),
      )
    })

  it('tells all mistakes at once, but not hundreds', () => {
    const text = `${HEADER}\n${'x\n'.repeat(30)}`
    assert.throws(
      () => parseText(text, 'f'),
      (error: unknown) => error instanceof Error && /f:2: [\s\S]*f:21: [\s\S]*and 10 more$/.test(error.message),
    )
  })
})
