import assert from 'node:assert/strict'
import { parseServerArguments } from '../../../../tango/server/server-args.ts'

describe('parseServerArguments', () => {
  it('takes the command line of native servers', () => {
    const words = 'Pool demo1 -nodb -dlist a/b/c,d/e/f -v3 -ORBendPoint giop:tcp:127.0.0.1:45000'
    assert.deepEqual(parseServerArguments(words.split(' ')), {
      server: 'Pool',
      instance: 'demo1',
      database: 'none',
      deviceNames: ['a/b/c', 'd/e/f'],
      file: undefined,
      verbosity: 3,
      limits: {},
      host: '127.0.0.1',
      port: 45000,
    })
  })

  it('takes the server and its instance as one word, too', () => {
    const parsed = parseServerArguments(['Pool/demo1', '-v'])
    assert.equal(parsed.server, 'Pool')
    assert.equal(parsed.instance, 'demo1')
    assert.equal(parsed.verbosity, 4)
    assert.equal(parsed.database, 'tango')
  })

  it('leaves out host or port of an end point that are empty, and reads the environment', () => {
    assert.deepEqual(parseServerArguments(['P', 'd'], { ORBendPoint: 'giop:tcp::45000' }).port, 45000)
    const parsed = parseServerArguments(['P', 'd', '-ORBendPoint', 'giop:tcp:localhost:'], {
      ORBendPoint: 'giop:tcp::1',
    })
    assert.equal(parsed.host, 'localhost')
    assert.equal('port' in parsed, false)
  })

  it('needs no database with a resource file', () => {
    const parsed = parseServerArguments(['P', 'd', '-file=/tmp/p.res'])
    assert.equal(parsed.database, 'none')
    assert.equal(parsed.file, '/tmp/p.res')
  })

  it('skips other options of the native ORB with their values', () => {
    assert.equal(parseServerArguments(['P', 'd', '-ORBtraceLevel', '10']).instance, 'd')
  })

  it('takes limits from native options, which win over the environment', () => {
    const words = ['P', 'd', '-ORBgiopMaxMsgSize', '2097152', '-ORBinConScanPeriod', '60']
    const environment = { ORBinConScanPeriod: '30', BANDONEON_MAX_PENDING: '9' }
    const limits = { maxMessageSize: 2_097_152, idleMs: 60_000, maxPending: 9 }
    assert.deepEqual(parseServerArguments(words, environment).limits, limits)
    assert.throws(() => parseServerArguments(['P', 'd', '-ORBgiopMaxMsgSize', 'big']), /ORBgiopMaxMsgSize is 'big'/)
  })

  for (const [words, problem] of [
    [[], /name the server and its instance/],
    [['P'], /name the server and its instance/],
    [['P', 'd', 'e'], /name the server/],
    [['P', 'd', '-x'], /-x is no option/],
    [['P', 'd', '-dlist', 'a/b/c'], /-dlist goes with -nodb/],
    [['P', 'd', '-nodb', '-dlist', 'a/b'], /a\/b is no device name/],
    [['P', 'd', '-ORBendPoint'], /-ORBendPoint needs a value/],
    [['P', 'd', '-ORBendPoint', 'tcp:1'], /tcp:1 is no end point/],
    [['P', 'd', '-ORBendPoint', 'giop:tcp:h:99999'], /is no end point/],
  ] as const) {
    it(`refuses "${words.join(' ')}" with its usage`, () => {
      assert.throws(
        () => parseServerArguments(words),
        (error: Error) => problem.test(error.message) && /usage: <server>/.test(error.message),
      )
    })
  }
})
