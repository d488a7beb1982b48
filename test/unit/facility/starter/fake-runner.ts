// A server that is no process, for tests of the supervision: it notes its orders and does at once what it is told.

import type { LauncherLog } from '../../../../facility/launcher-log.ts'
import type { ServerRunner } from '../../../../facility/starter/server-runner.ts'

const nothing = (): void => undefined

/** A log that nobody reads. */
export const quietLog: LauncherLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** Notes orders as `start operator`, `stop`, `kill`. */
export class FakeRunner implements ServerRunner {
  readonly kind: 'own' | 'native'
  readonly logFile = '/log/fake.log'
  readonly orders: string[] = []
  pid: number | undefined
  phase: 'down' | 'starting' | 'up' = 'down'
  crashed: boolean | undefined
  instances = 0
  startedHere = false
  startsAfter: Promise<void> = Promise.resolve()
  endsAfter: Promise<void> = Promise.resolve()
  /** Called at each start. */
  onStart: () => void = nothing
  /** Called when it is told to stop. */
  onStop: () => void = nothing

  constructor(kind: 'own' | 'native') {
    this.kind = kind
  }

  begin(): void {
    this.phase = 'up'
    this.instances = 1
    this.pid = 7
    this.crashed = undefined
  }

  end(crashed: boolean | undefined): void {
    this.phase = 'down'
    this.instances = 0
    this.pid = undefined
    this.crashed = crashed
  }

  async start(order: 'operator' | 'restart'): Promise<void> {
    this.orders.push(`start ${order}`)
    await this.startsAfter
    this.begin()
    this.startedHere = true
    this.onStart()
  }

  async stop(): Promise<void> {
    this.orders.push('stop')
    this.onStop()
    await this.endsAfter
    this.end(false)
  }

  kill(): void {
    this.orders.push('kill')
    this.end(true)
  }
}
