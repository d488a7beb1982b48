// The examples compile against the public doors.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const ROOT = resolve(import.meta.dirname, '../../..')
const run = promisify(execFile)

describe('examples', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bandoneon-examples-'))
  })

  after(() => rm(folder, { recursive: true }))

  it('compile', async function () {
    this.timeout(60_000)
    const files = (await readdir(join(ROOT, 'examples'))).filter((file) => file.endsWith('.ts'))
    assert.ok(files.length >= 3)
    const compilerOptions = {
      noEmit: true,
      composite: false,
      incremental: false,
      rewriteRelativeImportExtensions: false,
      // what is built, as users of the package have it
      customConditions: [],
      typeRoots: [join(ROOT, 'node_modules/@types')],
    }
    const project = {
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions,
      files: files.map((file) => join(ROOT, 'examples', file)),
    }
    const path = join(folder, 'tsconfig.json')
    await writeFile(path, JSON.stringify(project))
    const tsc = join(ROOT, 'node_modules/.bin/tsc')
    await run(tsc, ['-p', path], { timeout: 50_000 }).catch((error: unknown) => {
      const output = typeof error === 'object' && error !== null && 'stdout' in error ? error.stdout : error
      assert.fail(String(output))
    })
  })
})
