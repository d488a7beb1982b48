// The parent's view of the program under attack: starts it with little memory, asks how it is, notices its death.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { ServerLimits } from '#tango'
import { within } from '../support/waiting.ts'
import type { Question, TargetMessage, TargetState } from './target.ts'

/** Heap of the program, MiB: what runs away meets it soon. */
const HEAP_MIB = 512
const START_MS = 20_000
const ANSWER_MS = 10_000

type Ready = Extract<TargetMessage, { kind: 'ready' }>

/** A running target. */
export class TargetProcess implements AsyncDisposable {
  readonly address: Omit<Ready, 'kind'>
  readonly #child: ChildProcess
  #stopping = false
  #why: string | undefined

  private constructor(child: ChildProcess, address: Ready) {
    this.#child = child
    this.address = address
    child.on('message', (message: TargetMessage) => {
      if (message.kind === 'died') this.#why = message.why
    })
    child.once('exit', (code, signal) => {
      if (!this.#stopping) this.#why ??= `it ended with ${signal ?? `code ${code}`}`
    })
  }

  static async start(limits: ServerLimits = {}, options: { readonly coverage?: boolean } = {}): Promise<TargetProcess> {
    const arguments_ = [JSON.stringify(limits), ...(options.coverage === true ? ['coverage'] : [])]
    const child = fork(new URL('./target.js', import.meta.url), arguments_, {
      execArgv: ['--expose-gc', '--enable-source-maps', `--max-old-space-size=${HEAP_MIB}`],
      serialization: 'advanced',
    })
    const said = await within('the target to start', nextMessage(child), START_MS)
    if (said.kind === 'ready') return new TargetProcess(child, said)
    child.kill('SIGKILL')
    throw new Error(`the target did not start: ${said.kind === 'died' ? said.why : said.kind}`)
  }

  /** Why it is dead; undefined while it lives. */
  get death(): string | undefined {
    return this.#why
  }

  /** Memory and handles; garbage is collected before. */
  async measure(): Promise<TargetState> {
    const answer = await this.#ask({ kind: 'measure' })
    if (answer.kind !== 'measured') throw new Error(`unreachable: the target answered ${answer.kind}`)
    return answer
  }

  /** What the attacked device noted. */
  async calls(): Promise<readonly string[]> {
    const answer = await this.#ask({ kind: 'calls' })
    if (answer.kind !== 'called') throw new Error(`unreachable: the target answered ${answer.kind}`)
    return answer.calls
  }

  /** Number of places in the code that were reached first since the last question. */
  async newlyReached(): Promise<{ readonly fresh: number; readonly reached: number; readonly all: number }> {
    const answer = await this.#ask({ kind: 'coverage' })
    if (answer.kind !== 'covered') throw new Error(`unreachable: the target answered ${answer.kind}`)
    return answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    if (child.connected) child.send({ kind: 'stop' } satisfies Question)
    try {
      await within('the target to stop', gone, ANSWER_MS)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }

  async #ask(question: Question): Promise<TargetMessage> {
    if (this.#why !== undefined) throw new Error(`the target is dead: ${this.#why}`)
    const answer = nextMessage(this.#child)
    this.#child.send(question)
    const said = await within(`the target's answer to ${question.kind}`, answer, ANSWER_MS)
    if (said.kind === 'died') throw new Error(`the target is dead: ${said.why}`)
    return said
  }
}

function nextMessage(child: ChildProcess): Promise<TargetMessage> {
  return new Promise((resolve) => {
    const done = (message: TargetMessage): void => {
      child.off('message', done)
      child.off('exit', ended)
      resolve(message)
    }
    const ended = (code: number | null, signal: string | null): void => {
      done({ kind: 'died', why: `it ended with ${signal ?? `code ${code}`}` })
    }
    child.on('message', done)
    child.once('exit', ended)
  })
}
