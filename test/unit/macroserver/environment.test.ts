import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Environment, environmentLines, jsonOrText, scopedNames } from '../../../macroserver/environment.ts'
import { EnvironmentCopy } from '../../../macroserver/environment-view.ts'

describe('Environment', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-environment-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const file = () => join(folder, 'environment.json')
  const stored = () => JSON.parse(readFileSync(file(), 'utf8')) as Record<string, unknown>

  it('begins with its defaults, which are not written', async () => {
    const environment = await Environment.open(join(folder, 'new'), { defaults: { ScanDir: '/d', ScanID: 0 } })
    assert.equal(environment.get('ScanDir'), '/d')
    await environment.flush()
    assert.deepEqual(JSON.parse(readFileSync(join(folder, 'new', 'environment.json'), 'utf8')), {})
  })

  it('keeps what was set, and falls back to the default when it is removed', async () => {
    const environment = await Environment.open(folder, { defaults: { JsonRecorder: true } })
    environment.apply([
      ['JsonRecorder', false],
      ['List', [1, 'a', null]],
    ])
    await environment.flush()
    const again = await Environment.open(folder, { defaults: { JsonRecorder: true } })
    assert.deepEqual(
      [...again.entries()],
      [
        ['JsonRecorder', false],
        ['List', [1, 'a', null]],
      ],
    )
    again.apply([], ['JsonRecorder', 'List', 'NeverSet'])
    assert.deepEqual([...again.entries()], [['JsonRecorder', true]])
    await again.flush()
  })

  it('tells listeners what is new, changed and gone', async () => {
    const environment = await Environment.open(folder, { defaults: { A: 1 } })
    const heard: unknown[] = []
    const end = environment.onChange((c) => heard.push([[...c.new], [...c.change], c.del]))
    environment.apply([
      ['A', 2],
      ['B', 3],
    ])
    environment.apply([], ['A', 'B'])
    environment.apply([], ['B'])
    end()
    environment.apply([['C', 1]])
    assert.deepEqual(heard, [
      [[['B', 3]], [['A', 2]], []],
      [[], [['A', 1]], ['B']],
    ])
    await environment.flush()
  })

  it('writes soon without being asked', async () => {
    const environment = await Environment.open(folder, { delayMs: 1 })
    environment.apply([['A', 1]])
    const deadline = performance.now() + 5000
    while (!existsSync(file()) || stored().A !== 1) {
      assert.ok(performance.now() < deadline, 'not written within 5 s')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await environment.flush()
  })

  it('gives every scan number once, each in the file before it is given', async () => {
    const environment = await Environment.open(folder, { defaults: { ScanID: 0 } })
    const numbers: number[] = []
    for (let i = 0; i < 100; i++) {
      const scanId = await environment.nextScanId()
      assert.ok(Number(stored().ScanID) >= scanId)
      numbers.push(scanId)
    }
    assert.deepEqual(
      numbers,
      Array.from({ length: 100 }, (_, i) => i + 1),
    )
    const together = await Promise.all(Array.from({ length: 50 }, () => environment.nextScanId()))
    assert.deepEqual(
      [...together].sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, i) => i + 101),
    )
    await environment.flush()
    assert.deepEqual(stored(), { ScanID: 150 })
  })

  it('goes on behind the last number when the process died, and behind all reserved ones when the machine did', async () => {
    const environment = await Environment.open(folder, { defaults: { ScanID: 0 } })
    for (let i = 0; i < 3; i++) await environment.nextScanId()
    const left = readFileSync(file(), 'utf8') // what a killed process leaves
    await environment.flush()
    writeFileSync(file(), left)
    const afterKill = await Environment.open(folder)
    assert.equal(await afterKill.nextScanId(), 4)
    await afterKill.flush()
    writeFileSync(file(), left.replace(/"boot": "[^"]*"/, '"boot": "another start of the machine"'))
    const afterPowerCut = await Environment.open(folder)
    const next = await afterPowerCut.nextScanId()
    assert.ok(next > 4, `${next}: numbers that were reserved may have been used`)
    assert.ok(!afterPowerCut.entries().has('(reserved scan numbers)'))
    await afterPowerCut.flush()
  })

  it('takes a number back when no other was given since', async () => {
    const environment = await Environment.open(folder)
    const first = await environment.nextScanId()
    environment.giveBackScanId(first)
    assert.equal(await environment.nextScanId(), first)
    const second = await environment.nextScanId()
    environment.giveBackScanId(first)
    assert.equal(await environment.nextScanId(), second + 1)
    await environment.flush()
  })

  it('follows a number that somebody has set', async () => {
    const environment = await Environment.open(folder)
    await environment.nextScanId()
    environment.apply([['ScanID', 1000]])
    assert.equal(await environment.nextScanId(), 1001)
    environment.apply([['ScanID', 10]])
    assert.equal(await environment.nextScanId(), 11)
    await environment.flush()
  })

  it('refuses a damaged file and says which', async () => {
    writeFileSync(file(), '{"ScanID": 17')
    await assert.rejects(Environment.open(folder), /Data_FolderUnusable: .*environment.json is damaged/)
    assert.equal(readFileSync(file(), 'utf8'), '{"ScanID": 17', 'it is left as it was')
  })

  it('gives no number when the file cannot be written', async () => {
    const environment = await Environment.open(folder)
    rmSync(folder, { recursive: true })
    await assert.rejects(environment.nextScanId(), /Data_FolderUnusable: .*cannot be written/)
    await assert.rejects(environment.flush(), /Data_FolderUnusable/)
  })

  it('refuses names that nobody could type', async () => {
    const environment = await Environment.open(folder)
    assert.throws(() => environment.apply([['a b', 1]]), /API_InvalidArgs/)
    await environment.flush()
  })
})

describe('the environment of a macro', () => {
  it('looks for the door and the macro first', () => {
    assert.deepEqual(scopedNames('X', { door: ['door/a/1', 'Door_a'], macro: 'ascan' }), [
      'door/a/1.ascan.X',
      'Door_a.ascan.X',
      'ascan.X',
      'door/a/1.X',
      'Door_a.X',
      'X',
    ])
    const copy = new EnvironmentCopy(
      [
        ['G', 'all'],
        ['ascan.G', 'ascan only'],
        ['Door_a.G', 'door only'],
        ['Door_a.ascan.G', 'both'],
      ],
      ['door/a/1', 'Door_a'],
      () => undefined,
    )
    assert.equal(copy.of('ascan').get('G'), 'both')
    copy.update([], ['Door_a.ascan.G'])
    assert.equal(copy.of('ascan').get('G'), 'ascan only')
    assert.equal(copy.of('ct').get('G'), 'door only')
    copy.update([], ['Door_a.G'])
    assert.equal(copy.of('ct').get('G'), 'all')
  })

  it('sends changes and shows them at once', () => {
    const sent: unknown[] = []
    const copy = new EnvironmentCopy([['A', 1]], ['d'], (set, unset) => sent.push([set, unset]))
    const environment = copy.of('m')
    environment.set('B', [2])
    assert.deepEqual(environment.get('B'), [2])
    environment.unset('A')
    assert.deepEqual(sent, [
      [[['B', [2]]], []],
      [[], ['A']],
    ])
    assert.throws(() => environment.get('A'), /Environment_Undefined: A is not set: senv A <value>/)
    assert.equal(environment.get('A', 5), 5)
    assert.throws(() => environment.unset('A'), /Environment_Undefined/)
  })
})

describe('values as text', () => {
  it('are JSON, Python constants or text', () => {
    assert.deepEqual(['1', '1.5', '"a"', '[1,2]', 'True', 'None', 'abc', '/a/b', '1e'].map(jsonOrText), [
      1,
      1.5,
      'a',
      [1, 2],
      true,
      null,
      'abc',
      '/a/b',
      '1e',
    ])
  })

  it('come as name=value in the property Environment', () => {
    assert.deepEqual(environmentLines(['ActiveMntGrp="mg"', 'A=b=c']), { ActiveMntGrp: 'mg', A: 'b=c' })
    assert.throws(() => environmentLines(['nothing']), /Property_Invalid/)
  })
})
