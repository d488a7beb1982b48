// Class DevTest: the device that the client suites of C++ exercise. Started as
// `bandoneon --plugins dist/test/support serve DevTest test`. Its parts are in dev-test/.

import { type AttributeSpec, type CommandSpec, type DeviceClass, type DeviceSpec, defineInterface } from '#tango'
import { ATTRIBUTES } from './dev-test/attributes.ts'
import { COMMANDS } from './dev-test/commands.ts'
import { DevTestDevice } from './dev-test/device.ts'
import { PIPES } from './dev-test/pipes.ts'

// names are keys in this class: they come from a table
const attributes = ATTRIBUTES.map(({ spec }): [string, AttributeSpec] => [spec.name ?? '', spec])
const commands = COMMANDS.map(({ spec }): [string, CommandSpec] => [spec.name ?? '', spec])

/** The interface of the class. */
export const devTestInterface: DeviceSpec = defineInterface({
  class: 'DevTest',
  deviceType: 'TestDevice',
  attributes: Object.fromEntries(attributes),
  commands: Object.fromEntries(commands),
  pipes: PIPES,
})

function method(name: string, call: (this: DevTestDevice, value: never) => unknown): void {
  Object.defineProperty(DevTestDevice.prototype, name, { value: call, configurable: true })
}

for (const { spec, read, write } of ATTRIBUTES) {
  const key = spec.name ?? ''
  const capital = key.charAt(0).toUpperCase() + key.slice(1)
  if (read !== undefined) {
    method(`read${capital}`, function () {
      return read(this)
    })
  }
  if (spec.writable === true || spec.writeOnly === true) {
    method(`write${capital}`, function (value) {
      return write?.(this, value)
    })
  }
}
for (const { spec, run } of COMMANDS) {
  method(spec.name ?? '', function (argument) {
    return run(this, argument)
  })
}
for (const key of Object.keys(PIPES)) {
  // those that are only configured have nothing to say
  if (key.startsWith('PipeConf')) method(`read${key}`, () => undefined)
}

const devTest: DeviceClass = { spec: devTestInterface, create: (context) => new DevTestDevice(context) }
export default devTest
