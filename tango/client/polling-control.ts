// Polling of one device as its admin device controls it.

import { DevFailed, devFailed } from '../errors/dev-failed.ts'
import type { DeviceCaller } from './device-caller.ts'

/** What can be polled. */
export type PolledKind = 'attribute' | 'command'

/** One polled object of a device. */
export interface PolledObject {
  readonly kind: PolledKind
  readonly name: string
  /** 0 when the device's own code triggers it. */
  readonly periodMs: number
  /** The whole text of the server: depth of the ring, duration of the last reading, last error. */
  readonly text: string
}

/** Starts, changes and stops the polling of a device; part of a proxy. The database keeps the settings. */
export class PollingControl {
  readonly #caller: DeviceCaller

  constructor(caller: DeviceCaller) {
    this.#caller = caller
  }

  /** Polls an attribute, or changes the period of one that is polled. */
  async pollAttribute(name: string, periodMs: number): Promise<void> {
    await this.#poll('attribute', name, periodMs)
  }

  /** Polls a command without argument, or changes the period of one that is polled. */
  async pollCommand(name: string, periodMs: number): Promise<void> {
    await this.#poll('command', name, periodMs)
  }

  /** @throws DevFailed `API_PollObjNotFound` when it is not polled */
  async stopAttribute(name: string): Promise<void> {
    await this.#stop('attribute', name)
  }

  /** @throws DevFailed `API_PollObjNotFound` when it is not polled */
  async stopCommand(name: string): Promise<void> {
    await this.#stop('command', name)
  }

  /** Period in milliseconds; undefined when it is not polled, 0 when the device's own code triggers it. */
  async attributePeriod(name: string): Promise<number | undefined> {
    return (await this.#find('attribute', name))?.periodMs
  }

  /** Period in milliseconds; undefined when it is not polled, 0 when the device's own code triggers it. */
  async commandPeriod(name: string): Promise<number | undefined> {
    return (await this.#find('command', name))?.periodMs
  }

  async isAttributePolled(name: string): Promise<boolean> {
    return (await this.#find('attribute', name)) !== undefined
  }

  async isCommandPolled(name: string): Promise<boolean> {
    return (await this.#find('command', name)) !== undefined
  }

  /** All polled objects of the device. */
  async objects(): Promise<PolledObject[]> {
    return (await this.status()).flatMap((text) => parsePolled(text) ?? [])
  }

  /** One text per polled object, as the server writes them. */
  async status(): Promise<string[]> {
    const device = await this.#caller.deviceName()
    const argument = { type: 'DevString', value: device } as const
    const result = await this.#caller.adminCommand('polling status', 'DevPollStatus', argument)
    if (result.type !== 'DevVarStringArray') {
      throw devFailed('API_NotSupported', `${this.#caller.name}: the polling status is of type ${result.type}`)
    }
    return [...result.value]
  }

  async #find(kind: PolledKind, name: string): Promise<PolledObject | undefined> {
    const lower = name.toLowerCase()
    return (await this.objects()).find((object) => object.kind === kind && object.name.toLowerCase() === lower)
  }

  async #poll(kind: PolledKind, name: string, periodMs: number): Promise<void> {
    const value = {
      lvalue: Int32Array.of(periodMs),
      svalue: [await this.#caller.deviceName(), kind, name],
    }
    const argument = { type: 'DevVarLongStringArray', value } as const
    const what = `polling the ${kind} ${name} every ${periodMs} ms`
    try {
      await this.#caller.adminCommand(what, 'AddObjPolling', argument)
    } catch (error) {
      if (!(error instanceof DevFailed && error.has('API_AlreadyPolled'))) throw error
      await this.#caller.adminCommand(what, 'UpdObjPollingPeriod', argument)
    }
  }

  async #stop(kind: PolledKind, name: string): Promise<void> {
    const value = [await this.#caller.deviceName(), kind, name]
    await this.#caller.adminCommand(`ending the polling of the ${kind} ${name}`, 'RemObjPolling', {
      type: 'DevVarStringArray',
      value,
    })
  }
}

/** Reads the text of one object; undefined when it is of another kind. */
export function parsePolled(text: string): PolledObject | undefined {
  const head = /^Polled (attribute|command) name = (.*)$/m.exec(text)
  const [, kind, name] = head ?? []
  if ((kind !== 'attribute' && kind !== 'command') || name === undefined) return undefined
  const period = /^Polling period \(mS\) = (\d+)/m.exec(text)?.[1]
  return { kind, name: name.trim(), periodMs: Number(period ?? 0), text }
}
