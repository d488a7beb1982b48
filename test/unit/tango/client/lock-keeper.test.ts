import assert from 'node:assert/strict'
import { devFailed, silentLogger, VirtualClock } from '#tango'
import type { DeviceCaller } from '../../../../tango/client/device-caller.ts'
import { LockKeeper } from '../../../../tango/client/lock-keeper.ts'
import { connectFailed } from '../../../../tango/orb/system-exception.ts'
import type { AnyValue } from '../../../../tango/wire/any.ts'

/** An admin device that notes what it is asked, with devices whose locks are lost. */
class Admin {
  readonly name = 'dserver/x/1'
  readonly asked: string[] = []
  readonly lost = new Set<string>()
  down = false
  left = 1

  async execute(command: string, { value }: AnyValue): Promise<AnyValue> {
    const devices = Array.isArray(value) ? value.map(String) : []
    this.asked.push(`${command} ${devices.join()}`)
    if (this.down) throw connectFailed({ operation: command, address: 'h:1' }, 'refused')
    if (devices.some((device) => this.lost.has(device))) throw devFailed('API_DeviceUnlocked', 'x')
    this.left -= 1
    return command === 'UnLockDevice' ? { type: 'DevLong', value: this.left } : { type: 'DevVoid', value: undefined }
  }

  /** The keeper calls nothing but `execute` and `name`. */
  get caller(): DeviceCaller {
    return this as unknown as DeviceCaller
  }
}

describe('LockKeeper', () => {
  const setUp = () => {
    const clock = new VirtualClock()
    const keeper = new LockKeeper({ clock, log: silentLogger() })
    return { clock, keeper, admin: new Admin() }
  }

  it('renews all locks of a server with one call, half a second before the shortest one ends', async () => {
    const { clock, keeper, admin } = setUp()
    keeper.add(admin.caller, 'a/b/1', 10)
    keeper.add(admin.caller, 'a/b/2', 3)
    await clock.advance(2499)
    assert.deepEqual(admin.asked, [])
    await clock.advance(1)
    await clock.advance(2500)
    assert.deepEqual(admin.asked, ['ReLockDevices a/b/1,a/b/2', 'ReLockDevices a/b/1,a/b/2'])
    keeper.remove(admin.caller, 'A/B/2')
    await clock.advance(9499)
    assert.equal(admin.asked.length, 2)
    await clock.advance(1)
    assert.equal(admin.asked[2], 'ReLockDevices a/b/1')
    keeper.remove(admin.caller, 'a/b/1')
    await clock.advance(60_000)
    assert.deepEqual([admin.asked.length, keeper.count], [3, 0])
    await keeper.close()
  })

  it('goes on with the others when one lock is lost', async () => {
    const { clock, keeper, admin } = setUp()
    keeper.add(admin.caller, 'a/b/1', 2)
    keeper.add(admin.caller, 'a/b/2', 2)
    admin.lost.add('a/b/1')
    await clock.advance(1500)
    await clock.advance(1500)
    assert.deepEqual(admin.asked, [
      'ReLockDevices a/b/1,a/b/2',
      'ReLockDevices a/b/1',
      'ReLockDevices a/b/2',
      'ReLockDevices a/b/2',
    ])
    assert.equal(keeper.count, 1)
    await keeper.close()
  })

  it('keeps trying while a server cannot be reached', async () => {
    const { clock, keeper, admin } = setUp()
    keeper.add(admin.caller, 'a/b/1', 10)
    admin.down = true
    await clock.advance(9500)
    await clock.advance(1000)
    assert.equal(admin.asked.length, 3)
    assert.equal(keeper.count, 1)
    admin.down = false
    await clock.advance(500)
    await clock.advance(9499)
    assert.equal(admin.asked.length, 4)
    await keeper.close()
  })

  it('unlocks as often as it locked when it closes, and does nothing afterwards', async () => {
    const { clock, keeper, admin } = setUp()
    keeper.add(admin.caller, 'a/b/1', 10)
    admin.left = 2
    await keeper.close()
    assert.equal(admin.asked.length, 2)
    assert.match(admin.asked[0] ?? '', /^UnLockDevice/)
    keeper.add(admin.caller, 'a/b/2', 10)
    await clock.advance(60_000)
    assert.deepEqual([admin.asked.length, keeper.count], [2, 0])
  })
})
