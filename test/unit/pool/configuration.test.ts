import assert from 'node:assert/strict'
import { DevFailed } from '#tango/pure'
import { channelsOf, defaultConfiguration, parseConfiguration, withPresentNames } from '../../../pool/configuration.ts'
import { type Element, ElementTable } from '../../../pool/elements.ts'
import { parseSynchronization, printSynchronization } from '../../../pool/synchronization.ts'

function table(): { table: ElementTable; channels: Element[] } {
  const table = new ElementTable()
  const full = (device: string) => `tango://h:1/${device}`
  table.add({
    id: 1,
    name: 'ctrl',
    device: 'controller/x/ctrl',
    fullName: full('controller/x/ctrl'),
    type: 'Controller',
  })
  const channels = ['ct01', 'ct02'].map((name, i): Element => {
    const device = `expchan/ctrl/${i + 1}`
    return {
      id: 2 + i,
      name,
      device,
      fullName: full(device),
      type: 'CTExpChannel',
      controller: 'controller/x/ctrl',
      axis: i + 1,
    }
  })
  for (const channel of channels) table.add(channel)
  return { table, channels }
}

describe('GroupConfiguration', () => {
  it('starts with every channel enabled, in the order given, timed by the first', () => {
    const { table: elements, channels } = table()
    const configuration = defaultConfiguration('mg', channels, elements)
    assert.deepEqual(
      channelsOf(configuration).map((c) => [c.name, c.enabled, c.index]),
      [
        ['ct01', true, 0],
        ['ct02', true, 1],
      ],
    )
    assert.equal(configuration.timer, 'tango://h:1/expchan/ctrl/1')
    assert.deepEqual(Object.keys(configuration.controllers), ['tango://h:1/controller/x/ctrl'])
    assert.equal(channelsOf(configuration)[0]?._controller_name, 'tango://h:1/controller/x/ctrl')
  })

  it('survives being written by a client, keeping keys that it does not know', () => {
    const { table: elements, channels } = table()
    const text = JSON.stringify({ ...defaultConfiguration('mg', channels, elements), colour: 'red' })
    const parsed = parseConfiguration(text)
    assert.equal(parsed.colour, 'red')
    assert.deepEqual(parseConfiguration(JSON.stringify(parsed)), parsed)
  })

  it('orders channels by index, not by controller', () => {
    const { table: elements, channels } = table()
    const configuration = structuredClone(defaultConfiguration('mg', channels, elements)) as ReturnType<
      typeof JSON.parse
    >
    const [controller] = Object.values(configuration.controllers) as { channels: Record<string, { index: number }> }[]
    const [first, second] = Object.values(controller!.channels)
    first!.index = 7
    second!.index = 3
    assert.deepEqual(
      channelsOf(parseConfiguration(JSON.stringify(configuration))).map((c) => c.name),
      ['ct02', 'ct01'],
    )
  })

  it('shows the present name of a renamed channel, and leaves a label that somebody chose', () => {
    const { table: elements, channels } = table()
    const written = defaultConfiguration('mg', channels, elements)
    const [first, second] = channels
    assert.ok(first !== undefined && second !== undefined)
    for (const [old, name] of [
      [first, 'diode'],
      [second, 'ring'],
    ] as const) {
      elements.remove(old)
      elements.add({ ...old, name })
    }
    const chosen = parseConfiguration(JSON.stringify(written).replace('"label":"ct02"', '"label":"current"'))
    assert.deepEqual(
      channelsOf(withPresentNames(chosen, elements)).map((c) => [c.name, c.label]),
      [
        ['diode', 'diode'],
        ['ring', 'current'],
      ],
    )
  })

  for (const [text, what] of [
    ['{', 'no JSON'],
    ['[]', 'must be an object'],
    ['{}', "'controllers' is missing"],
    ['{"controllers":{"c":{}}}', "controller 'c' has no 'channels'"],
    ['{"controllers":{"c":{"channels":{"x":{}}}}}', "channel 'x' needs a number 'index'"],
  ] as const)
    it(`refuses ${text}, saying what is wrong`, () => {
      assert.throws(
        () => parseConfiguration(text),
        // the first reason is what clients show
        (error: DevFailed) => error.reason === 'MeasurementGroup_Configuration' && error.message.includes(what),
      )
    })
})

describe('SynchDescription', () => {
  it('takes names and numbers as keys and prints numbers', () => {
    const named = parseSynchronization(
      '[{"Delay":{"Time":0},"Active":{"Time":0.01},"Total":{"Time":0.05},"Repeats":3}]',
    )
    assert.deepEqual(named, [{ delay: 0, active: 0.01, total: 0.05, repeats: 3 }])
    const printed = printSynchronization(named)
    assert.deepEqual(JSON.parse(printed), [{ 0: { 0: 0 }, 1: { 0: 0.05 }, 2: { 0: 0.01 }, 3: 3 }])
    assert.deepEqual(parseSynchronization(printed), named)
  })

  it('refuses a group without an active time, other domains and text that is no JSON', () => {
    for (const text of ['[{}]', '[]', 'x', '[{"Active":{"Position":1}}]', '[{"Active":{"Time":-1}}]'])
      assert.throws(() => parseSynchronization(text), DevFailed, text)
  })
})
