// Holds the arrows of the architecture: who may import whom, doors only, no cycles between files, file sizes.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

/** Floor to the floors it may import. Order matters: the longest folder that fits a file is its floor. */
const FLOORS: Readonly<Record<string, readonly string[]>> = {
  'tango-pure': [],
  tango: ['tango-pure'],
  interfaces: ['tango-pure'],
  documents: ['tango-pure'],
  data: ['tango-pure', 'tango', 'interfaces', 'documents'],
  'device-servers': ['tango-pure', 'tango', 'interfaces', 'documents', 'data'],
  pool: ['tango-pure', 'tango', 'interfaces'],
  macroserver: ['tango-pure', 'tango', 'interfaces', 'documents', 'data'],
  'db-config': ['tango-pure', 'tango', 'interfaces'],
  simulators: [],
  facility: [
    'tango-pure',
    'tango',
    'interfaces',
    'documents',
    'data',
    'device-servers',
    'pool',
    'macroserver',
    'db-config',
  ],
  cli: ['tango-pure', 'tango', 'interfaces', 'documents', 'facility'],
}

/** Door to its floor. */
const DOORS: readonly (readonly [RegExp, string])[] = [
  [/^(#tango\/pure|bandoneon\/tango\/pure)$/, 'tango-pure'],
  [/^(#tango|bandoneon\/tango)$/, 'tango'],
  [/^(#interfaces|bandoneon\/interfaces)\/[\w-]+$/, 'interfaces'],
  [/^#data\/documents$/, 'documents'],
  [/^(#data|bandoneon\/data)$/, 'data'],
  [/^(#device-servers|bandoneon\/device-servers)$/, 'device-servers'],
  [/^#pool$/, 'pool'],
  [/^(#macroserver|bandoneon\/macroserver)$/, 'macroserver'],
  [/^#db-config$/, 'db-config'],
  [/^#facility$/, 'facility'],
]

/** Package to the places that may import it. */
const PACKAGES: Readonly<Record<string, readonly RegExp[]>> = {
  zeromq: [/^tango\/events\//, /^data\/broker\//, /^data\/stream\//],
  libsql: [/^db-config\/store\/sqlite-(connection|store)\.ts$/],
  mysql2: [/^db-config\/store\/mysql\.worker\.ts$/],
  synckit: [/^db-config\/store\/mysql(-link|\.worker)\.ts$/],
  h5wasm: [/^data\/hdf5\/h5-writer\.worker\.ts$/],
  yaml: [/^db-config\/\w+\/yaml-\w+\.ts$/],
  esbuild: [/^tango\/server\/plugins\.ts$/],
}

/** Longest files; the exceptions are tables of constants. */
const LIMIT = 500
const LONG_FILES: readonly string[] = []

const files = Object.keys(FLOORS)
  .map((f) => ({ 'tango-pure': 'tango', interfaces: 'device-servers', documents: 'data' })[f] ?? f)
  .filter((folder, i, all) => all.indexOf(folder) === i)
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((f) => `${folder}/${f}`),
  )
  .filter((f) => f.endsWith('.ts') && !f.endsWith('.d.ts'))

function floorOf(file: string): string {
  if (/^tango\/(wire|types|encoded|errors)\//.test(file) || file === 'tango/pure.ts') return 'tango-pure'
  if (file.startsWith('device-servers/interfaces/')) return 'interfaces'
  if (file.startsWith('data/documents/')) return 'documents'
  return file.split('/')[0] ?? ''
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')
  const found = [
    ...text.matchAll(/^(?:import|export)\b[^'"`;]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm),
  ]
  return found.map((m) => m[1] ?? m[2] ?? m[3] ?? '')
}

describe('architecture', () => {
  it('reads the sources', () => assert.ok(files.length > 50, `only ${files.length} files found below ${root}`))

  it('lets each floor import only what an arrow allows, and other folders only through their doors', () => {
    const wrong: string[] = []
    for (const file of files) {
      const floor = floorOf(file)
      const allowed = FLOORS[floor] ?? []
      for (const imported of importsOf(file)) {
        if (imported.startsWith('.')) {
          const target = relative(root, resolve(root, dirname(file), imported))
          const to = floorOf(target)
          if (to === floor) continue
          if (target.split('/')[0] === file.split('/')[0] && allowed.includes(to)) continue // a floor inside the same folder
          wrong.push(`${file} reaches into ${target}; import its door`)
          continue
        }
        if (imported.startsWith('#') || imported.startsWith('bandoneon')) {
          const door = DOORS.find(([pattern]) => pattern.test(imported))
          if (door === undefined) wrong.push(`${file} imports ${imported}, which is no door`)
          else if (door[1] !== floor && !allowed.includes(door[1]))
            wrong.push(`${file} (${floor}) must not import ${imported}`)
          continue
        }
        if (imported.startsWith('node:')) {
          if (['tango-pure', 'interfaces', 'documents'].includes(floor))
            wrong.push(`${file} is pure but imports ${imported}`)
          continue
        }
        const name = imported.startsWith('@')
          ? imported.split('/').slice(0, 2).join('/')
          : (imported.split('/')[0] ?? '')
        const places = PACKAGES[name]
        if (places === undefined)
          wrong.push(`${file} imports ${imported}, a package that the architecture does not name`)
        else if (!places.some((p) => p.test(file))) wrong.push(`${file} imports ${name}, which has its own place`)
      }
    }
    assert.deepEqual(wrong, [])
  })

  it('has no cycles between files', () => {
    const graph = new Map(
      files.map((file) => [
        file,
        importsOf(file)
          .filter((i) => i.startsWith('.'))
          .map((i) => relative(root, resolve(root, dirname(file), i))),
      ]),
    )
    const typeOnly = (from: string, to: string) => {
      const text = readFileSync(join(root, from), 'utf8')
      const name = to.split('/').pop() ?? ''
      const lines = [...text.matchAll(/^(?:import|export)\b[^'"`;]*?\bfrom\s+'([^']+)'/gm)].filter((m) =>
        (m[1] ?? '').endsWith(name),
      )
      return lines.length > 0 && lines.every((m) => /^(import|export) type\b/.test(m[0]))
    }
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (file: string, path: readonly string[]) => {
      if (path.includes(file)) {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' -> '))
        return
      }
      if (done.has(file)) return
      for (const next of graph.get(file) ?? [])
        if (graph.has(next) && !typeOnly(file, next)) visit(next, [...path, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    assert.deepEqual(cycles, [])
  })

  it('keeps files readable in a sitting', () => {
    const long = files
      .map((file) => ({ file, lines: readFileSync(join(root, file), 'utf8').split('\n').length }))
      .filter(({ file, lines }) => lines > LIMIT && !LONG_FILES.includes(file))
    assert.deepEqual(long, [])
  })

  it('starts every file with a comment that says what it is', () => {
    const without = files.filter((file) => !/^(#!.*\n)?(\/\/|\/\*)/.test(readFileSync(join(root, file), 'utf8')))
    assert.deepEqual(without, [])
  })

  it('speaks of the product alone', () => {
    const telling = /\.\.\/shared|\/work\/|registry\.npmjs|deb\.debian\.org/
    const wrong = files.filter((file) => telling.test(readFileSync(join(root, file), 'utf8')))
    assert.deepEqual(wrong, [])
  })
})
