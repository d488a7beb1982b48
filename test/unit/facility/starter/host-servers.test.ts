import assert from 'node:assert/strict'
import { devFailed } from '#tango/pure'
import { type HostDatabase, hostServers } from '../../../../facility/starter/host-servers.ts'

describe('hostServers', () => {
  let asked: string[]
  const database = (rows: (string | undefined)[][] | Error): HostDatabase => ({
    hostServersInfo: async () => [{ name: 'Pool/b1', controlled: true, level: 2 }],
    select: async (query) => {
      asked.push(query)
      if (rows instanceof Error) throw rows
      return rows
    },
    serverList: async () => {
      asked.push('list')
      return ['Pool/b1', 'TangoTest/B1']
    },
  })

  beforeEach(() => {
    asked = []
  })

  it('adds servers that are meant to run here but never did, with their names as people write them', async () => {
    const rows = [
      ['pool/b1', '1', '2'],
      ['tangotest/b1', '1', '4'],
      ['gone/b1', '1', '1'],
    ]
    assert.deepEqual(await hostServers(database(rows), 'here'), [
      { name: 'Pool/b1', controlled: true, level: 2 },
      { name: 'TangoTest/B1', controlled: true, level: 4 },
    ])
  })

  it('asks no more than it needs', async () => {
    await hostServers(database([['pool/b1', '0', undefined]]), 'here')
    assert.deepEqual(asked, ["name, mode, level FROM server WHERE host = 'here'"])
  })

  it('does with the list of a database that cannot select, and never asks with a name that is none', async () => {
    const listed = [{ name: 'Pool/b1', controlled: true, level: 2 }]
    assert.deepEqual(await hostServers(database(devFailed('API_CommandNotFound', 'no')), 'here'), listed)
    asked = []
    assert.deepEqual(await hostServers(database([]), "x' OR '1'='1"), listed)
    assert.deepEqual(asked, [])
  })
})
