import assert from 'node:assert/strict'
import { type DevFailed, Device, type DeviceClass, defineInterface, VirtualClock } from '#tango'
import { DEVICE, type ServedClass, serveClass } from '../../../support/served-class.ts'

const stuckInterface = defineInterface({
  class: 'Stuck',
  attributes: { quick: { type: 'DevLong', name: 'quick' } },
  commands: { hang: {}, callMyself: { out: 'DevLong' }, quickly: { out: 'DevLong' }, stop: { urgent: true } },
})

class Stuck extends Device<typeof stuckInterface> {
  release: (() => void) | undefined
  readQuick(): number {
    return 1
  }
  hang(): Promise<void> {
    return new Promise((resolve) => {
      this.release = resolve
    })
  }
  async callMyself(): Promise<number> {
    const { host, port } = this.tango.orb.endpoint
    const answer: unknown = await this.tango.proxy(`tango://${host}:${port}/${DEVICE}#dbase=no`).command('Quickly')
    return Number(answer)
  }
  quickly(): number {
    return 4
  }
  stop(): void {
    this.release?.()
  }
}

const stuck: DeviceClass = { spec: stuckInterface, create: (context) => new Stuck(context) }

describe('a device whose handler does not return', () => {
  let served: ServedClass<Stuck>
  let clock: VirtualClock
  beforeEach(async () => {
    clock = new VirtualClock()
    served = await serveClass(stuck, Stuck, { clock })
    served.proxy.timeoutMs = 60_000
  })
  afterEach(() => served[Symbol.asyncDispose]())

  it('answers ping, State, Status, urgent commands and its admin device meanwhile', async () => {
    await clock.run(async () => {
      const hanging = served.proxy.command('Hang')
      while (served.device.release === undefined) await clock.sleep(1)
      await served.proxy.ping()
      assert.equal(await served.proxy.state(), 'ON')
      assert.equal(await served.proxy.command('State'), 'ON')
      assert.match(await served.proxy.status(), /ON/)
      assert.deepEqual(await served.admin.command('QueryDevice'), [`Stuck::${DEVICE}`])
      await served.proxy.command('Stop')
      await hanging
      assert.equal(await served.proxy.command('Quickly'), 4)
    })
  })

  it('refuses what waits too long, and names what it waits for', async () => {
    await clock.run(async () => {
      const hanging = served.proxy.command('Hang')
      while (served.device.release === undefined) await clock.sleep(1)
      const before = clock.monotonic()
      await assert.rejects(served.proxy.read('quick'), (error: DevFailed) => {
        assert.equal(error.reason, 'API_CommandTimedOut')
        assert.match(error.message, /the device is still busy with 'Hang'/)
        return true
      })
      const waited = clock.monotonic() - before
      assert.ok(waited >= 2800 && waited <= 3600, String(waited))
      served.device.release?.()
      await hanging
    })
  })

  it('is not locked for ever by a handler that calls its own device', async () => {
    await clock.run(async () => {
      await assert.rejects(served.proxy.command('CallMyself'), /a handler that calls its own device waits for itself/)
      assert.equal(await served.proxy.command('Quickly'), 4)
    })
  })

  it('is well again after a restart of the device', async () => {
    await clock.run(async () => {
      const hanging = served.proxy.command('Hang')
      const { device } = served
      while (device.release === undefined) await clock.sleep(1)
      await served.admin.command('DevRestart', DEVICE)
      assert.equal(await served.proxy.command('Quickly'), 4)
      device.release?.()
      await hanging
    })
  })
})
