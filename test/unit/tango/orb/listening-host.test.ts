import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { silentLogger, TangoProcess } from '#tango'
import { hostTowards } from '../../../../tango/orb/listening-host.ts'

const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address

describe('hostTowards', () => {
  it('is the loopback address without a database and for one on the loopback interface', async () => {
    for (const tangoHost of [undefined, '', 'nonsense', '127.0.0.1:10000', 'tango://127.0.0.1:10000']) {
      assert.equal(await hostTowards(tangoHost), '127.0.0.1', String(tangoHost))
    }
    assert.match(await hostTowards('localhost:10000'), /^127\./)
  })

  it('is the address of the interface that leads to the database', async function () {
    if (outside === undefined) {
      this.skip()
      return
    }
    assert.equal(await hostTowards(`${outside}:10000`), outside)
  })

  it('takes the next database of several when the first is not known', async () => {
    assert.equal(await hostTowards('no-such-host.invalid:10000,127.0.0.1:10000'), '127.0.0.1')
  })

  it('is where a process listens, unless it is told', async function () {
    if (outside === undefined) {
      this.skip()
      return
    }
    const log = silentLogger()
    for (const [options, expected] of [
      [{ tangoHost: `${outside}:10000` }, outside],
      [{ tangoHost: '127.0.0.1:10000' }, '127.0.0.1'],
      [{ tangoHost: `${outside}:10000`, host: '127.0.0.1' }, '127.0.0.1'],
    ] as const) {
      await using tango = await TangoProcess.create({ ...options, log })
      assert.equal(tango.orb.endpoint.host, expected)
    }
  })
})
