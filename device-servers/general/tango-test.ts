// Class TangoTest: attributes of all types and formats with test data, commands that return their argument. Behaves as the
// native server of this name, so that clients and their test suites can be pointed at it.

import { tangoTest } from 'bandoneon/interfaces/tango-test'
import {
  type AttributeSpec,
  type AttributeType,
  Device,
  type DeviceClass,
  type DeviceContext,
  devFailed,
  type PipeBlob,
} from 'bandoneon/tango'
import {
  beamImage,
  EMPTY_ARRAYS,
  emptyImage,
  isTestType,
  noiseImage,
  randomBelow,
  randomBelowBig,
  randomSpectrum,
  SPECTRUM_LENGTH,
  sine,
  type TestType,
  textImage,
  wave,
} from './tango-test-values.ts'

type Key = keyof typeof tangoTest.attributes

/** Values that clients write and random values depend on, as they are after Init. */
const SET_POINTS: Readonly<Partial<Record<Key, unknown>>> = {
  ampli: 1,
  doubleScalar: 256,
  doubleScalarW: 256,
  longScalar: 256,
  longScalarW: 256,
  shortScalar: 256,
  shortScalarW: 256,
  ulongScalar: 256,
  floatScalar: 0,
  ucharScalar: 0,
  ushortScalar: 0,
}

/** Values that are read back as they were written. */
const ECHOES: Readonly<Partial<Record<Key, unknown>>> = { booleanScalar: true, stringScalar: 'Default string' }

/** The set point below which a random scalar stays; the native server has the 64-bit ones follow the 32-bit ones. */
const LIMITS: Readonly<Partial<Record<Key, Key>>> = {
  floatScalar: 'floatScalar',
  long64Scalar: 'longScalar',
  longScalar: 'longScalar',
  longScalarRww: 'longScalarW',
  shortScalar: 'shortScalar',
  shortScalarRo: 'shortScalar',
  shortScalarRww: 'shortScalarW',
  ucharScalar: 'ucharScalar',
  ulong64Scalar: 'ulongScalar',
  ulongScalar: 'ulongScalar',
  ushortScalar: 'ushortScalar',
}

/** The set points that a sine follows. */
const SINES: Readonly<Partial<Record<Key, Key>>> = { doubleScalar: 'doubleScalar', doubleScalarRww: 'doubleScalarW' }

/** Images of noise; the other generated ones show a beam. */
const NOISE: ReadonlySet<string> = new Set(['booleanImageRo', 'ucharImageRo', 'ushortImageRo'])

/** Serves {@link tangoTest}. */
export class TangoTest extends Device<typeof tangoTest> {
  #written = new Map<string, unknown>()
  /** The set points when this step began. */
  #basis = this.#written
  /** Generated values of this step; made when they are read. */
  #generated = new Map<string, unknown>()
  #degrees = -1

  override init(): void {
    this.#written = new Map<string, unknown>(Object.entries({ ...SET_POINTS, ...ECHOES }))
    this.#step()
    const { mthreadedImpl, sleepPeriod } = this.properties
    if (mthreadedImpl === 0) {
      this.setState('UNKNOWN')
      return
    }
    this.every(Math.max(1, sleepPeriod), () => this.#step())
    this.setState('RUNNING')
  }

  /** Reads any attribute of the interface. */
  readAny(key: Key, spec: AttributeSpec): unknown {
    if (key === 'throwException')
      throw devFailed('exception test', 'here is the exception you requested', {
        origin: 'TangoTest::read_throw_exception',
      })
    if (key === 'noValue') return undefined
    if (this.properties.mthreadedImpl === 0) this.#step()
    if (key in ECHOES || (spec.writable === true && spec.format !== undefined)) return this.#echo(key, spec)
    const known = this.#generated.get(key)
    if (known !== undefined) return known
    const value = this.#generate(key, spec)
    this.#generated.set(key, value)
    return value
  }

  /** Writes any attribute of the interface. */
  writeAny(key: Key, value: unknown): void {
    this.#written.set(key, value)
  }

  readStringLongShortRo(): PipeBlob {
    return {
      name: '',
      elements: [
        { name: 'FirstDE', type: 'DevString', value: 'The string' },
        { name: 'SecondDE', type: 'DevLong', value: 666 },
        { name: 'ThirdDE', type: 'DevShort', value: 12 },
      ],
    }
  }

  /** RUNNING to FAULT, everything else to RUNNING. */
  switchStates(): void {
    this.setState(this.state === 'RUNNING' ? 'FAULT' : 'RUNNING')
  }

  // a native server that was built with crash reports dies here; the usual one logs this line
  crashFromDevelopperThread(): void {
    this.#reportNoCrash()
  }

  crashFromOmniThread(): void {
    this.#reportNoCrash()
  }

  dumpExecutionState(): void {
    this.#reportNoCrash()
  }

  #reportNoCrash(): void {
    this.log.error('crash reports are not supported: nothing happens')
  }

  #step(): void {
    this.#degrees = (this.#degrees + 1) % 360
    this.#generated = new Map()
    this.#basis = new Map(this.#written)
  }

  #echo(key: Key, spec: AttributeSpec): unknown {
    const value = this.#written.get(key)
    if (value !== undefined) return value
    const type = testType(spec.type)
    return spec.format === 'image' ? emptyImage(type) : EMPTY_ARRAYS[type](SPECTRUM_LENGTH)
  }

  #generate(key: Key, spec: AttributeSpec): unknown {
    if (key === 'wave') return wave(Number(this.#basis.get('ampli')), this.#degrees)
    const amplitude = SINES[key]
    if (amplitude !== undefined) return sine(Number(this.#basis.get(amplitude)), this.#degrees)
    const type = testType(spec.type)
    if (spec.format === 'spectrum') return randomSpectrum(type)
    if (key === 'stringImageRo') return textImage()
    if (spec.format === 'image') {
      if (!NOISE.has(key)) return beamImage(type)
      return noiseImage(type, key === 'ushortImageRo' ? this.#noiseEdge() : undefined)
    }
    const limit = this.#basis.get(LIMITS[key] ?? key)
    const big = spec.type === 'DevLong64' || spec.type === 'DevULong64'
    return big ? randomBelowBig(BigInt(Number(limit))) : randomBelow(Number(limit))
  }

  #noiseEdge(): number {
    return Math.max(1, this.properties.uShortImageRoSize)
  }
}

function testType(type: AttributeType): TestType {
  if (isTestType(type)) return type
  throw new Error(`unreachable: no test data of type ${type}`)
}

// one method for each attribute and each command that returns its argument: a table instead of a hundred lines
for (const [name, spec] of Object.entries<AttributeSpec>(tangoTest.attributes)) {
  // the entries of an object have its keys
  const key = name as Key
  const capital = name.charAt(0).toUpperCase() + name.slice(1)
  define(`read${capital}`, function () {
    return this.readAny(key, spec)
  })
  define(`write${capital}`, function (value) {
    this.writeAny(key, value)
  })
}
for (const key of Object.keys(tangoTest.commands)) {
  if (key.startsWith('dev')) define(key, (argument) => argument)
}

function define(name: string, method: (this: TangoTest, argument: unknown) => unknown): void {
  Object.defineProperty(TangoTest.prototype, name, { value: method })
}

const served: DeviceClass<typeof tangoTest> = {
  spec: tangoTest,
  create: (context: DeviceContext) => new TangoTest(context),
}

export default served
