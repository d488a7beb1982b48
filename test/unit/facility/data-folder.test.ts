import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DataFolder, type RunDescription, readRunDescription } from '../../../facility/data-folder.ts'

const RUN: RunDescription = {
  pid: process.pid,
  tangoHost: '127.0.0.1:10000',
  doors: ['door/demo1/1'],
  data: '/data',
  started: '2026-11-20T08:00:00.000Z',
  processes: { main: 1 },
}

describe('DataFolder', () => {
  let parent: string
  let path: string

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'data-folder-'))
    path = join(parent, 'data')
  })
  afterEach(() => rmSync(parent, { recursive: true, force: true }))

  it('makes itself with its folders, and leaves neither lock nor run.json when it is closed', () => {
    const folder = new DataFolder(path)
    folder.describe(RUN)
    assert.deepEqual(readdirSync(path).sort(), ['lock', 'log', 'run.json', 'scanlog', 'scans'])
    folder.close()
    folder.close()
    assert.deepEqual(readdirSync(path).sort(), ['log', 'scanlog', 'scans'])
  })

  it('refuses a folder that a living process has locked, naming both', () => {
    const folder = new DataFolder(path)
    assert.throws(() => new DataFolder(path), {
      reason: 'Data_FolderUnusable',
      message: new RegExp(`${path} is used by the facility of process ${process.pid}\\b.*--data`),
    })
    assert.ok(existsSync(join(path, 'lock')), 'the owner lost its lock')
    folder.close()
    new DataFolder(path).close()
  })

  it('takes over the lock of a process that is gone', () => {
    new DataFolder(path).close()
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    writeFileSync(join(path, 'lock'), `${pid} 1\n`)
    const folder = new DataFolder(path)
    assert.match(readFileSync(join(path, 'lock'), 'utf8'), new RegExp(`^${process.pid} `))
    folder.close()
  })

  it('takes over the lock of a process whose number was given to another one', function () {
    if (process.platform !== 'linux') this.skip() // start times of processes are known on Linux only
    new DataFolder(path).close()
    writeFileSync(join(path, 'lock'), `${process.pid} 1\n`)
    new DataFolder(path).close()
  })

  it('leaves a lock alone that is being made, and takes over one that never was finished', () => {
    new DataFolder(path).close()
    const lock = join(path, 'lock')
    writeFileSync(lock, '')
    assert.throws(() => new DataFolder(path), /another facility is starting/)
    assert.ok(existsSync(lock))
    utimesSync(lock, 1000, 1000)
    new DataFolder(path).close()
  })

  it('refuses a place where no folder can be, naming it and the remedy', () => {
    writeFileSync(path, '')
    for (const place of [path, join(path, 'below')])
      assert.throws(() => new DataFolder(place), new RegExp(`Data_FolderUnusable: ${place} .*--data`))
  })
})

describe('readRunDescription', () => {
  let path: string

  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'run-json-'))
  })
  afterEach(() => rmSync(path, { recursive: true, force: true }))

  it('finds a running facility', () => {
    const folder = new DataFolder(path)
    folder.describe(RUN)
    assert.deepEqual(readRunDescription(path), RUN)
    folder.close()
  })

  it('finds nothing in an empty folder, in a damaged file, and of a facility that was killed', () => {
    assert.equal(readRunDescription(path), undefined)
    writeFileSync(join(path, 'run.json'), '{ "pid": ')
    assert.equal(readRunDescription(path), undefined)
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    writeFileSync(join(path, 'run.json'), JSON.stringify({ ...RUN, pid }))
    assert.equal(readRunDescription(path), undefined)
  })
})
