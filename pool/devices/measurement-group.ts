// Tango class MeasurementGroup: channels that acquire together. Classic clients use Prepare and Start, our engine Prepare and Acquire.

import { measurementGroup } from '#interfaces/measurement-group'
import {
  type CallContext,
  Device,
  type DoubleStringArray,
  devFailed,
  deviceClass,
  type Serves,
  toDevFailed,
} from '#tango'
import {
  type AcquisitionPlan,
  acquire,
  planAcquisition,
  prepare,
  stopAcquisition,
  valuesPushed,
} from '../acquisition.ts'
import {
  channelsOf,
  defaultConfiguration,
  type GroupConfiguration,
  parseConfiguration,
  withPresentNames,
} from '../configuration.ts'
import type { Element } from '../elements.ts'
import { parseSynchronization, printSynchronization, type SynchGroup } from '../synchronization.ts'
import type { Pool } from './pool.ts'
import { poolOf } from './pool-of.ts'

/** Class `MeasurementGroup`. */
export class MeasurementGroup extends Device<typeof measurementGroup> implements Serves<typeof measurementGroup> {
  #configuration: GroupConfiguration | undefined
  #pool: Pool | undefined
  #plan: AcquisitionPlan | undefined
  #prepared = false
  #left = 0
  #next = 0
  /** The acquisition in progress: one point of Acquire, or all repeats of one Start. Aborted by Stop and Abort. */
  #running: AbortController | undefined
  #synchronization: SynchGroup[] = [{ delay: 0, active: 1, total: 1, repeats: 1 }]
  #nbStarts = 1
  #monitorCount = 0
  #moveable = 'None'
  #mode = 'Timer'
  #initialDomain = 'Default'

  override async init(): Promise<void> {
    this.#pool = poolOf(this)
    await this.#pool.ready()
    if (this.#configuration === undefined) this.#configuration = this.#defaultConfiguration(this.#pool)
    this.#prepared = false
    this.setState('ON')
  }

  readElementList(): string[] {
    const { elements } = this.#pool ?? poolOf(this)
    return channelsOf(withPresentNames(this.#config(), elements)).map((c) => c.name)
  }
  readConfiguration(): string {
    return JSON.stringify(withPresentNames(this.#config(), (this.#pool ?? poolOf(this)).elements))
  }
  writeConfiguration(text: string): void {
    this.#refuseWhileBusy('change the configuration')
    const configuration = parseConfiguration(text)
    const pool = this.#pool ?? poolOf(this)
    for (const channel of channelsOf(configuration)) if (channel.enabled) pool.elements.get(channel.full_name)
    this.#configuration = configuration
    this.#prepared = false
    this.push('configuration', text)
    this.push('elementList', this.readElementList())
  }
  readIntegrationTime(): number {
    return this.#integrationTime
  }
  writeIntegrationTime(seconds: number): void {
    if (!(seconds >= 0))
      throw devFailed('API_WAttrOutsideLimit', `${this.name}: integration time ${seconds} s must not be negative`)
    this.#setSynchronization([{ delay: 0, active: seconds, total: seconds, repeats: 1 }])
    this.push('integrationTime', seconds)
  }
  readSynchDescription(): string {
    return printSynchronization(this.#synchronization)
  }
  writeSynchDescription(text: string): void {
    this.#setSynchronization(parseSynchronization(text))
  }
  readNbStarts(): number {
    return this.#nbStarts
  }
  writeNbStarts(starts: number): void {
    this.#refuseWhileBusy('change NbStarts')
    if (starts < 1) throw devFailed('API_WAttrOutsideLimit', `${this.name}: NbStarts ${starts} must be 1 or more`)
    this.#nbStarts = starts
    this.#prepared = false
    this.push('nbStarts', starts)
  }
  readMonitorCount(): number {
    return this.#monitorCount
  }
  writeMonitorCount(count: number): void {
    if (count !== 0)
      throw devFailed(
        'API_NotSupported',
        `${this.name}: acquisition by monitor counts is not supported yet; use IntegrationTime`,
      )
    this.#monitorCount = count
  }
  readMoveable(): string {
    return this.#moveable
  }
  writeMoveable(name: string): void {
    this.#moveable = name
    this.push('moveable', name)
  }
  readAcquisitionMode(): string {
    return this.#mode
  }
  writeAcquisitionMode(mode: string): void {
    if (mode !== 'Timer')
      throw devFailed('API_NotSupported', `${this.name}: acquisition mode '${mode}' is not supported yet; use Timer`)
    this.#mode = mode
    this.push('acquisitionMode', mode)
  }
  readSoftwareSynchronizerInitialDomain(): string {
    return this.#initialDomain
  }
  writeSoftwareSynchronizerInitialDomain(domain: string): void {
    this.#initialDomain = domain
    this.push('softwareSynchronizerInitialDomain', domain)
  }
  readLatencyTime(): number {
    return 0
  }

  async prepare(): Promise<void> {
    this.#refuseWhileBusy('prepare')
    const pool = this.#pool ?? poolOf(this)
    const channels = channelsOf(this.#config())
      .filter((c) => c.enabled)
      .map((c): Element => pool.elements.get(c.full_name))
    if (channels.length === 0)
      throw devFailed(
        'MeasurementGroup_Configuration',
        `${this.name}: no channel is enabled; enable one in Configuration`,
      )
    this.#plan = planAcquisition(channels, pool.proxies)
    const repeats = this.#synchronization.reduce((n, g) => n + g.repeats, 0)
    await prepare(this.#plan, this.#integrationTime, this.#nbStarts * repeats)
    this.#left = this.#nbStarts
    this.#next = 0
    this.#prepared = true
    if (this.state === 'ALARM') this.setState('ON')
  }

  start(): void {
    this.#refuseWhileBusy('start')
    const plan = this.#plan
    if (!this.#prepared || plan === undefined || this.#left < 1) throw this.#notPrepared()
    this.#left -= 1
    void this.#acquireRepeats(plan) // never rejects: a failure is a state
  }

  async acquire(index: number, call: CallContext): Promise<DoubleStringArray> {
    this.#refuseWhileBusy('acquire')
    const plan = this.#plan
    if (!this.#prepared || plan === undefined) throw this.#notPrepared()
    const run = this.#begin()
    const stop = () => void stopAcquisition(plan, 'stopMany').catch(() => undefined) // the acquisition itself reports
    call.signal.addEventListener('abort', stop, { once: true })
    try {
      return await acquire(plan, index, this.#integrationTime)
    } finally {
      call.signal.removeEventListener('abort', stop)
      this.#ended(run)
    }
  }

  async stop(): Promise<void> {
    await this.#end('stopMany')
  }
  async abort(): Promise<void> {
    await this.#end('abortMany')
  }
  async release(): Promise<void> {
    try {
      await this.#end('abortMany')
    } finally {
      this.#running = undefined
      this.setState('ON')
    }
  }
  restore(): void {
    // the channels restore themselves
  }

  get #integrationTime(): number {
    return this.#synchronization[0]?.active ?? 0
  }

  #begin(): AbortController {
    const run = new AbortController()
    this.#running = run
    this.setState('MOVING')
    return run
  }

  /** @param failure of an acquisition whose caller has gone: clients of Start look at the state */
  #ended(run: AbortController, failure?: unknown): void {
    if (this.#running !== run) return // released meanwhile
    this.#running = undefined
    if (failure === undefined) this.setState('ON')
    else this.setState('ALARM', toDevFailed(failure).message)
  }

  async #acquireRepeats(plan: AcquisitionPlan): Promise<void> {
    const run = this.#begin()
    let exposure = this.#integrationTime // as prepared
    try {
      for (const group of this.#synchronization) {
        if (group.active !== exposure) await prepare(plan, group.active, group.repeats)
        exposure = group.active
        await this.#rest(group.delay * 1000, run.signal)
        const begun = this.clock.monotonic()
        for (let i = 1; i <= group.repeats && !run.signal.aborted; i++) {
          await acquire(plan, this.#next++, group.active)
          const left = begun + i * group.total * 1000 - this.clock.monotonic()
          if (i < group.repeats || group !== this.#synchronization.at(-1)) await this.#rest(left, run.signal)
        }
      }
      await valuesPushed(plan) // clients of Start take the values that came before ON
      this.#ended(run)
    } catch (error) {
      this.log.warn('acquisition failed', { error: toDevFailed(error).message })
      this.#ended(run, error)
    }
  }

  /** A pause between repeats; a stop ends it early. */
  async #rest(ms: number, signal: AbortSignal): Promise<void> {
    if (ms <= 0 || signal.aborted) return
    await this.clock.sleep(ms, signal).catch(() => undefined) // stopped
  }

  async #end(how: 'stopMany' | 'abortMany'): Promise<void> {
    this.#left = 0
    if (this.#running === undefined) return
    this.#running.abort()
    if (this.#plan !== undefined) await stopAcquisition(this.#plan, how)
  }

  #setSynchronization(groups: SynchGroup[]): void {
    this.#refuseWhileBusy('change the synchronization')
    this.#synchronization = groups
    this.#prepared = false
    this.push('synchDescription', printSynchronization(groups))
  }

  #refuseWhileBusy(what: string): void {
    if (this.#running !== undefined)
      throw devFailed('Element_InUse', `${this.name} is acquiring; stop it before you ${what}`)
  }

  #notPrepared() {
    return devFailed(
      'MeasurementGroup_NotPrepared',
      `${this.name}: Prepare is needed before each ${this.#nbStarts} starts`,
    )
  }

  #config(): GroupConfiguration {
    if (this.#configuration === undefined)
      throw devFailed('MeasurementGroup_Configuration', `${this.name}: ${this.status}`)
    return this.#configuration
  }

  #defaultConfiguration(pool: Pool): GroupConfiguration {
    const channels = this.properties.elements.map((id) => {
      const element = pool.elements.byId(Number(id))
      if (element === undefined)
        throw devFailed(
          'Element_Unknown',
          `${this.name}: no element with id ${id}; delete the group and create it again`,
        )
      return element
    })
    const { timer } = this.properties
    const label = pool.elements.find(this.name)?.name ?? this.name
    return defaultConfiguration(label, channels, pool.elements, timer === '' ? undefined : pool.elements.get(timer))
  }
}

export default deviceClass(measurementGroup, MeasurementGroup)
