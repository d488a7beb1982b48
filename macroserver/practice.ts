// Practice scans of a process that is idle after its start: a scan of two hundred points ends before its code is
// compiled, so the first real one would be three times slower. They run against a device in this process, over a
// loopback socket like real ones; no other device is called and nothing moves.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ScanPublisher } from '#data'
import { measurementGroup } from '#interfaces/measurement-group'
import { motor } from '#interfaces/motor'
import { pool } from '#interfaces/pool'
import { Device, type DoubleStringArray, deviceClass, type Serves, silentLogger, TangoProcess } from '#tango'
import { defineInterface } from '#tango/pure'
import { MacroControl } from './control.ts'
import { EnvironmentCopy } from './environment-view.ts'
import type { ElementReference } from './macro.ts'
import { Outbox } from './outbox.ts'
import { PoolClient } from './pool-client.ts'
import { line } from './scan/points.ts'
import { runScan, type ScanServices } from './scan/scan-run.ts'

/** A dozen scans are enough for the compiler, and several of them for what happens once per scan. */
const SCANS = 12
const INTERVALS = 249
/** On a busy machine practice ends before it is complete, ms. */
const LONGEST_MS = 2000

const NAME = 'practice/scan/1'

/** The members of pool, group and motor that a scan uses, in one device. */
const practiceDevice = defineInterface({
  class: 'Practice',
  attributes: {
    position: motor.attributes.position,
    integrationTime: measurementGroup.attributes.integrationTime,
    nbStarts: measurementGroup.attributes.nbStarts,
    configuration: { ...measurementGroup.attributes.configuration, writable: false, memorized: false },
  },
  commands: {
    checkTargets: pool.commands.checkTargets,
    positions: pool.commands.positions,
    moveTo: pool.commands.moveTo,
    stopElements: pool.commands.stopElements,
    prepare: measurementGroup.commands.prepare,
    acquire: measurementGroup.commands.acquire,
  },
  properties: {},
})

class Practice extends Device<typeof practiceDevice> implements Serves<typeof practiceDevice> {
  #position = 0

  readPosition(): number {
    return this.#position
  }
  writePosition(position: number): void {
    this.#position = position
  }
  readIntegrationTime(): number {
    return 0
  }
  writeIntegrationTime(): void {}
  readNbStarts(): number {
    return 1
  }
  writeNbStarts(): void {}
  readConfiguration(): string {
    const channel = { name: 'counter', full_name: NAME, label: 'counter', enabled: true, index: 0, plot_type: 1 }
    return JSON.stringify({ controllers: { practice: { channels: { [NAME]: channel } } } })
  }
  checkTargets(): void {}
  positions(): Float64Array {
    return Float64Array.of(this.#position)
  }
  moveTo({ dvalue: [target = 0] }: DoubleStringArray): DoubleStringArray {
    this.#position = target
    return { svalue: ['normal'], dvalue: Float64Array.of(target) }
  }
  stopElements(): void {}
  prepare(): void {}
  acquire(index: number): DoubleStringArray {
    const now = this.now()
    return { svalue: [''], dvalue: Float64Array.of(now, now, Math.sin(index)) }
  }
}

/**
 * Practises until it is enough or `signal` aborts; at most one point more is run then.
 * @throws what keeps it from working, such as a full disk; harmless, practice is no need
 */
export async function practise(signal: AbortSignal): Promise<void> {
  await using server = await TangoProcess.create({ host: '127.0.0.1', log: silentLogger() })
  await server.startServer({
    server: 'Practice',
    instance: '1',
    classes: [deviceClass(practiceDevice, Practice)],
    database: 'none',
    devices: [{ class: 'Practice', name: NAME }],
  })
  // a second one, because calls within one would not go over a socket
  await using client = await TangoProcess.create({ listen: false, log: silentLogger() })
  const { host, port } = server.orb.endpoint
  await scans(client, `tango://${host}:${port}/${NAME}#dbase=no`, signal)
}

async function scans(tango: TangoProcess, device: string, signal: AbortSignal): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bandoneon-practice-'))
  try {
    await using publisher = await ScanPublisher.open(folder, { door: NAME, host: 'none', reserveBytes: 4096 })
    const element = (name: string, type: string): ElementReference => {
      return { name, fullName: `${device}/${name}`, device, type, interfaces: [type], pool: device }
    }
    const [moveable, group] = [element('motor', 'Moveable'), element('group', 'MeasurementGroup')]
    const services = servicesOf(tango, publisher, folder, new PoolClient(tango, device))
    services.pool.setElements([moveable, group])
    const control = new MacroControl(() => undefined)
    const end = () => control.requestAbort()
    signal.addEventListener('abort', end, { once: true })
    const deadline = tango.clock.monotonic() + LONGEST_MS
    const scan = { moveables: [moveable], group, path: line([0], [1], INTERVALS), integrationTime: 1e-3 }
    const macro = { name: 'ascan', title: 'practice', id: 'practice', step: () => undefined }
    try {
      for (let n = 0; n < SCANS && !signal.aborted && tango.clock.monotonic() < deadline; n++)
        await runScan(scan, macro, control, services)
    } catch (error) {
      if (!signal.aborted) throw error
    } finally {
      signal.removeEventListener('abort', end)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function servicesOf(
  tango: TangoProcess,
  publisher: ScanPublisher,
  dataFolder: string,
  poolClient: PoolClient,
): ScanServices {
  let scanId = 0
  return {
    tango,
    pool: poolClient,
    publisher: async () => publisher,
    environment: new EnvironmentCopy([['JsonRecorder', true]], [NAME], () => undefined),
    recorders: [],
    dataFolder,
    door: NAME,
    user: 'practice',
    outbox: new Outbox(
      () => undefined,
      () => tango.clock.monotonic(),
    ),
    nextScanId: async () => {
      scanId += 1
      return scanId
    },
    unusedScanId: () => undefined,
  }
}
