// Start and end of a whole facility, in both layouts, seen from the command line.

import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packagedBeamline } from '#facility'
import { CliProcess, runCli, TestFacility } from '../support/facility.ts'
import { isAlive, processTree } from '../support/processes.ts'
import { eventually, within } from '../support/waiting.ts'

const LAYOUTS = [
  { layout: 'fast', isolated: false, names: ['main', 'recorder-demo1', 'simulators'] },
  {
    layout: 'isolated',
    isolated: true,
    names: ['controllers-demo1', 'database', 'macroserver-demo1', 'pool-demo1', 'recorder-demo1', 'simulators'],
  },
] as const

for (const { layout, isolated, names } of LAYOUTS) {
  describe(`A facility in the ${layout} layout`, function () {
    this.timeout(60_000)
    let facility: TestFacility

    beforeEach(async () => {
      facility = await TestFacility.start({ isolated })
    })
    afterEach(() => facility.close())

    it('says once that everything answers, describes itself in run.json, and ends cleanly on Ctrl-C', async () => {
      assert.match(
        facility.program.stdout,
        /^bandoneon ready TANGO_HOST=127\.0\.0\.1:\d+ door=door\/demo1\/1 data=\S+\n$/,
      )
      assert.deepEqual(Object.keys(facility.description.processes).sort(), names)
      assert.equal(facility.description.pid, facility.pid)
      const client = await facility.client()
      assert.equal(await client.proxy(facility.doorName).state(), 'ON')
      assert.equal(await client.proxy('motor/icepap/1').state(), 'ON')
      const tree = facility.processes

      const ending = await facility.interrupt()

      assert.equal(ending.code, 0, ending.stderr)
      assert.deepEqual(
        tree.filter(({ pid }) => isAlive(pid)),
        [],
      )
      assert.ok(!existsSync(join(facility.data, 'run.json')), 'run.json is left behind')
      assert.ok(!existsSync(join(facility.data, 'lock')), 'the lock is left behind')
    })

    it('takes all of its processes with it when the launcher is killed', async () => {
      const tree = facility.processes
      process.kill(facility.pid, 'SIGKILL')
      await eventually(
        'the end of all processes',
        () => {
          const alive = tree.filter(({ pid }) => isAlive(pid))
          if (alive.length > 0) throw new Error(alive.map(({ command }) => command).join('\n'))
          return true
        },
        15_000,
      )
    })

    it('starts again in the folder of a facility that was killed', async () => {
      process.kill(facility.pid, 'SIGKILL')
      await facility.program.ended
      const again = await TestFacility.start({ isolated, data: facility.data })
      try {
        assert.equal(await (await again.client()).proxy(again.doorName).state(), 'ON')
      } finally {
        await again.close()
      }
    })
  })
}

describe('bandoneon start', function () {
  this.timeout(60_000)
  let folder: string

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-start-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('says in one line that a port is in use, and ends with 1', async () => {
    const server = createServer()
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => {
        const address = server.address()
        resolve(typeof address === 'object' && address !== null ? address.port : 0)
      }),
    )
    try {
      const ending = await runCli(['start', '--port', String(port), '--data', join(folder, 'data')])
      assert.equal(ending.code, 1)
      assert.match(ending.stderr, new RegExp(`^bandoneon start: port ${port} is in use; .*--port.*\\n$`))
      assert.equal(ending.stdout, '')
    } finally {
      server.close()
    }
  })

  it('refuses a data folder that cannot be written, naming folder and remedy', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    for (const data of [file, join(file, 'below')]) {
      const ending = await runCli(['start', '--port', '0', '--data', data])
      assert.equal(ending.code, 1)
      assert.ok(ending.stderr.includes(data), ending.stderr)
      assert.match(ending.stderr, /--data/)
    }
  })

  it('refuses the data folder of a running facility, which is not disturbed', async () => {
    const first = await TestFacility.start({ data: join(folder, 'data') })
    try {
      const ending = await runCli(['start', '--port', '0', '--data', first.data])
      assert.equal(ending.code, 1)
      assert.match(ending.stderr, new RegExp(`used by the facility of process ${first.pid}\\b.*--data`))
      assert.equal(await (await first.client()).proxy(first.doorName).state(), 'ON')
      assert.equal(first.description.pid, first.pid)
    } finally {
      await first.close()
    }
  })

  it('refuses a beamline file with a mistake, naming line and column, before anything starts', async () => {
    const beamline = join(folder, 'wrong.yaml')
    writeFileSync(beamline, 'version: 1\nname: wrong\nservers:\n  - Pool\n')
    const ending = await runCli(['start', '--port', '0', '--data', join(folder, 'data'), '--beamline', beamline])
    assert.equal(ending.code, 1)
    assert.match(ending.stderr, /wrong\.yaml:4:5/)
    assert.ok(!existsSync(join(folder, 'data')) || readdirSync(join(folder, 'data')).length === 0)
  })

  it('leaves nothing behind when it is interrupted while it starts', async () => {
    for (const [n, file] of ['log', 'tango.sqlite'].entries()) {
      const data = join(folder, `data${n}`)
      const program = new CliProcess(['start', '--port', '0', '--data', data])
      await eventually(`${file} in the data folder`, () => existsSync(join(data, file)))
      const tree = processTree(program.child.pid ?? 0)
      program.child.kill('SIGINT')
      const ending = await within('the end', program.ended, 15_000)
      assert.equal(ending.code, 1, ending.stderr)
      assert.match(ending.stderr, /interrupted before everything was ready/)
      assert.deepEqual(
        tree.filter(({ pid }) => isAlive(pid)),
        [],
      )
      assert.deepEqual(
        readdirSync(data).filter((name) => name === 'lock' || name === 'run.json'),
        [],
      )
    }
  })

  it('restarts a process although somebody is editing the beamline file', async () => {
    const beamline = join(folder, 'edited.yaml')
    copyFileSync(packagedBeamline('demo'), beamline)
    const facility = await TestFacility.start({ data: join(folder, 'data'), beamline })
    try {
      writeFileSync(beamline, 'version: 1\nname: half of')
      const former = facility.killProcess('main')
      await facility.restarted('main', former)
      const door = await facility.doorReady()
      await door.close()
      assert.equal(await (await facility.client()).proxy('motor/dmotctrl/1').state(), 'ON')
    } finally {
      await facility.close()
    }
  })

  it('ends with 2 and its usage for a wrong option', async () => {
    for (const words of [
      ['start', '--port', 'x'],
      ['start', '--nonsense'],
      ['start', 'something'],
    ]) {
      const ending = await runCli(words)
      assert.equal(ending.code, 2, words.join(' '))
      assert.match(ending.stderr, /usage: bandoneon start/)
    }
  })
})
