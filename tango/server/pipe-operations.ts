// Operations of pipes (interface 5).

import { OPERATIONS } from '../wire/operations.ts'
import type { PipeConfig } from '../wire/tango-idl.ts'
import type { Client } from './device-lock.ts'
import type { HostedDevice } from './hosted-device.ts'
import { type Handler, mapAnswer, serve } from './operation-handler.ts'

const O = OPERATIONS

/** Handlers by the name of their operation. */
export const PIPE_OPERATIONS: readonly (readonly [string, Handler])[] = [
  serve(O.get_pipe_config_5, (device, [names]) => device.pipes.configured(names).map(({ config }) => config)),
  serve(O.set_pipe_config_5, (device, [wanted], client) => configure(device, wanted, client)),
  serve(
    O.read_pipe_5,
    (device, [name]) => {
      const pipe = device.pipes.get(name)
      return device.queue.run(`read pipe ${pipe.name}`, () => pipe.read())
    },
    ([name]) => ` (${name})`,
  ),
  serve(
    O.write_pipe_5,
    (device, [value], client) => {
      device.lock.check(client, 'Device_Impl::write_pipe_5')
      const pipe = device.pipes.get(value.name)
      return device.queue.run(`write pipe ${pipe.name}`, () => pipe.write(value.dataBlob))
    },
    ([value]) => ` (${value.name})`,
  ),
  serve(
    O.write_read_pipe_5,
    (device, [value], client) => {
      device.lock.check(client, 'Device_Impl::write_read_pipe_5')
      const pipe = device.pipes.get(value.name)
      const both = () => mapAnswer(pipe.write(value.dataBlob), () => pipe.read())
      return device.queue.run(`write and read pipe ${pipe.name}`, both)
    },
    ([value]) => ` (${value.name})`,
  ),
]

async function configure(device: HostedDevice, wanted: readonly PipeConfig[], client: Client): Promise<undefined> {
  device.lock.check(client, 'Device_Impl::set_pipe_config_5')
  const changes = wanted.map((config) => ({ config, pipe: device.pipes.get(config.name) }))
  for (const { config, pipe } of changes) {
    await device.store.changePipe(device.name, pipe.name, pipe.change(config))
  }
  return undefined
}
