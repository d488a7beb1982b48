import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Device, type DeviceClass, defineInterface } from '#tango'
import { DEVICE, type ServedClass, serveClass } from '../../../support/served-class.ts'
import { eventually } from '../../../support/waiting.ts'

const talkativeInterface = defineInterface({ class: 'Talkative', commands: { say: { in: 'DevString' } } })

class Talkative extends Device<typeof talkativeInterface> {
  say(text: string): void {
    this.log.error(text)
  }
}

const talkative: DeviceClass = { spec: talkativeInterface, create: (context) => new Talkative(context) }

describe('logging targets', () => {
  let served: ServedClass<Talkative>
  let folder: string
  const start = async (properties: Record<string, readonly string[]> = {}): Promise<void> => {
    served = await serveClass(talkative, Talkative, { properties: { logging_level: ['ERROR'], ...properties } })
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bandoneon-log-'))
  })
  afterEach(async () => {
    await served[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  const targets = async (): Promise<unknown> => served.admin.command('GetLoggingTarget', DEVICE)
  const content = async (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

  it('begin with level and targets of the properties', async () => {
    const path = join(folder, 'a.log')
    await start({ logging_level: ['WARNING'], logging_target: [`file::${path}`, 'nonsense::x'] })
    assert.deepEqual(await targets(), [`file::${path}`])
    const levels = await served.admin.command('GetLoggingLevel', [DEVICE])
    assert.deepEqual((levels as { lvalue: Int32Array }).lvalue, Int32Array.of(3))
    await served.proxy.command('Say', 'hello')
    await eventually('the line', async () => (await content(path)).includes('hello'))
  })

  it('write to a file of a usual name below the path of the property', async () => {
    await start({ logging_path: [folder] })
    await served.admin.command('AddLoggingTarget', [DEVICE, 'file'])
    assert.deepEqual(await targets(), [`file::${join(folder, 'Test/class/test_class_1.log')}`])
    await served.admin.command('RemoveLoggingTarget', [DEVICE, 'file::*'])
    assert.deepEqual(await targets(), [])
  })

  it('keep one older part of a file that has grown too large', async () => {
    const path = join(folder, 'b.log')
    await start({ logging_rft: ['1'] })
    await served.admin.command('AddLoggingTarget', [DEVICE, `file::${path}`])
    for (let i = 0; i < 30; i += 1) await served.proxy.command('Say', `line ${i} ${'x'.repeat(100)}`)
    await eventually('the last line', async () => (await content(path)).includes('line 29'))
    const [now, before] = [await content(path), await content(`${path}_1`)]
    assert.ok(now.length <= 1000 && before.length <= 1000 && before.length > 500, `${now.length} ${before.length}`)
  })

  it('refuse a file that cannot be opened', async () => {
    await start()
    const path = join(folder, 'no/such/folder.log')
    await assert.rejects(
      served.admin.command('AddLoggingTarget', [DEVICE, `file::${path}`]),
      /API_CannotOpenFile: Could not open logging file /,
    )
    assert.deepEqual(await targets(), [])
  })
})
