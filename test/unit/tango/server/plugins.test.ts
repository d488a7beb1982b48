import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DevFailed, DeviceClass } from '#tango'
import { findClassFile, importDefault, importModule, pluginFiles } from '../../../../tango/server/plugins.ts'

describe('plug-in files', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'plugins-'))
    await mkdir(join(folder, 'a'))
    await mkdir(join(folder, 'b'))
    for (const name of [
      'a/motor.js',
      'a/ct-exp-channel.js',
      'a/motor.d.ts',
      'a/acme-protocol.js',
      'a/motor.test.js',
      'b/Motor.ts',
      'b/lima-ccds.ts',
    ]) {
      await writeFile(join(folder, name), 'export default 1\n')
    }
  })
  afterEach(async () => {
    await rm(folder, { recursive: true })
  })

  it('are found by the name of their class, without case and dashes, in the first folder that has them', async () => {
    const folders = [join(folder, 'missing'), join(folder, 'a'), join(folder, 'b')]
    assert.equal(await findClassFile('Motor', folders), join(folder, 'a/motor.js'))
    assert.equal(await findClassFile('CTExpChannel', folders), join(folder, 'a/ct-exp-channel.js'))
    assert.equal(await findClassFile('LimaCCDs', folders), join(folder, 'b/lima-ccds.ts'))
    assert.equal(await findClassFile('Nope', folders), undefined)
  })

  it('are neither declarations nor tests nor protocols', async () => {
    const files = await pluginFiles(join(folder, 'a'))
    assert.deepEqual(files, [join(folder, 'a/ct-exp-channel.js'), join(folder, 'a/motor.js')])
  })

  it('may be TypeScript outside the installation that imports the public doors', async () => {
    const path = join(folder, 'b/thermometer.ts')
    await writeFile(join(folder, 'b/helper.ts'), 'export const ZERO: number = 273.15\n')
    await writeFile(
      path,
      `import { Device, deviceClass, type Serves, defineInterface } from 'bandoneon/tango'
       import { ZERO } from './helper.ts'
       const spec = defineInterface({ class: 'Thermometer', attributes: { kelvin: { type: 'DevDouble' } } })
       class Thermometer extends Device<typeof spec> implements Serves<typeof spec> {
         readKelvin(): number { return ZERO }
       }
       export default deviceClass(spec, Thermometer)`,
    )
    const loaded = (await importDefault(path)) as DeviceClass
    assert.equal(loaded.spec.class, 'Thermometer')
    const { Device } = await import('#tango')
    // the same Device as ours: a second copy of the library would break devices in subtle ways
    const made = loaded.create({} as never)
    assert.ok(made instanceof Device)
  })

  it('are read again when they have changed and that is asked for', async () => {
    const path = join(folder, 'a/value.mjs')
    await writeFile(path, 'export const value = 1\n')
    assert.equal((await importModule(path)).value, 1)
    await writeFile(path, 'export const value = 22\n')
    assert.equal((await importModule(path)).value, 1)
    assert.equal((await importModule(path, { fresh: true })).value, 22)
  })

  it('say what is wrong with them', async () => {
    const broken = join(folder, 'a/broken.js')
    await writeFile(broken, 'throw new Error("does not load")\n')
    await assert.rejects(
      importModule(broken),
      (e: DevFailed) => e.has('API_ClassNotFound') && /does not load/.test(e.message),
    )
    const wrong = join(folder, 'b/wrong.ts')
    await writeFile(wrong, 'export default {{\n')
    await assert.rejects(
      importModule(wrong),
      (e: DevFailed) => e.has('API_ClassNotFound') && /cannot be compiled/.test(e.message),
    )
    await writeFile(join(folder, 'a/none.mjs'), 'export const x = 1\n')
    await assert.rejects(importDefault(join(folder, 'a/none.mjs')), /has no default export/)
  })
})
