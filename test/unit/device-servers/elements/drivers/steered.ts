// A motor driver that the tests steer; found by its file name like any other.

import { defineMotorController } from 'bandoneon/device-servers'
import { SteeredDriver } from '../fakes.ts'

/** The driver that is given out next, and what it was given. */
export const steered: { driver: SteeredDriver; refuse: Error | undefined; properties: unknown } = {
  driver: new SteeredDriver(),
  refuse: undefined,
  properties: undefined,
}

export default defineMotorController({
  doc: 'Motors for tests.',
  properties: {
    speed: { type: 'DevDouble', default: 1 },
    label: { type: 'DevString', default: '' },
  },
  async connect(properties) {
    steered.properties = properties
    if (steered.refuse !== undefined) throw steered.refuse
    return steered.driver
  },
})
