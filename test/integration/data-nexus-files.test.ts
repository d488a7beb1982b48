import assert from 'node:assert/strict'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { type Dataset, File, ready } from 'h5wasm/node'
import { recorder as recorderSpec } from '#interfaces/recorder'
import { DeviceProxy, silentLogger, TangoProcess } from '#tango'
import { ScanPublisher } from '../../data/broker/publisher.ts'
import recorderClass from '../../data/devices/recorder.ts'
import { H5Writer } from '../../data/hdf5/h5-writer.ts'
import { endOf, pointsOf, startOf, temporaryFolder, until } from '../unit/data/scans.ts'
import { type Child, startChild } from './data-children.ts'

/** Numbers of a dataset. */
function numbers(file: File, path: string): number[] {
  const dataset = file.get(path) as Dataset | null
  assert.ok(dataset !== null, `no ${path}`)
  return Array.from(dataset.value as Float64Array | BigInt64Array, Number)
}

function text(file: File, path: string): unknown {
  return (file.get(path) as Dataset | null)?.value
}

describe('NeXus files', function () {
  this.timeout(20_000)
  let folder: ReturnType<typeof temporaryFolder>
  const children: Child[] = []
  const open: AsyncDisposable[] = []
  before(() => ready)
  beforeEach(() => {
    folder = temporaryFolder()
  })
  afterEach(async () => {
    for (const child of children.splice(0)) await child.kill()
    for (const one of open.splice(0)) await one[Symbol.asyncDispose]()
    folder.remove()
  })

  const path = (name: string): string => join(folder.path, 'scans', name)

  async function publisher(): Promise<ScanPublisher> {
    const made = await ScanPublisher.open(folder.path, { door: 'door/demo1/1' })
    open.unshift(made)
    return made
  }

  async function child(name: string, ...args: readonly string[]): Promise<Child> {
    const made = startChild(name, folder.path, ...args)
    children.push(made)
    await made.ready
    return made
  }

  async function recorded(source: { folder: ScanPublisher['folder'] }, scan: string): Promise<string> {
    await until(() => fs.existsSync(source.folder.recorded(scan)), `${scan} to be recorded`, 15_000)
    return String(JSON.parse(fs.readFileSync(source.folder.recorded(scan), 'utf8')).file)
  }

  function checkRows(file: File, rows: number): void {
    const index = Array.from({ length: rows }, (_, row) => row)
    assert.deepEqual(numbers(file, '/entry12/measurement/point_nb'), index)
    assert.deepEqual(
      numbers(file, '/entry12/measurement/mot01'),
      index.map((i) => i / 20),
    )
    assert.deepEqual(numbers(file, '/entry12/instrument/ct01/data'), pointsOf('', 0, rows).values[2])
  }

  it('are written by a Recorder device, which confirms when they are complete', async () => {
    const tango = await TangoProcess.create({ log: silentLogger() })
    open.push(tango)
    const properties = { DataFolder: [folder.path] }
    await tango.startServer({
      server: 'Recorder',
      instance: 'test',
      database: 'none',
      classes: [recorderClass],
      devices: [{ class: 'Recorder', name: 'recorder/test/1', properties }],
    })
    const address = `tango://127.0.0.1:${tango.orb.endpoint.port}/recorder/test/1#dbase=no`
    const proxy = DeviceProxy.of(recorderSpec, address, tango)
    const file = path('a_00012.h5')
    await proxy.command('checkStart', file)
    const source = await publisher()
    source.start(startOf('s', { file, master: path('a.h5') }))
    for (let row = 0; row < 21; row += 1) source.points(pointsOf('s', row))
    source.end(endOf('s', 21))
    assert.equal(await proxy.command('awaitScan', 's'), file)
    const h5 = new File(file, 'r')
    checkRows(h5, 21)
    assert.equal(text(h5, '/entry12/writer/status'), 'SUCCEEDED')
    assert.equal(text(h5, '/entry12/title'), 'ascan mot01 0 1 20 0.01')
    h5.close()
    const master = new File(path('a.h5'), 'r')
    checkRows(master, 21)
    assert.equal(master.attrs.default?.value, 'entry12')
    master.close()
    assert.equal(await proxy.state(), 'ON')
    assert.equal((await proxy.read('file')).value, file)
    assert.equal((await proxy.read('pointsWritten')).value, 21)
    await assert.rejects(proxy.command('checkStart', path('a.h5/b.h5')), { reason: 'Data_FolderUnusable' })
  })

  it('are complete although the recorder is killed again and again during the scan', async () => {
    const source = await publisher()
    const file = path('a_00012.h5')
    source.start(startOf('s', { file, master: path('a.h5') }))
    let row = 0
    for (let kills = 0; kills < 3; kills += 1) {
      const recorder = await child('data-recorder-child')
      for (let i = 0; i < 150; i += 1) source.points(pointsOf('s', row++))
      await until(() => fs.existsSync(file), 'the file')
      for (let i = 0; i < 150; i += 1) {
        source.points(pointsOf('s', row++))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      await recorder.kill()
    }
    source.end(endOf('s', row))
    await child('data-recorder-child')
    assert.equal(await recorded(source, 's'), file)
    const h5 = new File(file, 'r')
    checkRows(h5, row)
    assert.equal(text(h5, '/entry12/writer/status'), 'SUCCEEDED')
    h5.close()
    assert.deepEqual(fs.readdirSync(path('')).sort(), ['a.h5', 'a_00012.h5'], 'nothing else is left')
    const master = new File(path('a.h5'), 'r')
    assert.deepEqual(master.keys(), ['entry12'])
    master.close()
  })

  it('hold every acknowledged point of a scan whose process is killed', async () => {
    await child('data-recorder-child')
    const file = path('a_00012.h5')
    const scanning = await child('data-publisher-child', 's', file)
    await until(() => scanning.lines.length > 200, '200 points')
    await scanning.kill()
    const source = await publisher()
    await recorded(source, 's')
    const acknowledged = Number(scanning.lines.at(-1))
    const h5 = new File(file, 'r')
    const rows = numbers(h5, '/entry12/measurement/point_nb').length
    assert.ok(rows === acknowledged || rows === acknowledged + 1, `${rows} rows, ${acknowledged} acknowledged`)
    checkRows(h5, rows)
    assert.equal(text(h5, '/entry12/writer/status'), 'FAILED')
    assert.match(String(text(h5, '/entry12/writer/message')), /process of door\/child\/1 ended/)
    h5.close()
  })

  it('never replace files of others', async () => {
    fs.mkdirSync(path(''))
    fs.writeFileSync(path('a_00012.h5'), 'not ours')
    const foreign = new File(path('a.h5'), 'w')
    foreign.create_attribute('creator', 'somebody else')
    foreign.close()
    const before = fs.readFileSync(path('a.h5'))
    await child('data-recorder-child')
    const source = await publisher()
    for (const scan of ['s1', 's2']) {
      source.start(startOf(scan, { file: path('a_00012.h5'), master: path('a.h5') }))
      source.points(pointsOf(scan, 0, 3))
      source.end(endOf(scan, 3))
    }
    assert.deepEqual([await recorded(source, 's1'), await recorded(source, 's2')].sort(), [
      path('a_00012_1.h5'),
      path('a_00012_2.h5'),
    ])
    assert.equal(fs.readFileSync(path('a_00012.h5'), 'utf8'), 'not ours')
    assert.deepEqual(fs.readFileSync(path('a.h5')), before)
    const master = new File(path('a_1.h5'), 'r')
    assert.deepEqual(master.keys().sort(), ['entry12', 'entry12_2'])
    master.close()
  })

  it('keep columns of texts and whole numbers', async () => {
    await child('data-recorder-child')
    const source = await publisher()
    const columns = [
      { name: 'point_nb', label: '#', role: 'index', dtype: 'int64', shape: [] },
      { name: 'cam', label: 'cam', role: 'channel', dtype: 'string', shape: [] },
    ] as const
    source.start(
      startOf('s', { columns, file: path('t_00012.h5'), grid: [], snapshot: [{ name: 'note', value: 'wet' }] }),
    )
    const names = ['h5file:///data/cam_1.h5', 'µ', '']
    source.points({ kind: 'scan-points', scan: 's', first: 0, values: [[1, 2, 2 ** 53 - 1], names] })
    source.end(endOf('s', 3))
    await recorded(source, 's')
    const h5 = new File(path('t_00012.h5'), 'r')
    assert.deepEqual(text(h5, '/entry12/measurement/cam'), names)
    assert.deepEqual(numbers(h5, '/entry12/measurement/point_nb'), [1, 2, 2 ** 53 - 1])
    assert.equal(text(h5, '/entry12/measurement/pre_scan_snapshot/note'), 'wet')
    h5.close()
  })
})

describe('H5Writer', () => {
  let folder: ReturnType<typeof temporaryFolder>
  beforeEach(() => {
    folder = temporaryFolder()
  })
  afterEach(() => folder.remove())

  it('fails all open files after an error, and works again with the next one', async () => {
    await using writer = new H5Writer()
    const column = { kind: 'group', children: { x: { kind: 'column', dtype: 'float64' } } } as const
    const one = await writer.create(join(folder.path, 'one.h5'), column)
    await assert.rejects(writer.create(join(folder.path, 'missing', 'two.h5'), column), {
      reason: 'Recorder_Failed',
      message: /No such file or directory/,
    })
    await assert.rejects(one.append(0, [{ path: '/x', values: Float64Array.of(1) }]), { reason: 'Recorder_Failed' })
    const again = await writer.create(join(folder.path, 'one.h5'), column)
    await again.append(0, [{ path: '/x', values: Float64Array.of(1, 2) }])
    await again.append(1, [{ path: '/x', values: Float64Array.of(2, 3) }])
    await again.close()
    const h5 = new File(join(folder.path, 'one.h5'), 'r')
    assert.deepEqual(numbers(h5, '/x'), [1, 2, 3], 'rows that are there are not written twice')
    h5.close()
  })

  it('refuses rows that leave a gap', async () => {
    await using writer = new H5Writer()
    const root = { kind: 'group', children: { x: { kind: 'column', dtype: 'float64' } } } as const
    const file = await writer.create(join(folder.path, 'gap.h5'), root)
    await assert.rejects(file.append(2, [{ path: '/x', values: Float64Array.of(1) }]), {
      message: /rows 0 to 1 are missing/,
    })
  })
})
