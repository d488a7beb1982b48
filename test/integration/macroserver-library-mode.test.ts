import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Macros, openMacros } from '#macroserver'
import { TestFacility } from '../support/facility.ts'

const MACRO_SERVER = 'macroserver/demo1/1'

describe('macros in the own process', function () {
  this.timeout(60_000)
  let facility: TestFacility
  before(async () => {
    facility = await TestFacility.start()
  })
  after(() => facility?.close())

  it('share variables and scan numbers with the macro server they attach to', async () => {
    const tango = await facility.client()
    const door = await facility.door()
    const lines: string[] = []
    const macros = await openMacros(tango, {
      pools: ['pool/demo1/1'],
      recorders: ['recorder/demo1/1'],
      dataFolder: facility.data,
      macroServer: MACRO_SERVER,
      name: 'trial',
      onNews: (news) => {
        if (news.kind === 'lines') lines.push(...news.lines)
      },
    })
    try {
      await door.run(['senv', 'ActiveMntGrp', 'mg_dummy'])
      const number = async () => {
        const { info } = await door.run(['ascan', 'dmot01', '0', '1', '2', '0.001'])
        return Number(/Scan #(\d+) started/.exec(info.join('\n'))?.[1])
      }
      const first = await number()
      const result = await macros.scan('ascan', 'dmot01', 0, 1, 4, 0.001)
      assert.equal(result.scanId, first + 1)
      assert.equal(result.points, 5)
      assert.deepEqual([...result.column('dmot01')], [0, 0.25, 0.5, 0.75, 1])
      assert.ok(existsSync(result.file ?? ''), `${result.file} is complete when the scan returns`)
      assert.equal(lines.filter((line) => /^\s*\d\s/.test(line)).length, 5)
      assert.equal(await number(), first + 2)
      await macros.run('senv', 'FromScript', '5')
      await macros.environment.flush()
      assert.deepEqual((await door.run(['genv', 'FromScript'])).output, ['FromScript = 5'])
    } finally {
      await macros.close()
      await door.close()
    }
  })

  describe('without a macro server', () => {
    let folder = ''
    let macros: Macros
    before(async () => {
      folder = mkdtempSync(join(tmpdir(), 'bandoneon-library-'))
      macros = await openMacros(await facility.client(), {
        pools: ['pool/demo1/1'],
        dataFolder: folder,
        environment: { ActiveMntGrp: 'mg_dummy' },
      })
    })
    after(async () => {
      await macros?.close()
      rmSync(folder, { recursive: true, force: true })
    })

    it('keep their own numbers', async () => {
      const result = await macros.scan('ascan', 'dmot01', 0, 1, 1, 0.001)
      assert.equal(result.scanId, 1)
      assert.equal(result.file, undefined, 'nobody writes files')
    })

    it('fail with the error of the macro', async () => {
      await assert.rejects(macros.run('mv', 'dmot09', 1), /Macro_ParametersWrong.*dmot09/)
      await assert.rejects(macros.run('asacn'), /Macro_Unknown/)
      await assert.rejects(macros.scan('mv', 'dmot01', 1), /mv is no scan/)
    })

    it('can be stopped', async () => {
      const running = macros.run('mv', 'mot01', 90)
      setImmediate(() => macros.stop())
      await assert.rejects(running, /Scan_Stopped/)
      await assert.doesNotReject(macros.run('wa'))
    })

    it('run one at a time', async () => {
      const running = macros.scan('ascan', 'dmot01', 0, 1, 20, 0.001)
      await assert.rejects(macros.run('wa'), /Door_Busy/)
      assert.equal((await running).points, 21)
    })
  })

  it('do not open when the pool is not there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bandoneon-library-'))
    await assert.rejects(
      openMacros(await facility.client(), { pools: ['pool/nobody/1'], dataFolder: folder }),
      /DB_DeviceNotDefined/,
    )
    rmSync(folder, { recursive: true, force: true })
  })
})
