// The published JSON Schema of beamline files must be the one of the drivers and of the language as they are.
// BANDONEON_WRITE_DOCS=1 writes it anew.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beamlineSchema } from '#db-config'
import { driverCatalogue } from '../../facility/catalogue.ts'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

/** JSON as the formatter of the project has it: short lists of plain values in one line. */
function pretty(value: unknown, indent: string, column: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const deeper = `${indent}  `
  if (Array.isArray(value)) {
    const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`
    const isPlain = value.every((item) => typeof item !== 'object' || item === null)
    if (isPlain && column + line.length < 120) return line
    const items = value.map((item) => deeper + pretty(item, deeper, deeper.length))
    return `[\n${items.join(',\n')}\n${indent}]`
  }
  const entries = Object.entries(value).map(([key, item]) => {
    const start = `${deeper}${JSON.stringify(key)}: `
    return start + pretty(item, deeper, start.length)
  })
  return entries.length === 0 ? '{}' : `{\n${entries.join(',\n')}\n${indent}}`
}

describe('published schemas', () => {
  for (const [file, part] of [
    ['beamline.schema.json', false],
    ['beamline-part.schema.json', true],
  ] as const) {
    it(`has ${file} as the drivers and the language are`, async () => {
      const path = join(root, 'schemas', file)
      const wanted = `${pretty(beamlineSchema(await driverCatalogue(), { part }), '', 0)}\n`
      if (process.env.BANDONEON_WRITE_DOCS === '1') {
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, wanted)
      }
      const stale = `${file} is stale; run the architecture suite with BANDONEON_WRITE_DOCS=1`
      assert.equal(readFileSync(path, 'utf8'), wanted, stale)
    })
  }

  it('names the schema in the beamline files of the package', () => {
    const demo = readFileSync(join(root, 'db-config/beamlines/demo.yaml'), 'utf8')
    assert.match(demo, /^# yaml-language-server: \$schema=\.\.\/\.\.\/schemas\/beamline\.schema\.json\n/)
  })
})
