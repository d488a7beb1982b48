// Logging of one device as its admin device controls it.

import { devFailed } from '../errors/dev-failed.ts'
import type { DeviceCaller } from './device-caller.ts'

/** Levels in the order of their numbers on the wire. */
export const LOGGING_LEVELS = ['OFF', 'FATAL', 'ERROR', 'WARN', 'INFO', 'DEBUG'] as const

/** What a device logs: this level and the more serious ones. */
export type LoggingLevel = (typeof LOGGING_LEVELS)[number]

/** Levels and targets of a device's log; part of a proxy. */
export class LoggingControl {
  readonly #caller: DeviceCaller

  constructor(caller: DeviceCaller) {
    this.#caller = caller
  }

  /** Adds `console::cout`, `file::/path` or `device::domain/family/member`. */
  async addTarget(target: string): Promise<void> {
    await this.#change('adding the log target', 'AddLoggingTarget', target)
  }

  /** Removes a target; `file::*` removes all of a kind. */
  async removeTarget(target: string): Promise<void> {
    await this.#change('removing the log target', 'RemoveLoggingTarget', target)
  }

  async targets(): Promise<string[]> {
    const device = await this.#caller.deviceName()
    const argument = { type: 'DevString', value: device } as const
    const result = await this.#caller.adminCommand('log targets', 'GetLoggingTarget', argument)
    return result.type === 'DevVarStringArray' ? [...result.value] : []
  }

  async level(): Promise<LoggingLevel> {
    const value = [await this.#caller.deviceName()]
    const argument = { type: 'DevVarStringArray', value } as const
    const result = await this.#caller.adminCommand('log level', 'GetLoggingLevel', argument)
    const level = result.type === 'DevVarLongStringArray' ? LOGGING_LEVELS[result.value.lvalue[0] ?? -1] : undefined
    if (level === undefined) {
      throw devFailed('API_NotSupported', `${this.#caller.name}: the server answered with no known log level`)
    }
    return level
  }

  async setLevel(level: LoggingLevel): Promise<void> {
    const value = {
      lvalue: Int32Array.of(LOGGING_LEVELS.indexOf(level)),
      svalue: [await this.#caller.deviceName()],
    }
    const argument = { type: 'DevVarLongStringArray', value } as const
    await this.#caller.adminCommand(`setting the log level ${level}`, 'SetLoggingLevel', argument)
  }

  async #change(what: string, command: string, target: string): Promise<void> {
    const value = [await this.#caller.deviceName(), target]
    await this.#caller.adminCommand(`${what} ${target}`, command, { type: 'DevVarStringArray', value })
  }
}
