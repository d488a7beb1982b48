// Reference pages that come from specs, and code blocks of the docs that are files of examples/: both must be in step.
// BANDONEON_WRITE_DOCS=1 writes the pages anew.

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { REASONS } from '#tango/pure'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

function errorsPage(): string {
  const rows = Object.entries(REASONS).map(([reason, sentence]) => `| \`${reason}\` | ${sentence} |`)
  return [
    '# Reasons of errors',
    '',
    'Every `DevFailed` that Bandoneon raises has one of these reasons. Generated from `tango/errors/reasons.ts`.',
    '',
    '| reason | meaning |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n')
}

interface ParameterShape {
  readonly type?: string
  readonly doc?: string
  readonly unit?: string
  readonly default?: unknown
  readonly optional?: boolean
  readonly repeat?: Readonly<Record<string, ParameterShape>>
}

async function macrosPage(): Promise<string> {
  const folder = join(root, 'dist/macroserver/macros')
  const rows: [string, string][] = []
  for (const file of readdirSync(folder).filter((f) => f.endsWith('.js'))) {
    const module: Record<string, unknown> = await import(pathToFileURL(join(folder, file)).href)
    for (const [name, value] of Object.entries(module)) {
      if (typeof value !== 'object' || value === null || !('kind' in value) || value.kind !== 'macro') continue
      const { doc, parameters } = value as unknown as {
        doc: string
        parameters: Readonly<Record<string, ParameterShape>>
      }
      const words = Object.entries(parameters).map(([key, p]) => parameterWord(key, p))
      rows.push([name, `| \`${[name, ...words].join(' ')}\` | ${doc} |`])
    }
  }
  rows.sort(([a], [b]) => a.localeCompare(b))
  return [
    '# Macros',
    '',
    'Generated from the macros of `macroserver/macros`. `[x]` may be left out, `...` may be repeated.',
    '',
    '| usage | what it does |',
    '|---|---|',
    ...rows.map(([, row]) => row),
    '',
  ].join('\n')
}

function parameterWord(key: string, p: ParameterShape): string {
  if (p.repeat !== undefined)
    return `${Object.entries(p.repeat)
      .map(([k, inner]) => parameterWord(k, inner))
      .join(' ')} ...`
  return p.optional === true || p.default !== undefined ? `[${key}]` : `<${key}>`
}

async function commandsPage(): Promise<string> {
  const folder = join(root, 'dist/cli/commands')
  const parts: string[] = []
  for (const file of readdirSync(folder)
    .filter((f) => f.endsWith('.js'))
    .sort()) {
    const {
      default: command,
    }: { default: { usage: string; doc: string; options?: Record<string, { type: string; doc: string }> } } =
      await import(pathToFileURL(join(folder, file)).href)
    const options = Object.entries(command.options ?? {}).map(
      ([key, o]) => `| \`--${key}${o.type === 'string' ? ' <value>' : ''}\` | ${o.doc} |`,
    )
    parts.push(
      `## bandoneon ${file.replace('.js', '')}`,
      '',
      command.doc,
      '',
      '```',
      `bandoneon ${file.replace('.js', '')} ${command.usage}`,
      '```',
      '',
    )
    if (options.length > 0) parts.push('| option | meaning |', '|---|---|', ...options, '')
  }
  return [
    '# Command line',
    '',
    'Generated from `cli/commands`. Every command takes `--host host:port` and `--help`.',
    '',
    'The facility is found by `--host`, then `TANGO_HOST`, then `run.json` of `./bandoneon-data`, then `127.0.0.1:10000`.',
    'Exit codes: 0 done, 1 failed, 2 wrong command line, 130 stopped, 131 aborted.',
    '',
    ...parts,
  ].join('\n')
}

function check(page: string, wanted: string): void {
  const path = join(root, 'docs/reference', page)
  if (process.env.BANDONEON_WRITE_DOCS === '1') writeFileSync(path, wanted)
  assert.equal(
    readFileSync(path, 'utf8'),
    wanted,
    `${page} is stale; run the architecture suite with BANDONEON_WRITE_DOCS=1`,
  )
}

describe('reference pages', () => {
  it('lists every reason', () => check('errors.md', errorsPage()))
  it('lists every macro', async () => check('macros.md', await macrosPage()))
  it('lists every command', async () => check('command-line.md', await commandsPage()))

  it('shows examples as they are', () => {
    let blocks = 0
    for (const folder of ['tutorials', 'how-to', 'explanations', 'reference']) {
      for (const file of readdirSync(join(root, 'docs', folder)).filter((f) => f.endsWith('.md'))) {
        const text = readFileSync(join(root, 'docs', folder, file), 'utf8')
        for (const [, path, code] of text.matchAll(/<!-- (examples\/[\w.-]+) -->\n```\w+\n([\s\S]*?)```/g)) {
          blocks += 1
          assert.equal(code, readFileSync(join(root, path ?? ''), 'utf8'), `${file} and ${path} differ`)
        }
      }
    }
    assert.ok(blocks >= 2, `only ${blocks} examples found in the docs`)
  })

  it('has no broken links between pages', () => {
    const broken: string[] = []
    const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
      .filter((f) => f.endsWith('.md'))
      .map((f) => join('docs', f))
    for (const page of [...pages, 'README.md']) {
      const text = readFileSync(join(root, page), 'utf8')
      for (const [, target] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
        if (!existsSync(resolve(root, dirname(page), target ?? ''))) broken.push(`${page}: ${target}`)
      }
    }
    assert.deepEqual(broken, [])
  })
})
