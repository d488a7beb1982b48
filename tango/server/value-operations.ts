// Operations that run commands and read or write attributes, of interfaces 1 to 5.

import { DevFailed, MultiDevFailed } from '../errors/dev-failed.ts'
import type { AnyValue } from '../wire/any.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { ClntIdent, DevSource } from '../wire/tango-basic.ts'
import type { AttributeValue5 } from '../wire/tango-idl.ts'
import type { WriteRequest } from './attribute-table.ts'
import type { Client } from './device-lock.ts'
import type { HostedDevice } from './hosted-device.ts'
import { readValue1, requestOfValue1, requestOfValue4, toValue3, toValue4 } from './old-values.ts'
import { type Answer, type Handler, mapAnswer, serve } from './operation-handler.ts'
import { ServedCall } from './served-call.ts'

const O = OPERATIONS

/** Handlers by the name of their operation. */
export const VALUE_OPERATIONS: readonly (readonly [string, Handler])[] = [
  serve(O.command_inout, (device, [name, arg], client) => runCommand(device, name, arg, 'DEV', client), commandDetail),
  serve(
    O.command_inout_2,
    (device, [name, arg, source], client) => runCommand(device, name, arg, source, client),
    commandDetail,
  ),
  serve(
    O.command_inout_4,
    (device, [name, arg, source], client) => runCommand(device, name, arg, source, client),
    commandDetail,
  ),

  serve(
    O.read_attributes,
    (device, [names]) => mapAnswer(read(device, names, 'DEV'), (v) => v.map(readValue1)),
    readDetail,
  ),
  serve(
    O.read_attributes_2,
    (device, [names, source]) => mapAnswer(read(device, names, source), (v) => v.map(readValue1)),
    readDetail,
  ),
  serve(
    O.read_attributes_3,
    (device, [names, source]) => mapAnswer(read(device, names, source), (v) => v.map(toValue3)),
    readDetail,
  ),
  serve(
    O.read_attributes_4,
    (device, [names, source]) => mapAnswer(read(device, names, source), (v) => v.map(toValue4)),
    readDetail,
  ),
  serve(O.read_attributes_5, (device, [names, source]) => read(device, names, source), readDetail),

  serve(
    O.write_attributes,
    (device, [values], client) =>
      firstFailure(() => write(device, values.map(requestOfValue1), client, 'Device_Impl::write_attributes')),
    writeDetail,
  ),
  serve(
    O.write_attributes_3,
    (device, [values], client) => write(device, values.map(requestOfValue1), client, 'Device_Impl::write_attributes_3'),
    writeDetail,
  ),
  serve(
    O.write_attributes_4,
    (device, [values], client) => write(device, values.map(requestOfValue4), client, 'Device_Impl::write_attributes_4'),
    writeDetail,
  ),
  serve(
    O.write_read_attributes_4,
    (device, [values], client) => {
      const names = values.map(({ name }) => name)
      return mapAnswer(writeRead(device, values.map(requestOfValue4), names, client), (v) => v.map(toValue4))
    },
    writeDetail,
  ),
  serve(
    O.write_read_attributes_5,
    (device, [values, names], client) => writeRead(device, values.map(requestOfValue4), names, client),
    writeDetail,
  ),
]

const SOURCES: Readonly<Record<DevSource, string>> = { DEV: 'device', CACHE: 'cache', CACHE_DEV: 'cache_device' }

function commandDetail([name, , source]: readonly [string, AnyValue, DevSource?, ClntIdent?]): string {
  return source === undefined ? ` (cmd = ${name})` : ` (cmd = ${name}) from ${SOURCES[source]}`
}

function readDetail([names, source]: readonly [readonly string[], DevSource?, ClntIdent?]): string {
  return source === undefined ? ` (${names.join(', ')})` : ` (${names.join(', ')}) from ${SOURCES[source]}`
}

function writeDetail([values]: readonly [readonly { readonly name: string }[], ...unknown[]]): string {
  return ` (${values.map(({ name }) => name).join(', ')})`
}

// commands

const FREE_COMMANDS: ReadonlySet<string> = new Set(['state', 'status'])

function runCommand(
  device: HostedDevice,
  name: string,
  argument: AnyValue,
  source: DevSource,
  client: Client,
): Answer<AnyValue> {
  const command = device.commands.get(name)
  if (!FREE_COMMANDS.has(command.key)) device.lock.check(client, 'Device_Impl::command_inout4')
  const cached = device.polling.cachedCommand(command.name, source)
  if (cached !== undefined) return cached
  if (command.spec.longRunning === true) {
    // beside the queue; ends early when the caller is gone
    return command.execute(argument, new ServedCall(client, device.signalOf(client.caller.signal)))
  }
  const call = new ServedCall(client, device.signal)
  if (command.spec.urgent === true) return command.execute(argument, call)
  return device.queue.run(command.name, () => command.execute(argument, call))
}

// attributes

function read(device: HostedDevice, names: readonly string[], source: DevSource): Answer<readonly AttributeValue5[]> {
  const { attributes } = device
  if (source !== 'DEV') {
    const cached = attributes.readCached(names, source)
    if (cached !== undefined) return cached
  }
  if (attributes.skipsQueue(names)) return attributes.read(names, source)
  return device.queue.run(`read ${names.join(', ')}`, () => attributes.read(names, source))
}

function write(
  device: HostedDevice,
  requests: readonly WriteRequest[],
  client: Client,
  origin: string,
): Answer<undefined> {
  device.lock.check(client, origin)
  const names = requests.map(({ name }) => name)
  const work = (): Answer<readonly MultiDevFailed['failures'][number][]> => device.attributes.write(requests)
  const failures = device.attributes.skipsQueue(names) ? work() : device.queue.run(`write ${names.join(', ')}`, work)
  return mapAnswer(failures, (found) => {
    if (found.length > 0) throw new MultiDevFailed(found)
    return undefined
  })
}

/** Write and read are one turn of the queue, so that nothing comes between them. */
function writeRead(
  device: HostedDevice,
  requests: readonly WriteRequest[],
  names: readonly string[],
  client: Client,
): Answer<readonly AttributeValue5[]> {
  device.lock.check(client, 'Device_Impl::write_read_attributes_4')
  return device.queue.run(
    `write and read ${names.join(', ')}`,
    () =>
      mapAnswer(device.attributes.write(requests), (failures) => {
        if (failures.length > 0) throw new MultiDevFailed(failures)
        return device.attributes.read(names, 'DEV')
      }) as Answer<readonly AttributeValue5[]>,
  )
}

/** Interface 1 knows one error only: that of the first attribute that failed. */
function firstFailure(work: () => Answer<undefined>): Answer<undefined> {
  const plain = (error: unknown): unknown => {
    const [first] = error instanceof MultiDevFailed ? error.failures : []
    return first === undefined ? error : new DevFailed(first.errors)
  }
  try {
    const answer = work()
    return answer instanceof Promise ? plainLater(answer, plain) : answer
  } catch (error) {
    throw plain(error)
  }
}

async function plainLater(answer: Promise<undefined>, plain: (error: unknown) => unknown): Promise<undefined> {
  try {
    return await answer
  } catch (error) {
    throw plain(error)
  }
}
