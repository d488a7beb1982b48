// A running facility follows changes of its beamline file: what has changed is restarted, the rest is not disturbed.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { starter } from '#interfaces/starter'
import type { DeviceProxy, TangoProcess } from '#tango'
import { CliProcess, type Ending, runCli, TestFacility } from '../support/facility.ts'
import { isAlive } from '../support/processes.ts'
import { eventually } from '../support/waiting.ts'

const DEMO = new URL('../../../db-config/beamlines/demo.yaml', import.meta.url).pathname

type Replacement = readonly [from: string, to: string]

const NEW_MOTOR: Replacement = [
  '{ name: dmot04, axis: 4 }',
  '{ name: dmot04, axis: 4 }\n      - { name: dmot05, axis: 5 }',
]

describe('bandoneon config at a running facility', () => {
  let folder: string
  let file: string
  let facility: TestFacility
  let client: TangoProcess

  before(async function () {
    this.timeout(40_000)
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-config-'))
    file = join(folder, 'beamline.yaml')
    edit()
    facility = await TestFacility.start({ beamline: file })
    client = await facility.client()
  })

  after(async () => {
    await facility?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  afterEach(async function () {
    this.timeout(30_000)
    edit()
    assert.equal((await config('apply', file, '--force')).code, 0)
  })

  /** Writes the demo with changes. */
  function edit(...replacements: readonly Replacement[]): void {
    let text = readFileSync(DEMO, 'utf8').replaceAll('axisCount: 4', 'axisCount: 8')
    for (const [from, to] of replacements) {
      assert.ok(text.includes(from), from)
      text = text.replace(from, to)
    }
    writeFileSync(file, text)
  }

  function config(...words: readonly string[]): Promise<Ending> {
    return runCli(['config', ...words, '--host', facility?.tangoHost ?? ''])
  }

  async function newest(): Promise<number> {
    const { stdout } = await config('history', '--json')
    return (JSON.parse(stdout) as { newest: number }).newest
  }

  it('shows what would change, and changes nothing', async () => {
    edit(NEW_MOTOR)
    const before = await newest()
    const { code, stdout } = await config('plan', file)
    assert.equal(code, 0)
    assert.match(stdout, /^\+ motor\/dmotctrl\/5: Motor in Pool\/demo1$/m)
    assert.match(stdout, /^ {2}motor\/dmotctrl\/5 \(Motor in Pool\/demo1\) would be created$/m)
    await assert.rejects(client.database().importDevice('motor/dmotctrl/5'), { reason: 'DB_DeviceNotDefined' })
    assert.equal(await newest(), before)
  }).timeout(20_000)

  it('brings a new motor that macros move at once, while a scan of others goes on', async () => {
    const door = await facility.door()
    const scan = new CliProcess(['run', 'ascan', 'dmot01', '0', '1', '40', '0.05', '--host', facility.tangoHost])
    await scan.says(/^ +1 /m, 10_000)
    edit(NEW_MOTOR)
    const { code, stdout, stderr } = await config('apply', file, '--author', 'anna@crate', '--reason', 'one more')
    assert.equal(code, 0, stderr)
    assert.match(stdout, /motor\/dmotctrl\/5 created, ON/)
    assert.doesNotMatch(stdout, /restarted/)
    assert.equal(scan.running, true)
    const ending = await scan.ended
    assert.equal(ending.code, 0, ending.stdout + ending.stderr)
    assert.match(ending.stdout, /^ +40 /m)
    assert.equal((await runCli(['run', 'mv', 'dmot05', '2.5', '--host', facility.tangoHost])).code, 0)
    assert.equal((await client.proxy('dmot05').read('Position')).value, 2.5)
    const history = await config('history', '--limit', '1')
    assert.match(history.stdout, /^\* \d+ .* anna@crate +apply +one more$/m)
    await door.close()
  }).timeout(40_000)

  it('changes nothing and makes no revision the second time', async () => {
    edit(NEW_MOTOR)
    assert.equal((await config('apply', file)).code, 0)
    const before = await newest()
    const { code, stdout } = await config('apply', file)
    assert.equal(code, 0)
    assert.match(stdout, /^nothing has changed; revision \d+ is applied$/m)
    assert.equal(await newest(), before)
  }).timeout(30_000)

  it('refuses while a scan uses what would be restarted, and forces it when told', async () => {
    const scan = new CliProcess(['run', 'ascan', 'mot01', '0', '1', '400', '0.05', '--host', facility.tangoHost])
    try {
      await scan.says(/^ +1 /m, 10_000)
      edit(['limits: [-100, 100]', 'limits: [-90, 100]'])
      assert.match((await config('plan', file)).stdout, /^blocked: door\/demo1\/1 is running ascan and uses .*mot01/m)
      const refused = await config('apply', file)
      assert.equal(refused.code, 1)
      assert.match(refused.stderr, /door\/demo1\/1 is running ascan and uses .*mot01.*\(Config_Blocked\)/)
      assert.equal((await client.proxy('mot01').attributeConfig(['Position']))[0]?.minValue, '-100')
      assert.equal((await config('apply', file, '--force')).code, 0)
      assert.equal((await client.proxy('mot01').attributeConfig(['Position']))[0]?.minValue, '-90')
    } finally {
      scan.child.kill('SIGINT')
      await scan.ended
    }
  }).timeout(40_000)

  it('removes an axis with its group, and the pool knows them no more', async () => {
    const group: Replacement = ['  - { name: mg_dummy4, channels: [dct01, dct02, dct03, dct04] }\n', '']
    edit(group, ['      - { name: dct04, axis: 4 }\n', ''])
    const { code, stderr } = await config('apply', file)
    assert.equal(code, 0, stderr)
    const { value = [] } = await client.proxy('Pool_demo1').read('ExpChannelList')
    assert.ok(Array.isArray(value))
    assert.ok(!value.some((line) => String(line).includes('dct04')))
    const gone = await runCli(['run', 'ct', '0.1', 'mg_dummy4', '--host', facility.tangoHost])
    assert.notEqual(gone.code, 0)
  }).timeout(30_000)

  it('removes a controller with its server, and brings both back', async () => {
    const demo = readFileSync(file, 'utf8')
    const box = demo.slice(
      demo.indexOf('  - name: icepap\n    server'),
      demo.indexOf('  # Motors and counters without'),
    )
    edit(
      [box, ''],
      ['  - Controllers/demo1\n', ''],
      ['  - { name: mg_demo, channels: [ct01, ct02, ct03, ct04], timer: ct01 }\n', ''],
      ['ActiveMntGrp: mg_demo', 'ActiveMntGrp: mg_dummy'],
    )
    const removed = await config('apply', file)
    assert.equal(removed.code, 0, removed.stderr)
    const { value = [] } = await client.proxy('Pool_demo1').read('ControllerList')
    assert.ok(Array.isArray(value))
    assert.deepEqual(value.map((line) => JSON.parse(String(line)).name).sort(), ['dctctrl', 'dmotctrl'])
    await assert.rejects(client.proxy('mot01').state())
    edit()
    const back = await config('apply', file)
    assert.equal(back.code, 0, back.stderr)
    assert.doesNotMatch(back.stdout, /does not run/)
    assert.equal((await runCli(['run', 'ascan', 'mot01', '0', '1', '2', '0.05', '--host', facility.tangoHost])).code, 0)
  }).timeout(40_000)

  it('lets what can run run when a new box does not answer, and says why it does not', async () => {
    const port = await closedPort()
    const box = `  - name: silent
    server: Controllers/demo1
    type: motor
    driver: icepap
    properties: { host: 127.0.0.1, port: ${port} }
    axes: [{ name: smot01, axis: 1 }]

  - name: em01`
    edit(['  - name: em01', box], NEW_MOTOR)
    const { code, stdout } = await config('apply', file)
    assert.equal(code, 0)
    assert.match(stdout, new RegExp(`controller/icepap/silent created, (FAULT|UNKNOWN|ALARM): .*${port}`))
    assert.match(stdout, /motor\/dmotctrl\/5 created, ON/)
    const { value = [] } = await client.proxy('Pool_demo1').read('MotorList')
    assert.ok(Array.isArray(value) && value.some((line) => String(line).includes('"smot01"')))
    assert.equal((await runCli(['run', 'mv', 'mot01', '0.1', '--host', facility.tangoHost])).code, 0)
  }).timeout(40_000)

  it('starts a new server and ends it when it is gone', async () => {
    edit(
      ['  - Pool/demo1\n', '  - Pool/demo1\n  - Controllers/extra\n'],
      ['  - name: dctctrl\n', '  - name: dctctrl\n    server: Controllers/extra\n'],
    )
    const moved = await config('apply', file)
    assert.equal(moved.code, 0, moved.stderr)
    assert.equal((await client.database().importDevice('dct01')).server, 'Controllers/extra')
    assert.equal((await runCli(['run', 'ct', '0.1', 'mg_dummy', '--host', facility.tangoHost])).code, 0)
    edit()
    const back = await config('apply', file)
    assert.equal(back.code, 0, back.stderr)
    assert.equal((await runCli(['run', 'ct', '0.1', 'mg_dummy', '--host', facility.tangoHost])).code, 0)
    await assert.rejects(client.database().importDevice('dserver/Controllers/extra'), { reason: 'DB_DeviceNotDefined' })
  }).timeout(60_000)

  it('renames elements, and their groups and macros follow', async () => {
    edit(
      ['{ name: dmot04, axis: 4 }', '{ name: slow04, axis: 4 }'],
      ['{ name: dct01, axis: 1 }', '{ name: first, axis: 1 }'],
      ['channels: [dct01] }', 'channels: [first] }'],
      ['channels: [dct01, dct02', 'channels: [first, dct02'],
    )
    const applied = await config('apply', file)
    assert.equal(applied.code, 0, applied.stderr)
    assert.equal((await runCli(['run', 'mv', 'slow04', '1', '--host', facility.tangoHost])).code, 0)
    const counted = await runCli(['run', 'ct', '0.1', 'mg_dummy', '--host', facility.tangoHost])
    assert.match(counted.stdout, /first/)
    assert.notEqual((await runCli(['run', 'mv', 'dmot04', '1', '--host', facility.tangoHost])).code, 0)
  }).timeout(30_000)

  it('adds a door that runs macros, and restarts a controller with its axes', async () => {
    edit(
      ['  - { device: door/demo1/1', '  - { device: door/demo1/2 }\n  - { device: door/demo1/1'],
      ['properties: { axisCount: 8 }', 'properties: { axisCount: 9 }'],
    )
    const applied = await config('apply', file)
    assert.equal(applied.code, 0, applied.stderr)
    assert.match(applied.stdout, /controller\/dummy-motor\/dmotctrl restarted, ON/)
    await eventually('the door', async () => (await client.proxy('door/demo1/2').state()) === 'ON')
    const moved = await runCli(['run', '--door', 'door/demo1/2', 'mv', 'dmot01', '4', '--host', facility.tangoHost])
    assert.equal(moved.code, 0, moved.stderr + moved.stdout)
    assert.equal((await client.proxy('dmot01').read('Position')).value, 4)
  }).timeout(30_000)

  it('goes back to an earlier revision as a new one', async () => {
    const before = await newest()
    edit(NEW_MOTOR)
    assert.equal((await config('apply', file)).code, 0)
    const { code, stdout } = await config('rollback', String(before), '--reason', 'not this way')
    assert.equal(code, 0)
    assert.match(stdout, /^- motor\/dmotctrl\/5: Motor in Pool\/demo1$/m)
    assert.match((await config('history', '--limit', '1')).stdout, /rollback +not this way$/m)
    assert.equal((await config('diff', String(before), String(before + 2))).code, 0)
    const diff = await config('diff', String(before + 1), String(before + 2))
    assert.equal(diff.code, 1)
    assert.match(diff.stdout, /^- {6}- \{ name: dmot05, axis: 5 \}$/m)
  }).timeout(30_000)

  it('refuses mistakes with file, line and column before anything is written', async () => {
    const before = await newest()
    for (const [replacement, message] of [
      [['driver: dummy-motor', 'driver: dumy-motor'], /beamline\.yaml:\d+:\d+: .*dumy-motor.*did you mean dummy-motor/],
      [['name: dmot04', 'name: dmot03'], /beamline\.yaml:\d+:\d+: .*dmot03.* line \d+/],
      [['version: 1', 'version: 1\n  broken: ['], /beamline\.yaml:\d+:\d+: /],
    ] as const) {
      edit(replacement)
      for (const command of ['check', 'plan', 'apply']) {
        const { code, stderr } = await config(command, file)
        assert.equal(code, 1)
        assert.match(stderr, message)
      }
    }
    assert.equal(await newest(), before)
  }).timeout(60_000)

  it('refuses an application that does not know the newest revision, and tells who has made it', async () => {
    const before = await newest()
    edit(NEW_MOTOR)
    assert.equal((await config('apply', file, '--author', 'anna@crate', '--reason', 'first')).code, 0)
    edit(NEW_MOTOR, ['limits: [-100, 100]', 'limits: [-80, 100]'])
    const { code, stderr } = await config('apply', file, '--base', String(before))
    assert.equal(code, 1)
    assert.match(stderr, /since revision \d+.*\n.*by anna@crate on .*\(first\): \+ motor\/dmotctrl\/5/)
    assert.match(stderr, /Config_Conflict/)
  }).timeout(30_000)

  it('dumps itself as a file that is right and changes nothing, with what users have set', async () => {
    await client.proxy('mot02').write('Velocity', 3)
    const { code, stdout } = await config('dump')
    assert.equal(code, 0)
    const dumped = join(folder, 'dump.yaml')
    writeFileSync(dumped, stdout)
    assert.equal((await config('check', dumped)).code, 0)
    assert.match((await config('plan', dumped)).stdout, /^nothing would change$/m)
    assert.match(stdout, /velocity: 3/)
  }).timeout(30_000)

  it('has the same configuration after the process of the database was killed', async () => {
    edit(
      NEW_MOTOR,
      ['  - Pool/demo1\n', '  - Pool/demo1\n  - Controllers/extra\n'],
      ['  - name: dctctrl\n', '  - name: dctctrl\n    server: Controllers/extra\n'],
    )
    assert.equal((await config('apply', file)).code, 0)
    const former = facility.killProcess('main')
    await facility.restarted('main', former)
    await (await facility.doorReady()).close()
    assert.match((await config('plan', file)).stdout, /^nothing would change$/m)
    assert.equal((await runCli(['run', 'ct', '0.1', 'mg_dummy', '--host', facility.tangoHost])).code, 0)
    await eventually('the new motor', async () => (await client.proxy('dmot05').state()) === 'ON')
  }).timeout(60_000)
})

for (const { layout, isolated } of [
  { layout: 'fast', isolated: false },
  { layout: 'isolated', isolated: true },
])
  describe(`servers of a changed configuration in the ${layout} layout`, function () {
    this.timeout(60_000)
    const extraProcess = isolated ? 'controllers-extra' : 'main'
    let folder: string
    let file: string
    let facility: TestFacility
    let client: TangoProcess
    let device: DeviceProxy<typeof starter>

    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'bandoneon-config-'))
      file = join(folder, 'beamline.yaml')
      writeFileSync(file, demo())
      facility = await TestFacility.start({ beamline: file, isolated })
      client = await facility.client()
      device = client.proxy(`tango/admin/${(hostname().split('.')[0] ?? '').toLowerCase()}`, starter)
      await eventually('the Starter', async () => (await device.state()) === 'ON', 20_000)
    })

    after(async () => {
      await facility?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    /** The demo with one more server of controllers and another one for its recorder, or as it is. */
    function demo(extra = false): string {
      let text = readFileSync(DEMO, 'utf8')
      if (!extra) return text
      for (const [from, to] of [
        ['  - Pool/demo1\n', '  - Pool/demo1\n  - Controllers/extra\n'],
        ['  - Recorder/demo1\n', '  - Recorder/extra\n'],
        ['  - name: dctctrl\n', '  - name: dctctrl\n    server: Controllers/extra\n'],
        ['{ server: Recorder/demo1,', '{ server: Recorder/extra,'],
      ] as const) {
        assert.ok(text.includes(from), from)
        text = text.replace(from, to)
      }
      return text
    }

    async function apply(text: string): Promise<string> {
      writeFileSync(file, text)
      const { code, stdout, stderr } = await runCli(['config', 'apply', file, '--host', facility.tangoHost])
      assert.equal(code, 0, stderr)
      return stdout
    }

    async function servers(): Promise<ReadonlyMap<string, string>> {
      const { value = [] } = await device.read('servers')
      return new Map(value.map((line) => [line.split('\t')[0] ?? '', line.split('\t')[1] ?? '']))
    }

    const becomes = (server: string, state: string | undefined): Promise<unknown> =>
      eventually(`${server} ${state ?? 'gone'}`, async () => (await servers()).get(server) === state, 20_000)

    const count = async (): Promise<void> => {
      const { code, stdout, stderr } = await runCli(['run', 'ct', '0.1', 'mg_dummy', '--host', facility.tangoHost])
      assert.equal(code, 0, stdout + stderr)
    }

    it('serves new ones, which the Starter lists as its own, and says in run.json where they are', async () => {
      const said = await apply(demo(true))
      assert.doesNotMatch(said, /does not run/)
      assert.match(said, /recorder\/demo1\/1 created, ON/)
      await count()
      await becomes('Controllers/extra', 'ON')
      await becomes('Recorder/extra', 'ON')
      assert.equal(await device.state(), 'ON')
      const { value = [] } = await device.read('servers')
      assert.ok(value.includes('Controllers/extra\tON\t1\t1\t1'), value.join('\n'))
      assert.deepEqual(
        Object.keys(facility.description.processes).filter((name) => name.endsWith('-extra')),
        isolated ? ['controllers-extra', 'recorder-extra'] : ['recorder-extra'],
      )
    })

    it('starts them again after a crash, and stops and starts them when told', async () => {
      for (const name of [extraProcess, 'recorder-extra']) {
        await facility.restarted(name, facility.killProcess(name))
      }
      await becomes('Controllers/extra', 'ON')
      await becomes('Recorder/extra', 'ON')
      await device.command('devStop', 'Recorder/extra')
      await becomes('Recorder/extra', 'FAULT')
      await eventually('run.json', () => !('recorder-extra' in facility.description.processes))
      await device.command('devStart', 'Recorder/extra')
      await becomes('Recorder/extra', 'ON')
      await eventually('run.json', () => 'recorder-extra' in facility.description.processes)
      await (await facility.doorReady()).close()
      await count()
    })

    it('keeps one stopped that people have stopped when its process is restarted', async () => {
      await device.command('devStop', 'Controllers/extra')
      await becomes('Controllers/extra', 'FAULT')
      const process = isolated ? 'database' : 'main'
      await facility.restarted(process, facility.killProcess(process))
      await becomes('Pool/demo1', 'ON')
      await (await facility.doorReady()).close()
      assert.equal((await servers()).get('Controllers/extra'), 'FAULT')
    })

    it('ends those that are gone, also stopped ones, and the Starter forgets them without alarm', async () => {
      const former = facility.processId('recorder-extra')
      const journal = async () => (await device.command('devReadLog', 'Starter')).split('ended unasked').length
      const before = await journal()
      await apply(demo())
      await becomes('Controllers/extra', undefined)
      await becomes('Recorder/extra', undefined)
      assert.ok(!isAlive(former))
      await eventually('the Starter', async () => (await device.state()) === 'ON')
      assert.deepEqual(
        Object.keys(facility.description.processes).filter((name) => name.endsWith('-extra')),
        [],
      )
      assert.equal(await journal(), before)
      await becomes('Recorder/demo1', 'ON')
      await count()
      const process = isolated ? 'database' : 'main'
      await facility.restarted(process, facility.killProcess(process))
      await (await facility.doorReady()).close()
      assert.equal((await servers()).has('Controllers/extra'), false)
    })

    it('ends them with the facility', async () => {
      await apply(demo(true))
      await becomes('Recorder/extra', 'ON')
      const pids = facility.processes.map(({ pid }) => pid)
      assert.ok(pids.includes(facility.processId('recorder-extra')))
      await facility.interrupt()
      assert.deepEqual(pids.filter(isAlive), [])
    })
  })

describe('bandoneon start with a beamline file', () => {
  it('makes a revision when the file has changed, and says when it replaces what somebody has applied', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-config-'))
    const file = join(folder, 'beamline.yaml')
    const data = join(folder, 'data')
    const demo = readFileSync(DEMO, 'utf8').replaceAll('axisCount: 4', 'axisCount: 5')
    const history = async (facility: TestFacility): Promise<readonly string[]> =>
      (await runCli(['config', 'history', '--host', facility.tangoHost])).stdout.trim().split('\n')
    try {
      writeFileSync(file, demo)
      for (const _again of [1, 2]) {
        await using facility = await TestFacility.start({ beamline: file, data })
        const lines = await history(facility)
        assert.equal(lines.length, 1)
        assert.match(lines[0] ?? '', /^\* 1 .* start +start of the facility$/)
        await facility.interrupt()
      }
      const other = join(folder, 'other.yaml')
      writeFileSync(other, demo.replace(...NEW_MOTOR))
      {
        await using facility = await TestFacility.start({ beamline: file, data })
        const words = ['config', 'apply', other, '--author', 'anna@crate', '--host', facility.tangoHost]
        assert.equal((await runCli(words)).code, 0)
        await facility.interrupt()
      }
      await using facility = await TestFacility.start({ beamline: file, data })
      assert.equal((await history(facility)).length, 3)
      const log = readFileSync(join(data, 'log', 'main.log'), 'utf8')
      assert.match(log, /WARN .*replaces.*revision=2.*anna@crate/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }).timeout(90_000)
})

/** A port at which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer()
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  await new Promise((resolve) => server.close(resolve))
  return port
}
