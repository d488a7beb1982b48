import assert from 'node:assert/strict'
import { DevFailed } from '#tango'
import { OrbClient } from '../../../../tango/orb/orb-client.ts'
import { OPERATIONS } from '../../../../tango/wire/operations.ts'
import { freePort } from '../../../support/free-port.ts'

describe('Channel', () => {
  it('tries again at once for a call that is made as soon as the one before has failed', async () => {
    const client = new OrbClient()
    const port = await freePort()
    const reference = {
      typeId: '',
      host: '127.0.0.1',
      port,
      objectKey: new Uint8Array(0),
      giopMinor: 0,
      alternates: [],
    } as const
    const failures: unknown[] = []
    const call = (): Promise<undefined> => client.call(reference, OPERATIONS.ping, [], { timeoutMs: 1000 })
    const note = (error: unknown): void => {
      failures.push(error)
    }
    const again = (error: unknown): Promise<undefined> => {
      note(error)
      return call()
    }
    await call().catch(again).catch(again).catch(note)
    // a call that nobody has sent would have timed out
    assert.deepEqual(
      failures.map((error) => error instanceof DevFailed && error.errors.at(-1)?.reason),
      ['API_CantConnectToDevice', 'API_CantConnectToDevice', 'API_CantConnectToDevice'],
    )
    await client.close()
  })
})
