// Operations that run commands and read or write attributes, of interfaces 1 to 5.

import { DevFailed, MultiDevFailed } from '../errors/dev-failed.ts'
import type { AnyValue } from '../wire/any.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { ClntIdent, DevSource } from '../wire/tango-basic.ts'
import type { AttributeValue5 } from '../wire/tango-idl.ts'
import type { WriteRequest } from './attribute-table.ts'
import type { Detail } from './black-box.ts'
import type { Client } from './device-lock.ts'
import type { HostedDevice } from './hosted-device.ts'
import { readValue1, requestOfValue1, requestOfValue4, toValue3, toValue4 } from './old-values.ts'
import { type Answer, type Handler, mapAnswer, serve } from './operation-handler.ts'
import { LOCAL_QUEUE_MS, QUEUE_MS } from './serial-queue.ts'
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
    (device, [names], client) => mapAnswer(read(device, names, 'DEV', client), (v) => v.map(readValue1)),
    readDetail,
  ),
  serve(
    O.read_attributes_2,
    (device, [names, source], client) => mapAnswer(read(device, names, source, client), (v) => v.map(readValue1)),
    readDetail,
  ),
  serve(
    O.read_attributes_3,
    (device, [names, source], client) => mapAnswer(read(device, names, source, client), (v) => v.map(toValue3)),
    readDetail,
  ),
  serve(
    O.read_attributes_4,
    (device, [names, source], client) => mapAnswer(read(device, names, source, client), (v) => v.map(toValue4)),
    readDetail,
  ),
  serve(O.read_attributes_5, (device, [names, source], client) => read(device, names, source, client), readDetail),

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
    writeReadDetail,
  ),
]

/** Longest list of names, in characters, that the black box keeps as a list. */
const MAX_KEPT = 1000
const SOURCES: Readonly<Record<DevSource, string>> = { DEV: 'device', CACHE: 'cache', CACHE_DEV: 'cache_device' }

function commandDetail([name, , source]: readonly [string, AnyValue, DevSource?, ClntIdent?]): Detail {
  return source === undefined ? ` (cmd = ${name})` : ` (cmd = ${name}) from ${SOURCES[source]}`
}

function readDetail([names, source]: readonly [readonly string[], DevSource?, ClntIdent?]): Detail {
  return listDetail(names, source === undefined ? '' : ` from ${SOURCES[source]}`)
}

function writeDetail([values]: readonly [readonly { readonly name: string }[], ...unknown[]]): Detail {
  // the names alone: the black box must not hold on to the values
  return listDetail(
    values.map(({ name }) => name),
    '',
  )
}

function writeReadDetail([values, names]: readonly [
  readonly { readonly name: string }[],
  readonly string[],
  ...unknown[],
]): Detail {
  const written = values.map(({ name }) => name)
  return listDetail([`${written.join(', ')}/${names.join(', ')}`], '')
}

/** The names as text; they are joined when somebody reads the black box, unless they take more memory than the text. */
function listDetail(names: readonly string[], rest: string): Detail {
  const text = (): string => ` (${names.join(', ')})${rest}`
  let length = 0
  for (const name of names) length += name.length
  return length < MAX_KEPT ? text : text()
}

// commands

/** A caller of the same process may be the very handler that holds the queue, so it is told before it gives up. */
function waitLimit(client: Client): number {
  return client.caller.transport === 'memory' ? LOCAL_QUEUE_MS : QUEUE_MS
}

const FREE_COMMANDS: ReadonlySet<string> = new Set(['state', 'status'])

function runCommand(
  device: HostedDevice,
  name: string,
  argument: AnyValue,
  source: DevSource,
  client: Client,
): Answer<AnyValue> {
  if (source === 'CACHE') device.polling.checkPollable(name)
  const command = device.commands.get(name)
  if (!FREE_COMMANDS.has(command.key) && !device.freeWhenLocked(command.name))
    device.lock.check(client, 'Device_Impl::command_inout4')
  const cached = device.polling.cachedCommand(command.name, source)
  if (cached !== undefined) return cached
  if (command.spec.longRunning === true) {
    // beside the queue; ends early when the caller is gone
    return command.execute(argument, new ServedCall(client, device.signalOf(client.caller.signal)))
  }
  const call = new ServedCall(client, device.signal)
  if (command.spec.urgent === true) return command.execute(argument, call)
  return device.queue.run(command.name, () => command.execute(argument, call), waitLimit(client))
}

// attributes

function read(
  device: HostedDevice,
  names: readonly string[],
  source: DevSource,
  client: Client,
): Answer<readonly AttributeValue5[]> {
  const { attributes } = device
  if (source !== 'DEV') {
    const cached = attributes.readCached(names, source)
    if (cached !== undefined) return cached
  }
  if (attributes.skipsQueue(names)) return attributes.read(names, source)
  return device.queue.run(
    () => `read ${names.join(', ')}`,
    () => attributes.read(names, source),
    waitLimit(client),
  )
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
  const failures = device.attributes.skipsQueue(names)
    ? work()
    : device.queue.run(() => `write ${names.join(', ')}`, work, waitLimit(client))
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
    () => `write and read ${names.join(', ')}`,
    () =>
      mapAnswer(device.attributes.write(requests), (failures) => {
        if (failures.length > 0) throw new MultiDevFailed(failures)
        return device.attributes.read(names, 'DEV')
      }) as Answer<readonly AttributeValue5[]>,
    waitLimit(client),
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
