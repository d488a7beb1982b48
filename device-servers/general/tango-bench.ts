// Class TangoBench: what benchmarks call. The work in the handlers is as little as in the native peers.

import { tangoBench } from 'bandoneon/interfaces/tango-bench'
import { Device, type DeviceClass, type DeviceContext } from 'bandoneon/tango'

const EDGE = 2048

/** Constant data, one copy for all devices: memory figures must not be those of test data. */
const SPECTRUM = Float64Array.from({ length: 256 }, (_, i) => i / 2)
const BENCH_SPECTRUM = Float64Array.from({ length: 10_000 }, (_, i) => i / 2)
const benchImage = lazily(() => ({
  data: Uint16Array.from({ length: EDGE * EDGE }, (_, i) => i),
  width: EDGE,
  height: EDGE,
}))

type Key = keyof typeof tangoBench.attributes

const FIRST_VALUES = {
  ampli: 1.5,
  booleanScalar: true,
  doubleScalar: 2.5,
  doubleScalarRww: 3.5,
  doubleScalarW: 4.5,
  floatScalar: 1.25,
  long64Scalar: 64n,
  longScalar: 1,
  longScalarRww: 2,
  longScalarW: 3,
  shortScalar: 1,
  shortScalarRo: 2,
  shortScalarRww: 3,
  shortScalarW: 4,
  stringScalar: 'hello',
  ucharScalar: 7,
  ulong64Scalar: 9n,
  ulongScalar: 8,
  ushortScalar: 10,
} as const satisfies Partial<Record<Key, unknown>>

/** Serves {@link tangoBench}. */
export class TangoBench extends Device<typeof tangoBench> {
  /** The scalars, by key. */
  readonly values: Record<string, unknown> = { ...FIRST_VALUES }

  override init(): void {
    this.setState('ON', 'ready')
  }

  readDoubleSpectrumRo(): Float64Array {
    return SPECTRUM
  }

  readBenchSpectrum(): Float64Array {
    return BENCH_SPECTRUM
  }

  readBenchImage(): ReturnType<typeof benchImage> {
    return benchImage()
  }

  devVoid(): void {}

  devDouble(value: number): number {
    return value
  }

  devVarDoubleArray(values: Float64Array): Float64Array {
    return values
  }

  pushEvents([count = 1, size = 1, intervalUs = 0]: Int32Array): number | Promise<number> {
    const started = performance.now()
    const spectrum = new Float64Array(Math.max(1, size))
    const push = (): void => {
      const now = wallTime()
      if (size <= 1) {
        this.push('doubleScalar', now)
        return
      }
      spectrum[0] = now
      this.push('doubleSpectrumRo', spectrum)
    }
    if (intervalUs > 0) return this.#pushPaced(count, intervalUs / 1000, started, push)
    for (let i = 0; i < count; i += 1) push()
    return (performance.now() - started) / 1000
  }

  async #pushPaced(count: number, intervalMs: number, started: number, push: () => void): Promise<number> {
    for (let i = 1; i <= count; i += 1) {
      push()
      const rest = started + i * intervalMs - performance.now()
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest))
    }
    return (performance.now() - started) / 1000
  }
}

for (const key of Object.keys(FIRST_VALUES)) {
  const capital = key.charAt(0).toUpperCase() + key.slice(1)
  Object.defineProperty(TangoBench.prototype, `read${capital}`, {
    value(this: TangoBench) {
      return this.values[key]
    },
  })
  Object.defineProperty(TangoBench.prototype, `write${capital}`, {
    value(this: TangoBench, value: unknown) {
      this.values[key] = value
    },
  })
}

/** Seconds since 1970 with microseconds, which the clock of a device need not have. */
function wallTime(): number {
  return (performance.timeOrigin + performance.now()) / 1000
}

function lazily<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

const served: DeviceClass<typeof tangoBench> = {
  spec: tangoBench,
  create: (context: DeviceContext) => new TangoBench(context),
}

export default served
