// A device server with the same interface and the same work as the native peers: `BenchPeer <instance> -nodb -dlist ...`.

import { type AttributeSpec, Device, defineInterface, deviceClass, type Serves } from '#tango'

const SCALARS = Array.from({ length: 20 }, (_, i) => `scalar_${String(i + 1).padStart(2, '0')}`)
const SPECTRUM = Float64Array.from({ length: 10_000 }, (_, i) => i * 0.5)

const benchPeer = defineInterface({
  class: 'BenchPeer',
  attributes: {
    spectrum: { type: 'DevDouble', format: 'spectrum', max: [10_000], name: 'spectrum' },
  },
  commands: {
    devVoid: {},
    devDouble: { in: 'DevDouble', out: 'DevDouble' },
    devVarDoubleArray: { in: 'DevVarDoubleArray', out: 'DevVarDoubleArray' },
  },
})

class BenchPeer extends Device<typeof benchPeer> implements Serves<typeof benchPeer> {
  override init(): void {
    for (const name of SCALARS) {
      let value = 1.5
      const spec: AttributeSpec = { type: 'DevDouble', writable: true, name }
      this.addAttribute(name, spec, {
        read: () => value,
        write: (next: number) => {
          value = next
        },
      })
    }
    this.setState('ON')
  }

  readSpectrum(): Float64Array {
    return SPECTRUM
  }

  devVoid(): void {}

  devDouble(value: number): number {
    return value
  }

  devVarDoubleArray(values: Float64Array): Float64Array {
    return values
  }
}

export default deviceClass(benchPeer, BenchPeer)
