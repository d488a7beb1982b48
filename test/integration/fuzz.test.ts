// Hostile bytes against a server in a process of its own: it must neither end, nor hang, nor grow, and a client of another
// of its devices must not notice. The long form of the random part is `npm run fuzz`.

import assert from 'node:assert/strict'
import net from 'node:net'
import { DevFailed, type DeviceProxy, type LongStringArray, silentLogger, TangoProcess } from '#tango'
import { decodeContent } from '../../tango/events/event-content.ts'
import { OrbClient } from '../../tango/orb/orb-client.ts'
import { VOID } from '../../tango/wire/any.ts'
import { CdrError } from '../../tango/wire/cdr.ts'
import { latin1Bytes } from '../../tango/wire/latin1.ts'
import { DEVICE_REPOSITORY_IDS, OPERATIONS } from '../../tango/wire/operations.ts'
import { decodeEvent, parseTopic } from '../../tango/wire/zmq-event.ts'
import {
  announcement,
  endlessCommand,
  greedyRequest,
  MEMORY_BOMBS,
  memoryBomb,
  RawConnection,
  request,
  unfinishedFragments,
} from '../fuzz/attacks.ts'
import { describeFinding, runCampaign } from '../fuzz/campaign.ts'
import { BYSTANDER, VICTIM } from '../fuzz/devices.ts'
import { type Health, HealthyClient } from '../fuzz/healthy-client.ts'
import { joined, mutate } from '../fuzz/mutations.ts'
import { Random } from '../fuzz/random.ts'
import { ReplySpoiler } from '../fuzz/reply-spoiler.ts'
import type { TargetState } from '../fuzz/target.ts'
import { TargetProcess } from '../fuzz/target-process.ts'
import { fromHex, goldenVectors } from '../interop/golden.ts'
import { eventually, within } from '../support/waiting.ts'

const MIB = 1024 * 1024
const SEED = 20_261_120
const CASES = 4000
/** What a server may have more after an attack: caches, compiled code, the black boxes. */
const GROWTH = 24 * MIB

describe('A server under attack', function () {
  this.timeout(60_000)
  let target: TargetProcess
  let client: HealthyClient
  let before: TargetState

  const attack = async (limits: Parameters<typeof TargetProcess.start>[0] = {}): Promise<void> => {
    target = await TargetProcess.start(limits)
    client = await HealthyClient.start(target.address)
    before = await target.measure()
  }
  /** Ends the attack: nobody noticed, nothing stays. */
  const peace = async (limit = GROWTH): Promise<Health> => {
    const health = await client.stop()
    assert.equal(target.death, undefined)
    assert.deepEqual(health.failures, [])
    assert.ok(health.calls > 0)
    const after = await eventually('the server to be rid of the attackers', async () => {
      const state = await target.measure()
      return state.connections <= before.connections && state.held === 0 && state
    })
    // memory outside the heap is given back some time after its owners are gone
    let growth = after.external - before.external
    await eventually('the memory of messages to be given back', async () => {
      growth = (await target.measure()).external - before.external
      return growth < limit
    }).catch((cause) => assert.fail(`memory grew by ${growth} octets (${String(cause)})`))
    assert.ok(after.heap - before.heap < limit, `heap grew from ${before.heap} to ${after.heap}`)
    return health
  }
  const raw = (): Promise<RawConnection> => new RawConnection(target.address).connected()

  afterEach(async () => {
    await client.stop()
    await target[Symbol.asyncDispose]()
  })

  it(`answers or refuses ${CASES} wrong messages, and goes on`, async () => {
    await attack()
    const result = await runCampaign(target, { seed: SEED, cases: CASES })
    assert.deepEqual(result.findings.map(describeFinding), [])
    assert.equal(result.cases, CASES)
    // else the cases would test little more than the header
    assert.ok(result.replies > CASES / 2, `only ${result.replies} replies`)
    await peace()
  })

  it('refuses messages of 4 GiB at their header and takes no memory for those of 256 MiB that do not come', async () => {
    await attack()
    for (const size of [0xffffffff, 0x80000000, 0x10000001]) {
      const connection = await raw()
      void connection.send(announcement(size))
      await connection.closed()
      assert.equal(connection.received, 12, 'a message error')
    }
    const promising = await Promise.all(Array.from({ length: 200 }, raw))
    for (const connection of promising) void connection.send(joined([announcement(0x10000000), new Uint8Array(100)]))
    const during = await eventually('the announcements to arrive', async () => {
      const state = await target.measure()
      return state.held > 100 * MIB && state
    })
    assert.ok(during.resident - before.resident < 100 * MIB, `${during.resident} octets for nothing`)
    for (const connection of promising) connection.end()
    await peace()
  })

  it('closes the connection that holds most when all together hold too much', async () => {
    await attack({ maxMemory: 32 * MIB })
    const greedy = await raw()
    void greedy.send(joined([announcement(100 * MIB), new Uint8Array(20 * MIB)]))
    const modest = await raw()
    void modest.send(joined([announcement(100 * MIB), new Uint8Array(6 * MIB)]))
    // buffers grow in steps: the two alone may be too much already
    await eventually('both to have sent', async () => greedy.isClosed || (await target.measure()).held > 16 * MIB)
    const third = await raw()
    void third.send(joined([announcement(100 * MIB), new Uint8Array(8 * MIB)]))
    await greedy.closed()
    assert.equal(modest.isClosed, false)
    modest.end()
    third.end()
    await peace()
  })

  it('refuses fragments that are never finished, in number and in size', async () => {
    await attack({ maxMessageSize: MIB })
    const many = await raw()
    void many.send(unfinishedFragments(65, 8))
    await many.closed()
    const big = await raw()
    void big.send(unfinishedFragments(20, 64 * 1024))
    await big.closed()
    await peace()
  })

  it('gives up on clients that stop within a message or send an octet now and then', async () => {
    await attack({ stallMs: 300 })
    const whole = request(OPERATIONS.ping, [])
    const cuts = [1, 5, 12, 16, whole.length - 1]
    const stopped = await Promise.all(cuts.map(() => raw()))
    stopped.forEach((connection, i) => {
      void connection.send(whole.subarray(0, cuts[i]))
    })
    const fragments = await raw()
    void fragments.send(unfinishedFragments(3, 64))
    const trickling = await raw()
    void trickling.send(announcement(10_000))
    const trickle = setInterval(() => void trickling.send(new Uint8Array(1)), 20)
    await Promise.all([...stopped, fragments, trickling].map((connection) => connection.closed()))
    clearInterval(trickle)
    await peace()
  })

  it('answers a request that comes octet by octet', async () => {
    await attack()
    const slow = await raw()
    for (const octet of joined([request(OPERATIONS.ping, []), request(OPERATIONS.black_box, [1])])) {
      await slow.send(Uint8Array.of(octet))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await eventually('two answers', () => slow.received > 60)
    slow.end()
    await peace()
  })

  it('serves a new client while 2000 connections are open that say nothing', async () => {
    await attack()
    const idle: RawConnection[] = []
    for (let i = 0; i < 20; i += 1) idle.push(...(await Promise.all(Array.from({ length: 100 }, raw))))
    const during = await target.measure()
    assert.ok(during.connections <= 1024, `${during.connections} connections`)
    const newcomer = await raw()
    void newcomer.send(request(OPERATIONS.ping, []))
    await eventually('an answer', () => newcomer.received > 0)
    for (const connection of [...idle, newcomer]) connection.end()
    await peace()
  })

  it('lets waiting requests of a client that does not read its answers wait with the client', async () => {
    await attack()
    const probe = await raw()
    void probe.send(greedyRequest(1))
    const answer = await eventually('one answer', () => probe.received > 20_000 && probe.received)
    probe.end()
    const lazy = await Promise.all(Array.from({ length: 10 }, raw))
    for (const connection of lazy) {
      connection.socket.pause()
      // one chunk of requests asks for some 16 MB, all of them for 10 times as much
      for (let i = 0; i < 10; i += 1) {
        void connection.send(joined(Array.from({ length: 700 }, (_, id) => greedyRequest(id))))
      }
    }
    const during = await eventually('the answers to be stuck', async () => {
      const state = await target.measure()
      return state.held > lazy.length * 8 * MIB && state
    })
    // each may leave 8 MiB unread, and what the last request adds
    assert.ok(during.held < lazy.length * 10 * MIB, `${during.held} octets wait`)
    // a client that reads again gets everything
    const [first] = lazy
    assert.ok(first !== undefined)
    first.socket.resume()
    await eventually('all answers', () => first.received >= 7000 * answer, 20_000)
    for (const connection of lazy) connection.end()
    await peace()
  })

  it('closes connections whose answers are not taken for a while', async () => {
    await attack({ stallMs: 300 })
    const lazy = await raw()
    lazy.socket.pause()
    void lazy.send(joined(Array.from({ length: 700 }, (_, id) => greedyRequest(id))))
    await eventually('answers to be stuck', async () => (await target.measure()).held > 0)
    await eventually('the connection to be gone', async () => {
      const { connections, held } = await target.measure()
      return connections === before.connections && held === 0
    })
    lazy.end()
    await peace()
  })

  it('takes only so many requests of one connection that wait for their answer, and ends them with it', async () => {
    await attack({ maxPending: 50 })
    const flood = await raw()
    void flood.send(joined(Array.from({ length: 5000 }, (_, id) => endlessCommand(id))))
    await eventually('requests to be under way', async () => (await target.measure()).held > 0)
    const probe = await raw()
    void probe.send(request(OPERATIONS.ping, []))
    await eventually('an answer to another client', () => probe.received > 0)
    const started = await callsOf(target, 'wait')
    assert.equal(started, 50)
    probe.end()
    flood.end()
    await peace()
    assert.equal(await callsOf(target, 'aborted'), 50)
  })

  it('leaves others their turn while clients send requests without a pause', async () => {
    await attack()
    const pings = joined(Array.from({ length: 5000 }, (_, id) => request(OPERATIONS.ping, [], id)))
    const floods = await Promise.all(Array.from({ length: 20 }, raw))
    const callsBefore = client.calls
    await Promise.all(floods.map((flood) => Promise.all([flood.send(pings), flood.send(pings)])))
    await eventually('all answers', () => floods.every((flood) => flood.received >= 10_000 * 24), 30_000)
    // a client that had to wait for whole buffers of requests of all others would get a handful
    assert.ok(client.calls - callsBefore > 20, `${client.calls - callsBefore} calls in the time of 200000`)
    for (const flood of floods) flood.end()
    await peace()
  })

  for (const what of MEMORY_BOMBS) {
    it(`does not let ${what} become many times as much memory`, async () => {
      await attack()
      // one that would end the process while it is decoded, one that would while it is answered
      for (const octets of [48 * MIB, 6 * MIB]) {
        const connection = await raw()
        void connection.send(memoryBomb(what, octets))
        await eventually('an answer', () => connection.received > 0, 20_000)
        const { heap } = await target.measure()
        assert.ok(heap < 400 * MIB, `${heap} octets on the heap`)
        connection.end()
      }
      await peace(64 * MIB)
    })
  }

  it('survives garbage on its event sockets while events go on', async () => {
    await attack()
    const random = new Random(SEED)
    const { host, port, admin } = target.address
    const tango = await TangoProcess.create({ listen: false, log: silentLogger() })
    const proxy: DeviceProxy = tango.proxy(`tango://${host}:${port}/${BYSTANDER}#dbase=no`)
    const seen: unknown[] = []
    const subscription = await proxy.subscribe('filtered', 'change', ({ reading, error }) => {
      seen.push(error ?? reading?.value)
    })
    const answer = await tango
      .proxy(`tango://${host}:${port}/${admin}#dbase=no`)
      .command('ZmqEventSubscriptionChange', [BYSTANDER, 'filtered', 'subscribe', 'change', '5'])
    const endpoints = (answer as LongStringArray).svalue.filter((text) => /^tcp:/.test(text))
    assert.equal(endpoints.length, 2)
    const greeting = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0, ...Buffer.from('NULL'), ...new Uint8Array(48)]
    const ready = [
      4,
      25,
      5,
      ...Buffer.from('READY'),
      11,
      ...Buffer.from('Socket-Type'),
      0,
      0,
      0,
      3,
      ...Buffer.from('SUB'),
    ]
    const big = [2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]
    const gibibyte = [2, 0, 0, 0, 0, 0x40, 0, 0, 0, 1]
    for (let i = 0; i < 200; i += 1) {
      const start = random.pick([[], greeting, [...greeting, ...ready]])
      const rest = random.pick([big, gibibyte, [...random.bytes(200)], [0, 250, ...random.bytes(100)]])
      const address = new URL(random.pick(endpoints))
      const socket = net.connect(Number(address.port), address.hostname)
      socket.on('error', () => undefined)
      await new Promise((resolve) => socket.write(Uint8Array.from([...start, ...rest]), resolve))
      if (i % 2 === 0) socket.destroy()
      else setTimeout(() => socket.destroy(), 200)
    }
    seen.length = 0
    for (let i = 1; i <= 50; i += 1) await proxy.command('PushFiltered', 10 * i)
    await eventually('all events', () => seen.length >= 50)
    assert.deepEqual(
      seen,
      Array.from({ length: 50 }, (_, i) => 10 * (i + 1)),
    )
    await subscription.close()
    await tango.close()
    await peace()
  })
})

describe('A client under attack', function () {
  this.timeout(60_000)

  it('ends every call with a result or an error when a third of the answers is changed on the way', async () => {
    await using target = await TargetProcess.start()
    const random = new Random(SEED)
    await using spoiler = await ReplySpoiler.start(target.address, random)
    const orb = new OrbClient()
    const reference = {
      typeId: DEVICE_REPOSITORY_IDS[0],
      host: '127.0.0.1',
      port: spoiler.port,
      objectKey: latin1Bytes(VICTIM),
      giopMinor: 2,
      alternates: [],
    }
    const options = { timeoutMs: 50 }
    const who = { language: 'CPP', pid: 1 } as const
    const calls: readonly (() => Promise<unknown>)[] = [
      () => orb.call(reference, OPERATIONS.ping, [], options),
      () => orb.call(reference, OPERATIONS.info_3, [], options),
      () => orb.call(reference, OPERATIONS.read_attributes_5, [['doV', 'stS', 'loI', 'nosuch'], 'DEV', who], options),
      () => orb.call(reference, OPERATIONS.read_attributes, [['doV', 'stS']], options),
      () => orb.call(reference, OPERATIONS.get_attribute_config_5, [['position', 'mode']], options),
      () => orb.call(reference, OPERATIONS.command_inout_4, ['Fail', VOID, 'DEV', who], options),
      () => orb.call(reference, OPERATIONS.command_list_query_2, [], options),
      () => orb.call(reference, OPERATIONS.black_box, [10], options),
    ]
    const outcomes = { results: 0, errors: 0 }
    for (let i = 0; i < 300; i += 1) {
      try {
        await within('a call to end', random.pick(calls)(), 5000)
        outcomes.results += 1
      } catch (error) {
        assert.ok(error instanceof DevFailed, String(error))
        outcomes.errors += 1
      }
    }
    await orb.close()
    assert.ok(spoiler.spoiled > 50)
    assert.ok(outcomes.results > 30 && outcomes.errors > 30, JSON.stringify(outcomes))
    assert.equal(target.death, undefined)
  })

  it('reads changed events as errors, or as values, and never throws', () => {
    const random = new Random(SEED)
    const vectors = goldenVectors('tango-events').filter(({ frames }) => frames !== undefined)
    const recorded = vectors.map(({ frames }) => (frames ?? []).map(fromHex))
    let errors = 0
    for (let i = 0; i < 20_000; i += 1) {
      const frames: Uint8Array[] = random.pick(recorded).map((frame) => frame.slice())
      const at = random.below(frames.length)
      const frame = frames[at]
      if (frame !== undefined) frames[at] = mutate(random, frame, random.pick(recorded)[at] ?? frame)
      if (random.chance(0.05)) frames.splice(random.below(frames.length), 1)
      try {
        const received = decodeEvent(frames)
        const event = parseTopic(received.topic)?.event === 'attr_conf' ? 'attr_conf' : 'change'
        const content = decodeContent(random.chance(0.1) ? 'intr_change' : event, received, 5)
        if (content.error !== undefined) errors += 1
      } catch (error) {
        assert.ok(error instanceof CdrError, String(error))
        errors += 1
      }
    }
    assert.ok(errors > 1000, `${errors} errors`)
  })
})

/** How often a handler of the device under attack has run. */
async function callsOf(target: TargetProcess, name: string): Promise<number> {
  const calls = await target.calls()
  return calls.filter((call) => call === name).length
}
