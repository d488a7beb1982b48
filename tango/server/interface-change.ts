// Tells subscribers that the attributes or commands of a device have changed (Tango's interface change event).

import { devIntrChange } from '../wire/tango-idl.ts'
import { eventTopic } from '../wire/zmq-event.ts'
import type { HostedDevice } from './hosted-device.ts'

/** Topic of a device's interface changes. */
export function interfaceChangeTopic(device: Pick<HostedDevice, 'topics' | 'name'>): string {
  return eventTopic({ ...device.topics, device: device.name, event: 'intr_change', idl: 5 })
}

/** Sends the present interface; @param started the device was restarted */
export function sendInterfaceChange(
  device: Pick<HostedDevice, 'topics' | 'name' | 'tango' | 'commands' | 'attributes'>,
  started: boolean,
): void {
  device.tango.events.send(interfaceChangeTopic(device), false, (w) =>
    devIntrChange.encode(w, {
      devStarted: started,
      cmds: device.commands.all().map((command) => command.info),
      atts: device.attributes.all().map(({ attribute }) => attribute.config.wire()),
    }),
  )
}
