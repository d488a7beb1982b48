// What must and what must not compile of the client; running it checks that the lines were reached at all.

import assert from 'node:assert/strict'
import type { DeviceProxy, TangoProcess } from '#tango'
import { defineInterface } from '#tango/pure'

const gauge = defineInterface({
  class: 'Gauge',
  attributes: { pressure: { type: 'DevDouble', writable: true }, counts: { type: 'DevLong64' } },
  commands: { scale: { in: 'DevDouble', out: 'DevString' } },
})

async function typed(tango: TangoProcess, proxy: DeviceProxy<typeof gauge>): Promise<void> {
  const both: number | undefined = (await proxy.writeRead('pressure', 1)).value
  const history = await proxy.history('counts', 3)
  const counted: bigint | undefined = history[0]?.reading?.value
  const results: (string | undefined)[] = (await proxy.commandHistory('scale')).map(({ value }) => value)
  for await (const { reading } of await proxy.events('pressure', 'change')) {
    const value: number | undefined = reading?.value
    // @ts-expect-error a pressure is no text
    const text: string | undefined = reading?.value
    assert.ok(value === undefined || text === undefined || both === counted || results)
  }
  // @ts-expect-error a pressure is no text
  await proxy.writeRead('pressure', 'x')
  const attribute = tango.attribute('a/b/c/pressure', gauge.attributes.pressure)
  await attribute.write(1)
  // @ts-expect-error a pressure is no text
  await attribute.write('x')
  // without a spec anything can be tried
  await tango.attribute('a/b/c/pressure').write('x')
  const [reply] = await tango.group('g').read('x')
  // @ts-expect-error a failed or disabled member has no value
  assert.ok(reply?.value)
  if (reply?.status === 'ok') assert.ok(reply.value.quality)
}

describe('types of the client', () => {
  it('are checked by the compiler', () => assert.equal(typeof typed, 'function'))
})
