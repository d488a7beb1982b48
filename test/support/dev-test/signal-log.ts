// Signals of the operating system that a device of class DevTest, or its class, wants to be told of; each is a log line.

import { constants } from 'node:os'
import { devFailed } from '#tango'
import type { DevTestDevice } from './device.ts'

type Owner = 'class' | 'device'

/** The signals of one device. */
export class SignalLog {
  readonly #device: DevTestDevice
  readonly #handlers = new Map<string, { readonly name: NodeJS.Signals; readonly handler: () => void }>()

  constructor(device: DevTestDevice) {
    this.#device = device
  }

  /** @throws DevFailed `API_SignalOutOfRange` */
  listen(number: number, owner: Owner): void {
    const name = nameOf(number)
    const key = `${owner} ${number}`
    if (this.#handlers.has(key)) return
    const handler = (): void => {
      const { log, name: device } = this.#device
      if (owner === 'class') log.info(`[Class signal handler] received signal number ${number} for class DevTest`)
      else log.debug(`[Device signal handler] received signal number ${number} for device ${device}`)
    }
    this.#handlers.set(key, { name, handler })
    process.on(name, handler)
  }

  ignore(number: number, owner: Owner): void {
    const key = `${owner} ${number}`
    const known = this.#handlers.get(key)
    if (known !== undefined) process.off(known.name, known.handler)
    this.#handlers.delete(key)
  }

  close(): void {
    for (const { name, handler } of this.#handlers.values()) process.off(name, handler)
    this.#handlers.clear()
  }
}

function nameOf(number: number): NodeJS.Signals {
  const found = Object.entries(constants.signals).find(([, value]) => value === number)
  // the keys of the table are the names of the signals
  if (found !== undefined) return found[0] as NodeJS.Signals
  throw devFailed('API_SignalOutOfRange', `Signal number ${number} out of range`, { origin: 'DServerSignal' })
}
