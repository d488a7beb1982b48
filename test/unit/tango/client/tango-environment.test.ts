import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { tangoVariable } from '#tango'

describe('tangoVariable', () => {
  let folder: string
  let mine: string
  let common: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bandoneon-rc-'))
    mine = join(folder, '.tangorc')
    common = join(folder, 'tangorc')
    await writeFile(mine, '# mine\n  tango_host = "here:10000" # the small one\nOTHER=x\n')
    await writeFile(common, "TANGO_HOST=there:10000,there:11000\nSUPER_TANGO='true'\n")
  })

  after(() => rm(folder, { recursive: true }))

  it('takes the environment first, then the files in their order', () => {
    const files = [mine, common]
    assert.equal(tangoVariable('TANGO_HOST', { TANGO_HOST: 'env:1' }, files), 'env:1')
    assert.equal(tangoVariable('TANGO_HOST', {}, files), 'here:10000')
    assert.equal(tangoVariable('SUPER_TANGO', {}, files), 'true')
    assert.equal(tangoVariable('TANGO_HOST', { TANGO_HOST: ' ' }, [common]), 'there:10000,there:11000')
  })

  it('is undefined when nobody says it', () => {
    assert.equal(tangoVariable('TANGO_HOST', {}, [join(folder, 'none')]), undefined)
    assert.equal(tangoVariable('SUPER_TANGO', {}, [mine]), undefined)
  })
})
