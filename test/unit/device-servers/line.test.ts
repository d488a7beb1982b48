// The line to a box over real loopback sockets: order, time-outs, losses and returns.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { type Line, openLine } from '#device-servers'
import { systemClock } from '#tango'
import { DevFailed } from '#tango/pure'

/** A box that answers with `answer`; `undefined` leaves a question without answer. */
class TestBox {
  readonly questions: string[] = []
  readonly sockets: Socket[] = []
  answer: (question: string, socket: Socket) => string | undefined = (question) => `${question} ok\r\n`
  #server: Server | undefined
  #port = 0

  get port(): number {
    return this.#port
  }

  async plug(): Promise<void> {
    const server = createServer((socket) => {
      this.sockets.push(socket)
      socket.setEncoding('latin1')
      socket.on('error', () => {})
      socket.on('data', (text: string) => {
        for (const question of text.split('\r\n').filter((part) => part !== '')) {
          this.questions.push(question)
          const answer = this.answer(question, socket)
          if (answer !== undefined) socket.write(answer, 'latin1')
        }
      })
    })
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    this.#port = address.port
    this.#server = server
  }

  async unplug(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of this.sockets.splice(0)) socket.destroy()
    await closed
  }
}

const context = { clock: systemClock }

/** The next change of the connection to `wanted`. */
function change(line: Line, wanted: boolean): Promise<string | undefined> {
  return new Promise((resolve) =>
    line.onConnectionChange((connected, reason) => {
      if (connected === wanted) resolve(reason)
    }),
  )
}

const failure = (reason: string, text: RegExp) => (error: unknown) => {
  assert.ok(error instanceof DevFailed)
  assert.equal(error.reason, reason)
  assert.match(error.message, text)
  return true
}

describe('Line', () => {
  let box: TestBox
  let line: Line | undefined
  const open = async (options = {}): Promise<Line> => {
    line = await openLine('127.0.0.1', box.port, options, context)
    return line
  }

  beforeEach(async () => {
    box = new TestBox()
    await box.plug()
  })
  afterEach(async () => {
    await line?.close()
    await box.unplug()
    line = undefined
  })

  it('asks one question after the other, in the order of the calls', async () => {
    let open_ = 0
    let most = 0
    box.answer = (question, socket) => {
      most = Math.max(most, ++open_)
      setImmediate(() => {
        open_--
        socket.write(`${question} ok\r\n`)
      })
      return undefined
    }
    const line = await open()
    const answers = await Promise.all(['a', 'b', 'c'].map((question) => line.ask(question)))
    assert.deepEqual(answers, ['a ok', 'b ok', 'c ok'])
    assert.deepEqual(box.questions, ['a', 'b', 'c'])
    assert.equal(most, 1)
  })

  it('puts an answer together that comes in pieces', async () => {
    box.answer = (_question, socket) => {
      socket.write('1.5 ')
      setImmediate(() => socket.write('2.5\r\n'))
      return undefined
    }
    assert.equal(await (await open()).ask('read'), '1.5 2.5')
  })

  it('lets the driver say when an answer is whole', async () => {
    box.answer = () => 'KEY $\r\none\r\n$\r\n'
    const line = await open({
      complete: (text: string) => text.endsWith('$\r\n') && text.indexOf('$') < text.lastIndexOf('$'),
    })
    assert.equal(await line.ask('list'), 'KEY $\r\none\r\n$')
  })

  it('sends a text that is not answered without waiting', async () => {
    box.answer = (question) => (question === 'quiet' ? undefined : 'yes\r\n')
    const line = await open()
    await line.tell('quiet')
    assert.equal(await line.ask('heard?'), 'yes')
    assert.deepEqual(box.questions, ['quiet', 'heard?'])
  })

  it('names box and question when no answer comes in time', async () => {
    box.answer = () => undefined
    const line = await open({ timeoutMs: 20 })
    const wanted = new RegExp(`box 127\\.0\\.0\\.1:${box.port}: no answer to "\\?POS" within 20 ms`)
    await assert.rejects(line.ask('?POS'), failure('Line_TimedOut', wanted))
  })

  it('does not take the late answer of a question for the answer of the next', async () => {
    let late: Socket | undefined
    box.answer = (question, socket) => {
      if (question !== 'slow') return `${question} ok\r\n`
      late = socket
      return undefined
    }
    const line = await open({ timeoutMs: 20 })
    const slow = line.ask('slow')
    const next = line.ask('next')
    await assert.rejects(slow, failure('Line_TimedOut', /slow/))
    late?.write('slow ok\r\n')
    assert.equal(await next, 'next ok')
    assert.equal(await line.ask('third'), 'third ok')
  })

  it('refuses to open when the box is not there', async () => {
    await box.unplug()
    await assert.rejects(open(), failure('Line_Closed', /cannot connect: .*ECONNREFUSED/))
  })

  it('fails the question under way and those that wait when the box is unplugged', async () => {
    box.answer = () => undefined
    const line = await open()
    const lost = change(line, false)
    const asked = ['one', 'two'].map((question) => line.ask(question))
    const outcomes = Promise.allSettled(asked)
    await box.unplug()
    await lost
    for (const outcome of await outcomes) {
      assert.equal(outcome.status, 'rejected')
      assert.equal(outcome.status === 'rejected' && outcome.reason.reason, 'Line_Closed')
    }
  })

  it('fails questions at once while the box is away, and comes back by itself', async () => {
    const line = await open()
    const lost = change(line, false)
    await box.unplug()
    await lost
    assert.equal(line.connected, false)
    await assert.rejects(line.ask('here?'), failure('Line_Closed', /"here\?" cannot be sent/))
    const back = change(line, true)
    await box.plug()
    await back
    assert.equal(await line.ask('here?'), 'here? ok')
  })

  it('gives a question up when its signal aborts, and keeps its turn', async () => {
    let answerLater = (): void => {}
    box.answer = (question, socket) => {
      if (question !== 'long') return `${question} ok\r\n`
      answerLater = () => void socket.write('long ok\r\n')
      return undefined
    }
    const line = await open()
    const abort = new AbortController()
    const long = line.ask('long', { signal: abort.signal })
    const next = line.ask('next')
    while (box.questions.length === 0) await new Promise((resolve) => setImmediate(resolve))
    abort.abort(new Error('enough'))
    await assert.rejects(long, /enough/)
    answerLater()
    assert.equal(await next, 'next ok')
  })

  it('drops a box whose answer does not end', async () => {
    box.answer = () => 'x'.repeat(1_100_000)
    const line = await open({ timeoutMs: 5000 })
    await assert.rejects(line.ask('?'), failure('Line_BadAnswer', /does not end/))
  })

  it('can be closed twice, and then refuses questions', async () => {
    const line = await open()
    await line.close()
    await line.close()
    await assert.rejects(line.ask('?'), failure('Line_Closed', /closed by the driver/))
  })
})
