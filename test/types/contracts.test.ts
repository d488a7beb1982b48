// What must and what must not compile; running it checks that the lines were reached at all.

import assert from 'node:assert/strict'
import { defineMotorController } from '#device-servers'
import { defineMacro, line } from '#macroserver'
import { Device, type DeviceProxy, deviceClass, type PipeBlob, type Serves } from '#tango'
import { defineInterface } from '#tango/pure'

const gauge = defineInterface({
  class: 'Gauge',
  attributes: {
    pressure: { type: 'DevDouble', unit: 'mbar' },
    setPoint: { type: 'DevDouble', writable: true },
    history: { type: 'DevDouble', format: 'spectrum', max: [100] },
  },
  commands: { degas: {}, calibrate: { in: 'DevDouble', out: 'DevString' } },
  properties: {
    host: { type: 'DevString', mandatory: true },
    port: { type: 'DevLong', default: 5000 },
    note: { type: 'DevString' },
  },
})

class Gauge extends Device<typeof gauge> implements Serves<typeof gauge> {
  readPressure() {
    return 1e-6
  }
  readSetPoint() {
    return { value: 1, quality: 'CHANGING' } as const
  }
  writeSetPoint(_value: number) {}
  readHistory() {
    return [1, 2, 3]
  }
  degas() {}
  calibrate(reference: number) {
    return `${reference} at ${this.properties.host}:${this.properties.port.toFixed()}`
  }
  misuse() {
    this.push('pressure', 1)
    // @ts-expect-error a pressure is a number
    this.push('pressure', 'high')
    // @ts-expect-error there is no such attribute
    this.push('temperature', 1)
    // @ts-expect-error an optional property may be absent
    return this.properties.note.length
  }
}

// @ts-expect-error a command is missing
class Incomplete extends Device<typeof gauge> implements Serves<typeof gauge> {
  readPressure() {
    return 1
  }
}

class WrongType extends Device<typeof gauge> {
  readPressure() {
    return 'high'
  }
}

async function clients(proxy: DeviceProxy<typeof gauge>): Promise<void> {
  const reading = await proxy.read('pressure')
  const value: number | undefined = reading.value
  const text: string = await proxy.command('calibrate', value ?? 0)
  await proxy.write('setPoint', text.length)
  // @ts-expect-error a pressure is no text
  const wrong: string | undefined = reading.value
  // @ts-expect-error the argument is a number
  await proxy.command('calibrate', wrong)
  // @ts-expect-error the set point is a number
  await proxy.write('setPoint', 'x')
}

const macro = defineMacro({
  doc: 'typed',
  parameters: {
    motor: { type: 'Moveable' },
    steps: { type: 'Integer', default: 3 },
    note: { type: 'String', optional: true },
    more: { repeat: { at: { type: 'Float' } } },
  },
  run({ stepScan }, { motor, steps, note, more }) {
    const total: number = more.reduce((sum, { at }) => sum + at, steps)
    // @ts-expect-error an optional parameter may be absent
    note.trim()
    // @ts-expect-error a moveable is no text
    motor.trim()
    return stepScan({ moveables: [motor], path: line([0], [total], steps), integrationTime: 1 })
  },
})

const driver = defineMotorController({
  doc: 'typed',
  properties: { host: { type: 'DevString', mandatory: true } },
  async connect(properties) {
    const host: string = properties.host
    // @ts-expect-error there is no such property
    void properties.port
    return {
      axes: [host.length],
      position: (axes) => axes.map(() => 0),
      status: (axes) => axes.map(() => ({ state: 'ON', home: false, upper: false, lower: false }) as const),
      start: () => undefined,
      stop() {},
      abort() {},
      close() {},
    }
  },
})

const withPipes = defineInterface({ class: 'WithPipes', pipes: { plain: {}, both: { writable: true } } })

class WithPipes extends Device<typeof withPipes> {
  readPlain() {
    return { x: 1 }
  }
  readBoth() {
    return { name: 'b', elements: [] }
  }
  writeBoth(blob: PipeBlob): void {
    this.pushPipe('both', blob)
    // @ts-expect-error there is no such pipe
    this.pushPipe('nope', blob)
  }
}

class WithoutWriter extends Device<typeof withPipes> {
  readPlain() {
    return { x: 1 }
  }
  readBoth() {
    return { x: 1 }
  }
}

describe('types', () => {
  it('keeps literal names and defaults in an interface', () => {
    const name: 'Gauge' = gauge.class
    assert.equal(name, 'Gauge')
    assert.equal(gauge.properties.port.default, 5000)
  })
  it('takes a complete class and refuses an incomplete one', () => {
    assert.equal(deviceClass(gauge, Gauge).spec, gauge)
    // @ts-expect-error readPressure returns text
    deviceClass(gauge, WrongType)
    assert.equal(typeof Incomplete, 'function')
  })
  it('wants a handler for each pipe, two for one that is written', () => {
    assert.equal(deviceClass(withPipes, WithPipes).spec, withPipes)
    // @ts-expect-error writeBoth is missing
    deviceClass(withPipes, WithoutWriter)
  })
  it('infers clients, macros and drivers', () => {
    assert.equal(typeof clients, 'function')
    assert.equal(macro.kind, 'macro')
    assert.equal(driver.kind, 'motor')
  })
})
