// The device of the soak: attributes that count, each change an event, so that a receiver sees what it has missed.

import { Device, type DeviceClass, type DeviceSpec, defineInterface } from '#tango'

/** Number of attributes. */
export const COUNTERS = 6
/** The lives of a server are this far apart. */
export const LIFE = 10_000_000
/** Name of the device. */
export const SOAK_DEVICE = 'test/soak/1'

/** Name of a counting attribute. */
export const counterName = (index: number): string => `counter${index}`

const names = Array.from({ length: COUNTERS }, (_, i) => counterName(i))

const soakInterface: DeviceSpec = defineInterface({
  class: 'Soak',
  doc: 'Attributes that count',
  attributes: Object.fromEntries(names.map((name) => [name, { type: 'DevLong', name, pushes: 'unfiltered' }])),
  commands: { echo: { in: 'DevVarLongArray', out: 'DevVarLongArray' } },
  properties: {},
})

/** Counts from `life * LIFE` on, each attribute once per period. */
export class SoakDevice extends Device {
  readonly #values: number[]

  constructor(context: ConstructorParameters<typeof Device>[0], life: number, periodMs: number) {
    super(context)
    this.#values = names.map(() => life * LIFE)
    names.forEach((name, i) => {
      this.every(periodMs, () => {
        const value = (this.#values[i] ?? 0) + 1
        this.#values[i] = value
        this.push(name, value)
      })
    })
  }

  echo(values: Int32Array): Int32Array {
    return values
  }

  value(index: number): number {
    return this.#values[index] ?? 0
  }
}

names.forEach((name, i) => {
  Object.defineProperty(SoakDevice.prototype, `read${name.charAt(0).toUpperCase()}${name.slice(1)}`, {
    value(this: SoakDevice) {
      return this.value(i)
    },
  })
})

/** The class of one life of the server. */
export function soakClass(life: number, periodMs: number): DeviceClass {
  return { spec: soakInterface, create: (context) => new SoakDevice(context, life, periodMs) }
}
