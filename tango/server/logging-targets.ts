// Where the log of a device goes besides the log of the process: files and logging devices (Tango's logging commands).

import { appendFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DevFailed } from '../errors/dev-failed.ts'
import { formatLogRecord, LOG_LEVELS, type LogRecord, type LogSink } from '../log.ts'
import type { HostedDevice } from './hosted-device.ts'

const TYPES: ReadonlySet<string> = new Set(['console', 'file', 'device'])

/** Targets of the devices of a server. */
export class LoggingTargets {
  readonly #targets = new WeakMap<HostedDevice, Map<string, () => void>>()

  /** Targets of a device as `type::name`. */
  list(device: HostedDevice): string[] {
    return [...(this.#targets.get(device)?.keys() ?? [])]
  }

  /** Adds `console::cout`, `file::/path` or `device::d/f/m`. @throws DevFailed `API_MethodArgument` */
  add(device: HostedDevice, target: string): void {
    const [type = '', name = ''] = target.split('::')
    const targets = this.#targets.get(device) ?? new Map<string, () => void>()
    this.#targets.set(device, targets)
    const [key, sink] = sinkOf(device, type, name)
    if (targets.has(key)) return
    // the log of the process is the console already
    targets.set(key, sink === undefined ? () => {} : device.log.attach(sink))
  }

  /** Removes a target; `*` as name removes all of its type. @throws DevFailed `API_MethodArgument` */
  remove(device: HostedDevice, target: string): void {
    const [type = '', name = ''] = target.split('::')
    if (!TYPES.has(type)) {
      const desc = `Logging target type <${type}> not supported`
      throw new DevFailed([
        { reason: 'API_MethodArgument', severity: 'ERR', desc, origin: 'Logging::remove_logging_target' },
      ])
    }
    const targets = this.#targets.get(device)
    for (const [key, detach] of targets ?? []) {
      if (key !== target && !(name === '*' && key.startsWith(`${type}::`))) continue
      detach()
      targets?.delete(key)
    }
  }
}

function sinkOf(device: HostedDevice, type: string, name: string): [string, LogSink | undefined] {
  switch (type) {
    case 'console':
      return [`console::${name === '' ? 'cout' : name}`, undefined]
    case 'file': {
      const path = name === '' ? join(tmpdir(), `${device.lowerName.replaceAll('/', '_')}.log`) : name
      return [`file::${path}`, fileSink(path, device)]
    }
    case 'device':
      return [`device::${name}`, deviceSink(name, device)]
    default:
      throw new DevFailed([
        {
          reason: 'API_MethodArgument',
          severity: 'ERR',
          desc: `Invalid logging target type specified (${type}); use console, file or device`,
          origin: 'DeviceImpl::add_logging_target',
        },
      ])
  }
}

/** Writes line after line. A file that cannot be written must not stop the device: one line on the console says so. */
function fileSink(path: string, device: HostedDevice): LogSink {
  let last: Promise<void> = Promise.resolve()
  let broken = false
  const write = async (before: Promise<void>, line: string): Promise<void> => {
    await before
    try {
      await appendFile(path, line)
      broken = false
    } catch (error) {
      if (!broken) device.tango.log.warn('a logging target cannot be written', { path, error })
      broken = true
    }
  }
  return (record) => {
    last = write(last, `${formatLogRecord(record)}\n`)
  }
}

/** Calls the command Log of a logging device, which gets six strings. */
function deviceSink(name: string, device: HostedDevice): LogSink {
  const proxy = device.tango.proxy(name)
  const send = async (record: LogRecord): Promise<void> => {
    const time = String(Math.round(record.time * 1000))
    const level = record.level === 'OFF' ? LOG_LEVELS[1] : record.level
    try {
      await proxy.command('Log', [time, level, device.name, formatLogRecord(record), '', ''])
    } catch {
      // whoever looks at the logging device sees that nothing arrives; a log line about it would go there as well
    }
  }
  return (record) => void send(record)
}
