import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findExecutable } from '../../../../facility/starter/executable.ts'

const OWN = { file: 'node', words: ['serve'] }

describe('findExecutable', () => {
  let first: string
  let second: string

  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), 'executable-'))
    first = join(folder, 'first')
    second = join(folder, 'second')
    for (const path of [first, second]) mkdirSync(path)
  })
  afterEach(() => rmSync(join(first, '..'), { recursive: true, force: true }))

  const nothing = async () => undefined

  it('takes the first folder that has an executable of the name, with the ending of Python or without', async () => {
    writeFileSync(join(second, 'Server'), '', { mode: 0o755 })
    assert.deepEqual(await findExecutable('Server', [first, second], nothing), {
      file: join(second, 'Server'),
      words: [],
    })
    writeFileSync(join(first, 'Server.py'), '', { mode: 0o755 })
    assert.equal((await findExecutable('Server', [first, second], nothing)).file, join(first, 'Server.py'))
  })

  it('does not take a folder, or a file that cannot be executed', async () => {
    mkdirSync(join(first, 'Server'))
    writeFileSync(join(second, 'Server'), '', { mode: 0o644 })
    await assert.rejects(findExecutable('Server', [first, second], nothing), { reason: 'CANNOT_RUN_FILE' })
  })

  it('runs a server of ours when no folder has it', async () => {
    assert.deepEqual(await findExecutable('Controllers', [first], async () => OWN), OWN)
    writeFileSync(join(first, 'Controllers'), '', { mode: 0o755 })
    assert.equal((await findExecutable('Controllers', [first], async () => OWN)).file, join(first, 'Controllers'))
  })

  it('says where it has looked, and never leaves the folders', async () => {
    writeFileSync(join(first, '..', 'Secret'), '', { mode: 0o755 })
    for (const name of ['../Secret', '..', '.', '', 'a/b'])
      await assert.rejects(
        findExecutable(name, [first, second], async () => OWN),
        new RegExp(`CANNOT_RUN_FILE: .*${first}, ${second}.*StartDsPath`),
      )
  })
})
