// Tells subscribers that the attributes or commands of a device have changed (Tango's interface change event).

import type { Clock } from '../clock.ts'
import { devIntrChange } from '../wire/tango-idl.ts'
import { eventTopic } from '../wire/zmq-event.ts'
import type { HostedDevice } from './hosted-device.ts'

/** What is told of a device. */
type Told = Pick<HostedDevice, 'topics' | 'name' | 'tango' | 'commands' | 'attributes'>

/** Changes that come together are told together, after this time, as native servers do. */
const DELAY_MS = 50

/** Collects the changes of one device. */
export class InterfaceChanges {
  readonly #device: Told & { readonly clock: Clock }
  #cancel: (() => void) | undefined

  constructor(device: Told & { readonly clock: Clock }) {
    this.#device = device
  }

  /** Something was added or removed. */
  changed(): void {
    this.#cancel ??= this.#device.clock.setTimer(DELAY_MS, () => {
      this.#cancel = undefined
      sendInterfaceChange(this.#device, false)
    })
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
  }
}

/** Topic of a device's interface changes. */
export function interfaceChangeTopic(device: Pick<HostedDevice, 'topics' | 'name'>): string {
  return eventTopic({ ...device.topics, device: device.name, event: 'intr_change', idl: 5 })
}

/** Sends the present interface; @param started the device was restarted */
export function sendInterfaceChange(device: Told, started: boolean): void {
  device.tango.events.send(interfaceChangeTopic(device), false, (w) =>
    devIntrChange.encode(w, {
      devStarted: started,
      cmds: device.commands.all().map((command) => command.info),
      atts: device.attributes.all().map(({ attribute }) => attribute.config.wire()),
    }),
  )
}
