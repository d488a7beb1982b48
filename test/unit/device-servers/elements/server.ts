// A server with controllers, axes and a host, without a database, and proxies to its devices.

import { fileURLToPath } from 'node:url'
import {
  type DeviceDeclaration,
  type DeviceProxy,
  type DeviceServer,
  type DeviceSpec,
  silentLogger,
  type TangoEvent,
  TangoProcess,
} from '#tango'
import controller from '../../../../device-servers/elements/controller.ts'
import controllerHost from '../../../../device-servers/elements/controller-host.ts'
import ctExpChannel from '../../../../device-servers/elements/ct-exp-channel.ts'
import motor from '../../../../device-servers/elements/motor.ts'

/** Folder of the drivers for tests. */
export const DRIVERS = fileURLToPath(new URL('./drivers/', import.meta.url))

/** A controller with `count` axes. */
export function controllerWithAxes(
  name: string,
  type: 'Motor' | 'CTExpChannel',
  klass: string,
  count: number,
  properties: Readonly<Record<string, readonly string[]>> = {},
): DeviceDeclaration[] {
  const device = `controller/${klass}/${name}`
  const domain = type === 'Motor' ? 'motor' : 'expchan'
  return [
    {
      class: 'Controller',
      name: device,
      alias: name,
      properties: { Type: [type], Klass: [klass], PluginPath: [DRIVERS], ...properties },
    },
    ...Array.from({ length: count }, (_, index) => ({
      class: type,
      name: `${domain}/${name}/${index + 1}`,
      alias: `${name}${index + 1}`,
      properties: { Axis: [String(index + 1)], Controller: [device] },
    })),
  ]
}

/** A running server; close it. */
export class ElementServer {
  readonly process: TangoProcess
  readonly server: DeviceServer

  private constructor(process: TangoProcess, server: DeviceServer) {
    this.process = process
    this.server = server
  }

  static async start(devices: readonly DeviceDeclaration[]): Promise<ElementServer> {
    const process = await TangoProcess.create({ log: silentLogger() })
    const server = await process.startServer({
      server: 'Controllers',
      instance: 'test',
      classes: [controller, controllerHost, ctExpChannel, motor],
      database: 'none',
      devices: [{ class: 'ControllerHost', name: 'controllerhost/test/1' }, ...devices],
    })
    return new ElementServer(process, server)
  }

  proxy<S extends DeviceSpec>(name: string, spec: S): DeviceProxy<S> {
    const { host, port } = this.process.orb.endpoint
    return this.process.proxy(`tango://${host}:${port}/${name}#dbase=no`, spec)
  }

  untyped(name: string): DeviceProxy<DeviceSpec> {
    const { host, port } = this.process.orb.endpoint
    return this.process.proxy(`tango://${host}:${port}/${name}#dbase=no`)
  }

  /** A process of its own as far as connections go; close it. */
  client(): Promise<TangoProcess> {
    return TangoProcess.create({ listen: false, log: silentLogger() })
  }

  close(): Promise<void> {
    return this.process.close()
  }
}

/** Notes events as texts, and waits for one of them. */
export class EventLog {
  readonly lines: string[] = []
  #waiting: (() => void)[] = []

  readonly note = (event: TangoEvent): void => {
    const { reading, error } = event
    const text = error === undefined ? `${String(reading?.value)} ${reading?.quality ?? ''}` : (error.reason ?? 'error')
    this.lines.push(`${event.attribute.toLowerCase()} ${text}`.trim())
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** Resolves when a line matches, from `first` on. */
  async until(pattern: RegExp, first = 0, timeoutMs = 4000): Promise<void> {
    const end = performance.now() + timeoutMs
    while (!this.lines.slice(first).some((line) => pattern.test(line))) {
      const left = end - performance.now()
      if (left <= 0) throw new Error(`no event ${pattern} in ${JSON.stringify(this.lines.slice(first))}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }
}
