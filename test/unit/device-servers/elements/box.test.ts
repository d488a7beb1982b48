// The keeper of a connection in virtual time: retries, losses, returns.

import assert from 'node:assert/strict'
import { devFailed, VirtualClock } from '#tango'
import { Box, type BoxOptions } from '../../../../device-servers/elements/box.ts'

interface TestDriver {
  closed: boolean
  close(): void
}

describe('Box', () => {
  let clock: VirtualClock
  let events: string[]
  let box: Box<TestDriver>
  let driver: TestDriver

  const make = (options: Partial<BoxOptions<TestDriver>>): Box<TestDriver> => {
    box = new Box<TestDriver>({
      name: 'controller/test/1',
      clock,
      log: { info: (text) => void events.push(text), warn: (text) => void events.push(text) },
      connect: async () => driver,
      probe: async () => {},
      onUp: async () => void events.push('up'),
      onDown: (reason) => void events.push(`down: ${reason}`),
      ...options,
    })
    return box
  }

  beforeEach(() => {
    clock = new VirtualClock()
    events = []
    driver = {
      closed: false,
      close() {
        this.closed = true
      },
    }
  })
  afterEach(() => box.close())

  it('gives the driver once it is connected', async () => {
    make({})
    assert.throws(() => box.driver, /Controller_NotConnected: controller\/test\/1: the box does not answer: connecting/)
    await box.start(100)
    assert.equal(box.driver, driver)
    assert.equal(box.trouble, undefined)
    assert.deepEqual(events, ['box connected', 'up'])
  })

  it('tries again every second, and tells once why it does not work', async () => {
    let attempts = 0
    make({
      connect: async () => {
        if (++attempts < 4) throw devFailed('Line_Closed', 'box x:1: refused')
        return driver
      },
    })
    await box.start(100)
    assert.match(box.trouble ?? '', /Line_Closed: box x:1: refused/)
    await clock.advance(2500)
    assert.equal(attempts, 3)
    await clock.advance(1000)
    assert.equal(box.driver, driver)
    assert.deepEqual(events, ['box lost', 'down: Line_Closed: box x:1: refused', 'box connected', 'up'])
  })

  it('does not keep a start waiting for a box that takes its time', async () => {
    let connected = (): void => {}
    make({ connect: () => new Promise((resolve) => (connected = () => resolve(driver))) })
    await clock.run(box.start(100))
    assert.equal(clock.monotonic(), 100)
    assert.equal(box.trouble, 'connecting')
    connected()
    await clock.advance(0)
    assert.equal(box.driver, driver)
  })

  it('is not connected while the box accepts connections but does not answer', async () => {
    let answers = false
    make({
      probe: async () => {
        if (!answers) throw devFailed('Line_TimedOut', 'box x:1: no answer')
      },
    })
    await box.start(100)
    assert.match(box.trouble ?? '', /no answer/)
    answers = true
    await clock.advance(1000)
    assert.equal(box.trouble, undefined)
  })

  it('closes the driver, also one that connects too late', async () => {
    let connected = (): void => {}
    make({ connect: () => new Promise((resolve) => (connected = () => resolve(driver))) })
    await clock.run(box.start(10))
    await box.close()
    connected()
    await clock.advance(0)
    assert.equal(driver.closed, true)
    assert.equal(clock.pendingTimers, 0)
  })
})
