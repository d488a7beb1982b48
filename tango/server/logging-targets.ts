// Where the log of a device goes besides the log of the process: files and logging devices (Tango's logging commands).

import { DevFailed, devFailed } from '../errors/dev-failed.ts'
import { formatLogRecord, LOG_LEVELS, type LogLevel, type LogRecord, type LogSink } from '../log.ts'
import type { HostedDevice } from './hosted-device.ts'
import { defaultLogFile, openLogFile } from './log-file.ts'

/** Levels of `-v1` to `-v5`. */
const VERBOSITY: readonly (LogLevel | undefined)[] = [undefined, 'INFO', 'INFO', 'DEBUG', 'DEBUG', 'DEBUG']
const TYPES: ReadonlySet<string> = new Set(['console', 'file', 'device'])

/** Targets of the devices of a server. */
export class LoggingTargets {
  readonly #targets = new WeakMap<HostedDevice, Map<string, () => void>>()

  /** Targets of a device as `type::name`. */
  list(device: HostedDevice): string[] {
    return [...(this.#targets.get(device)?.keys() ?? [])]
  }

  /**
   * Adds `console::cout`, `file::/path` or `device::d/f/m`.
   * @throws DevFailed `API_MethodArgument`, `API_CannotOpenFile`, `API_ConnectionFailed`
   */
  async add(device: HostedDevice, target: string): Promise<void> {
    const [type = '', name = ''] = target.split('::')
    const targets = this.#targets.get(device) ?? new Map<string, () => void>()
    this.#targets.set(device, targets)
    const key = `${type}::${name === '' ? await defaultName(device, type) : name}`
    if (targets.has(key)) return
    const sink = await sinkOf(device, type, key.slice(type.length + 2))
    // the log of the process is the console already
    targets.set(key, sink === undefined ? () => {} : device.log.attach(sink))
  }

  /**
   * Level and targets of a device at its start: those of the command line, else those of its properties. What is wrong
   * in the properties is logged and left out.
   * @param verbosity of the command line, 0 to 5
   */
  async begin(device: HostedDevice, verbosity: number): Promise<void> {
    const stored = device.storedProperties
    const level = VERBOSITY[verbosity] ?? levelOf(stored.get('logging_level')?.[0])
    if (level !== undefined) device.log.level = level
    const targets = stored.get('logging_target') ?? []
    for (const target of verbosity > 0 ? [...targets, 'console::cout'] : targets) {
      try {
        await this.add(device, target)
      } catch (error) {
        device.log.warn('a stored logging target cannot be used', { target, error })
      }
    }
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

async function connect(device: HostedDevice, name: string): Promise<void> {
  try {
    await device.tango.proxy(name).ping()
  } catch {
    const desc = `Could not connect to log consumer ${name}`
    throw devFailed('API_ConnectionFailed', desc, { origin: 'DeviceImpl::add_logging_target' })
  }
}

async function defaultName(device: HostedDevice, type: string): Promise<string> {
  if (type === 'console') return 'cout'
  return type === 'file' ? defaultLogFile(device) : ''
}

async function sinkOf(device: HostedDevice, type: string, name: string): Promise<LogSink | undefined> {
  switch (type) {
    case 'console':
      return undefined
    case 'file':
      return openLogFile(name, device)
    case 'device':
      await connect(device, name)
      return deviceSink(name, device)
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

/** A level by its name or its number, as people write it into the database. */
function levelOf(text: string | undefined): LogLevel | undefined {
  const word = text?.trim().toUpperCase()
  return LOG_LEVELS.find((level, i) => level === word || String(i) === word || (level === 'WARN' && word === 'WARNING'))
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
