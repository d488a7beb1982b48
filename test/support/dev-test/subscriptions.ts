// Events that a device of class DevTest subscribes to as a client from inside its server.

import { devFailed, type Subscription } from '#tango'
import type { DevTestDevice } from './device.ts'

const PERIOD_MS = 1000
const EVENTS = ['change', 'periodic', 'archive'] as const

interface Open {
  readonly subscription: Subscription
  readonly stopPolling: () => Promise<void>
}

/** The subscriptions of one device. */
export class EventSubscriptions {
  /** How many events came since the last subscription. */
  executed = 0
  readonly #device: DevTestDevice
  readonly #open = new Map<number, Open>()
  #next = 1

  constructor(device: DevTestDevice) {
    this.#device = device
  }

  /** Polls an attribute and subscribes to it. @throws DevFailed `DevTest_WrongEventType` */
  async open([deviceName = '', attribute = '', type = '']: readonly string[]): Promise<number> {
    const event = EVENTS.find((name) => name === type)
    if (event === undefined) throw devFailed('DevTest_WrongEventType', `${type} is no event type of this command`)
    const { tango } = this.#device
    const proxy = tango.proxy(this.#device.address(deviceName))
    const admin = tango.proxy(this.#adminAddress(deviceName, await proxy.adminName()))
    const polled = [deviceName, 'attribute', attribute]
    await admin.command('AddObjPolling', { lvalue: [PERIOD_MS], svalue: polled })
    this.executed = 0
    const subscription = await proxy.subscribe(attribute, event, () => {
      this.executed += 1
    })
    const id = this.#next
    this.#next += 1
    this.#open.set(id, { subscription, stopPolling: async () => void (await admin.command('RemObjPolling', polled)) })
    return id
  }

  /** @throws DevFailed `DevTest_WrongEventID` */
  async close(id: number): Promise<void> {
    if (id === 0) return
    const open = this.#open.get(id)
    if (open === undefined) throw devFailed('DevTest_WrongEventID', `there is no subscription ${id}`)
    this.#open.delete(id)
    await open.subscription.close()
    await open.stopPolling()
  }

  async closeAll(): Promise<void> {
    const all = [...this.#open.values()]
    this.#open.clear()
    await Promise.all(all.map(({ subscription }) => subscription.close()))
  }

  #adminAddress(deviceName: string, adminName: string): string {
    const { tango, server } = this.#device
    const { host, port } = tango.orb.endpoint
    const bare = adminName.replace(/^tango:\/\/[^/]+\//, '').replace(/#.*$/, '')
    return server.device(deviceName) === undefined ? adminName : `tango://${host}:${port}/${bare}#dbase=no`
  }
}
