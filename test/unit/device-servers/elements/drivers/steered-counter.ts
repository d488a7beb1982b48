// A driver of counters that the tests steer.

import { type CounterDriver, defineCounterController } from 'bandoneon/device-servers'

/** What the driver does when it is asked. */
export const steeredCounter: {
  acquire: CounterDriver['acquire']
  read: ((axes: readonly number[]) => number[]) | undefined
} = {
  acquire: async (axes, seconds, index) => axes.map((axis) => axis * 100 + index + seconds),
  read: undefined,
}

export default defineCounterController({
  doc: 'Counters for tests.',
  properties: {},
  async connect() {
    return {
      axes: [1, 2],
      prepare: () => {},
      acquire: (...all) => steeredCounter.acquire(...all),
      ...(steeredCounter.read === undefined ? {} : { read: steeredCounter.read }),
      close: () => {},
    }
  },
})
