// Sends cases to a server and watches what becomes of each connection: it must end soon after its last octet, and every
// answer on the way must be a correct message.

import net from 'node:net'
import type { GiopHandler } from '../../tango/orb/giop-connection.ts'
import { GiopConnection } from '../../tango/orb/giop-connection.ts'
import type { CdrReader } from '../../tango/wire/cdr.ts'
import { COMPLETED, REPLY, readSystemException } from '../../tango/wire/giop.ts'
import { EXCEPTION_IDS } from '../../tango/wire/operations.ts'
import { devErrorList, namedDevErrorList } from '../../tango/wire/tango-basic.ts'
import type { Case } from './cases.ts'

/** Where the server is. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly unixPath: string
}

/** What came of a case. */
export interface Outcome {
  /** What is wrong; undefined when the server behaved. */
  readonly problem: string | undefined
  readonly replies: number
}

/** Wait for the end of a connection. */
const DEADLINE_MS = 5000

/** Opens a socket; `allowHalfOpen`, so that answers still come after its end. */
export function open(address: Address, local: boolean): net.Socket {
  const where =
    local && address.unixPath !== '' ? { path: address.unixPath } : { host: address.host, port: address.port }
  const socket = net.connect({ ...where, allowHalfOpen: true })
  // resets are to be expected
  socket.on('error', () => undefined)
  return socket
}

/** Sends a case and waits until the server has closed. */
export function run(address: Address, { chunks, local }: Case): Promise<Outcome> {
  return new Promise((resolve) => {
    const socket = open(address, local)
    const answers = new AnswerChecker()
    const finish = (problem: string | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ problem: problem ?? answers.problem, replies: answers.count })
    }
    const timer = setTimeout(() => finish(`not closed ${DEADLINE_MS} ms after the end of the case`), DEADLINE_MS)
    socket.on('data', (chunk) => answers.take(chunk))
    socket.once('end', () => finish(undefined))
    socket.once('close', () => finish(undefined))
    socket.once('connect', () => void sendAll(socket, chunks))
  })
}

async function sendAll(socket: net.Socket, chunks: readonly Uint8Array[]): Promise<void> {
  for (const chunk of chunks) {
    if (socket.destroyed) return
    socket.write(chunk)
    if (chunks.length > 1) await new Promise((resolve) => setImmediate(resolve))
  }
  socket.end()
}

/** Reads what a server sends and says what is wrong with it. */
class AnswerChecker implements GiopHandler {
  count = 0
  problem: string | undefined
  readonly #giop = new GiopConnection(this)

  take(chunk: Uint8Array): void {
    this.#giop.receive(chunk)
  }

  onReply(reply: { readonly status: number }, body: CdrReader): void {
    this.count += 1
    if (reply.status === REPLY.noException) return
    if (reply.status === REPLY.systemException) {
      const { name, completed } = readSystemException(body)
      if (!/^[A-Z_]+$/.test(name) || !COMPLETED.includes(completed)) this.problem = `system exception ${name}`
    } else if (reply.status === REPLY.userException) {
      const id = body.string()
      if (id === EXCEPTION_IDS.DevFailed) devErrorList.decode(body)
      else if (id === EXCEPTION_IDS.MultiDevFailed) namedDevErrorList.decode(body)
      else this.problem = `user exception ${id}`
      if (body.remaining > 7) this.problem = `${body.remaining} octets behind an exception`
    } else this.problem = `reply status ${reply.status}`
  }

  onLocateReply(): void {
    this.count += 1
  }

  onCloseConnection(): void {
    // allowed at any time
  }

  onError(error: Error): void {
    if (!/peer reports a message error/.test(error.message)) this.problem = `a wrong answer: ${error.message}`
  }
}
