// Variables in beamline files: kinds are kept, texts are put together, mistakes have a place.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these placeholders are the subject
import assert from 'node:assert/strict'
import { loadTree } from '../../../../db-config/config/include.ts'
import { findingLine, plain } from '../../../../db-config/config/tree.ts'

function read(text: string, others: Readonly<Record<string, string>> = {}) {
  const { tree, findings } = loadTree('v.yaml', new Map(Object.entries({ 'v.yaml': text, ...others })))
  return { value: Object(plain(tree)), findings: findings.map(findingLine) }
}

describe('variables', () => {
  it('keep their kind when they are the whole value', () => {
    const { value, findings } = read(`variables: { n: 5, yes: true, list: [1, two], map: { a: 1 } }
a: \${n}
b: \${yes}
c: \${list}
d: { e: '\${map}', f: "\${map.a}" }
`)
    assert.deepEqual(findings, [])
    assert.deepEqual(value, { a: 5, b: true, c: [1, 'two'], d: { e: { a: 1 }, f: 1 } })
  })

  it('are put into texts, and may use each other in any order', () => {
    const { value, findings } = read(`variables: { dir: '\${root}/data', root: '/\${n}', n: 7 }
a: \${dir}/x-\${n}
b: [plain, '$5', '$\${n}', 'a$\${n}b\${n}']
`)
    assert.deepEqual(findings, [])
    assert.deepEqual(value, { a: '/7/data/x-7', b: ['plain', '$5', '${n}', 'a${n}b7'] })
  })

  it('may be defined in any file', () => {
    const { value, findings } = read('include: [w.yaml]\na: ${x}\n', { 'w.yaml': 'variables: { x: 1 }\n' })
    assert.deepEqual(findings, [])
    assert.deepEqual(value, { a: 1 })
  })

  it('do not come from the environment of the process', () => {
    assert.match(
      read('a: ${PATH}\n').findings.join(),
      /^v\.yaml:1:4: there is no variable PATH; add the map variables$/,
    )
  })

  const MISTAKES: readonly (readonly [title: string, text: string, finding: RegExp])[] = [
    [
      'an unknown name',
      'variables: { speed: 1 }\na: ${sped}',
      /^v\.yaml:2:4: there is no variable sped; did you mean speed\?$/,
    ],
    [
      'a list inside of a text',
      'variables: { l: [1] }\na: x${l}',
      /^v\.yaml:2:4: variable l is a list and cannot stand inside/,
    ],
    ['one that contains itself', 'variables: { a: "${b}", b: "x${a}" }', /variable a contains itself: a -> b -> a/],
    ['a missing brace', "variables: { a: 1 }\nb: 'x${a'", /^v\.yaml:2:4: "x\$\{a": \} is missing/],
    [
      'one without quotes in a list',
      'variables: { a: 1 }\nb: [1, ${a}]',
      /^v\.yaml:2:8: put \$\{\.\.\.\} into quotes[^\n]*$/,
    ],
    ['no name', "b: '${ a b }'", /should hold the name of a variable/],
    ['names that are none', 'variables: { "a b": 1 }', /^v\.yaml:1:14: variables: a b should be a name/],
    ['something else than a map', 'variables: [1]', /^v\.yaml:1:12: variables is a list/],
    [
      'two values in two files',
      'include: [w.yaml]\nvariables: { x: 2 }',
      /^w\.yaml:1:18: variables\.x is 1 here and 2 in v\.yaml:2/,
    ],
  ]
  for (const [title, text, finding] of MISTAKES) {
    it(`report ${title}`, () => {
      const { findings } = read(text, { 'w.yaml': 'variables: {  x: 1 }\n' })
      assert.ok(
        findings.some((line) => finding.test(line)),
        `${finding} is not in\n${findings.join('\n')}`,
      )
    })
  }

  it('do not grow without end', () => {
    const lists = Array.from(
      { length: 9 },
      (_, i) =>
        `  a${i}: [${Array(10)
          .fill(i === 0 ? 'x' : `"\${a${i - 1}}"`)
          .join(', ')}]`,
    )
    assert.match(read(`variables:\n${lists.join('\n')}\n`).findings.join(), /hold one another too often/)
    const texts = Array.from({ length: 30 }, (_, i) => `  a${i}: "${i === 0 ? 'x' : `\${a${i - 1}}\${a${i - 1}}`}"`)
    const { findings } = read(`variables:\n${texts.join('\n')}\n`)
    assert.match(findings.join(), /too often|longer than/)
  })
})
