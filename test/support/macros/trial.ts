// Macros that behave well and badly, for tests of the Door.

import { defineMacro } from 'bandoneon/macroserver'

/** Sleeps in ten steps. */
export const nap = defineMacro({
  doc: 'Sleeps in ten steps.',
  parameters: { seconds: { type: 'Float', default: 60 } },
  result: { type: 'Float' },
  async run({ sleep, progress, checkPoint }, { seconds }) {
    for (let i = 1; i <= 10; i++) {
      await sleep(seconds / 10)
      progress(10 * i)
      await checkPoint()
    }
    return seconds
  },
})

/** Never gives control back. */
export const busy = defineMacro({
  doc: 'Never gives control back.',
  parameters: {},
  run() {
    for (;;);
  },
})

/** Waits for something that does not know of stop. */
export const stuck = defineMacro({ doc: 'Never ends.', parameters: {}, run: () => new Promise(() => undefined) })

/** Asks a question. */
export const ask = defineMacro({
  doc: 'Asks a question.',
  parameters: {},
  async run({ input, output }) {
    output(`got ${String(await input('How many', { type: 'Integer', default: 3, timeoutS: 60 }))}`)
  },
})

/** Fails with an error of the language. */
export const broken = defineMacro({
  doc: 'Fails.',
  parameters: {},
  run() {
    throw new TypeError('this macro is broken')
  },
})

/** Forgets a promise that fails. */
export const forget = defineMacro({
  doc: 'Forgets a promise that fails.',
  parameters: {},
  async run({ sleep }) {
    void Promise.reject(new Error('nobody waits for me'))
    await sleep(0.01)
  },
})

/** Throws where no macro can catch it. */
export const crash = defineMacro({
  doc: 'Throws in a timer.',
  parameters: {},
  async run({ sleep }) {
    setTimeout(() => {
      throw new Error('thrown in a timer')
    }, 1)
    await sleep(60)
  },
})

/** Runs other macros and uses what they return. */
export const centre = defineMacro({
  doc: 'Scans and moves to the largest value.',
  parameters: { motor: { type: 'Moveable' } },
  async run(context, { motor }) {
    await context.run('mv', motor.name, 5)
    const result = await context.run('ascan', motor.name, 0, 2, 4, 0.001)
    if (typeof result !== 'object' || result === null || !('points' in result)) throw new Error('no result')
    context.output(`${String(result.points)} points, now at ${(await context.positions([motor])).join()}`)
  },
})

/** Prints many lines at once. */
export const chatter = defineMacro({
  doc: 'Prints many lines.',
  parameters: { lines: { type: 'Integer' } },
  run({ output }, { lines }) {
    for (let i = 0; i < lines; i++) output(`line ${i}`)
  },
})
