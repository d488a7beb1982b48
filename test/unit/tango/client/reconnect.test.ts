import assert from 'node:assert/strict'
import { DeviceConnection, type Target } from '../../../../tango/client/reconnect.ts'
import { devFailed } from '../../../../tango/errors/dev-failed.ts'
import { callTimedOut, connectFailed, connectionLost, remoteException } from '../../../../tango/orb/system-exception.ts'

const CALL = { operation: 'ping', address: 'h:1' }

/** A connection whose look-ups are counted, with a clock that is set by hand. */
function setUp(): { connection: DeviceConnection; clock: { ms: number }; found: Target[] } {
  const clock = { ms: 5000 }
  const found: Target[] = []
  const connection = new DeviceConnection({
    name: 'a/b/c',
    tangoHost: 'db:1',
    database: true,
    sibling: (device) => device,
    clock: { monotonic: () => clock.ms },
    find: async () => {
      const target: Target = {
        reference: {
          typeId: '',
          host: 'h',
          port: found.length,
          objectKey: new Uint8Array(0),
          giopMinor: 2,
          alternates: [],
        },
        level: 5,
        device: 'a/b/c',
      }
      found.push(target)
      return target
    },
  })
  return { connection, clock, found }
}

/** Fails with the errors in turn, then answers with the number of calls. */
function failing(...errors: Error[]): () => Promise<number> {
  let calls = 0
  return async () => {
    calls += 1
    const error = errors.shift()
    if (error !== undefined) throw error
    return calls
  }
}

const gone = (): Error => remoteException(CALL, { name: 'OBJECT_NOT_EXIST', minor: 0x4f4d0001, completed: 'NO' })

describe('DeviceConnection', () => {
  it('looks the device up once for calls at the same time and after', async () => {
    const { connection, found } = setUp()
    await Promise.all([connection.run('always', failing()), connection.run('always', failing())])
    await connection.run('always', failing())
    assert.equal(found.length, 1)
  })

  it('repeats nothing when told so, but looks for the device anew at the next call', async () => {
    const { connection, found } = setUp()
    await assert.rejects(connection.run('never', failing(gone())))
    assert.equal(found.length, 1)
    assert.equal(await connection.run('never', failing()), 1)
    assert.equal(found.length, 2)
  })

  it('looks it up again and repeats when the object or the server is gone', async () => {
    for (const error of [gone(), connectFailed(CALL, 'refused')]) {
      const { connection, found } = setUp()
      const ports: number[] = []
      const call = failing(error)
      await connection.run('unexecuted', (target) => {
        ports.push(target.reference.port)
        return call()
      })
      assert.deepEqual(ports, [0, 1])
      assert.equal(found.length, 2)
    }
  })

  it('repeats a call that may have been executed only when that does no harm', async () => {
    const { connection } = setUp()
    assert.equal(await connection.run('always', failing(connectionLost(CALL, 'reset'))), 2)
    await assert.rejects(connection.run('unexecuted', failing(connectionLost(CALL, 'reset'))), /reset/)
  })

  it('never repeats after a time-out or an error of the device', async () => {
    const { connection, found } = setUp()
    await assert.rejects(connection.run('always', failing(callTimedOut(CALL, 3000))), /API_DeviceTimedOut/)
    await assert.rejects(connection.run('always', failing(devFailed('API_AttrNotFound', 'x'))), /API_AttrNotFound/)
    assert.equal(found.length, 1)
  })

  it('repeats a call at most once per second while that fails, and looks the device up with each call', async () => {
    const { connection, clock, found } = setUp()
    let calls = 0
    const dead = (): Promise<number> =>
      connection.run('always', () => {
        calls += 1
        return Promise.reject(gone())
      })
    await assert.rejects(dead())
    assert.deepEqual([calls, found.length], [2, 2])
    await assert.rejects(dead())
    clock.ms += 999
    await assert.rejects(dead())
    assert.deepEqual([calls, found.length], [4, 4])
    clock.ms += 1
    await assert.rejects(dead())
    assert.deepEqual([calls, found.length], [6, 6])
  })

  it('forgets what it learnt of the device with its address', async () => {
    const { connection } = setUp()
    await connection.target()
    connection.commandTypes.set('x', { inType: 1, outType: 1 })
    connection.adminName = 'dserver/x/1'
    await connection.run('always', failing(gone()))
    assert.equal(connection.commandTypes.size, 0)
    assert.equal(connection.adminName, undefined)
  })

  it('reports a failed look-up and tries it again at the next call', async () => {
    let fail = true
    const connection = new DeviceConnection({
      name: 'a/b/c',
      tangoHost: 'db:1',
      database: true,
      sibling: (device) => device,
      clock: { monotonic: () => 0 },
      find: async () => {
        if (fail) throw devFailed('API_DeviceNotExported', 'x')
        return {
          reference: { typeId: '', host: 'h', port: 1, objectKey: new Uint8Array(0), giopMinor: 2, alternates: [] },
          level: 5,
          device: 'x',
        }
      },
    })
    await assert.rejects(connection.target(), /API_DeviceNotExported/)
    fail = false
    assert.equal((await connection.target()).device, 'x')
  })
})
