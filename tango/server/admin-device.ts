// The admin device `dserver/<exec>/<inst>` of a server: what Jive, Astor, event subscribers and lockers talk to.

import { type DevError, DevFailed } from '../errors/dev-failed.ts'
import { LOG_LEVELS, type LogLevel } from '../log.ts'
import type { LongStringArray } from '../types/dev-types.ts'
import type { CallContext, DeviceSpec, Serves } from '../types/device-spec.ts'
import { tangoName } from '../types/device-spec.ts'
import { adminInterface } from './admin-interface.ts'
import { Device, type DeviceClass, deviceClass } from './device.ts'
import { DEFAULT_VALIDITY_S } from './device-lock.ts'
import { confirm, type SubscriptionHost, subscribe, TANGO_RELEASE } from './event-subscription.ts'
import type { HostedDevice } from './hosted-device.ts'
import type { LoggingTargets } from './logging-targets.ts'
import { pollStatus } from './poll-status.ts'
import type { PolledKind, PolledObject } from './polling.ts'
import { defaultText } from './properties.ts'
import { clientOf } from './served-call.ts'

/** What the admin device needs from its server. */
export interface AdminHost extends SubscriptionHost {
  readonly adminName: string
  readonly targets: LoggingTargets
  /** Whether polling runs; devices that are made later follow it. */
  readonly polling: { on: boolean }
  /** All devices but the admin device. */
  hostedDevices(): readonly HostedDevice[]
  /** Specs of the classes that have devices here. */
  specs(): readonly DeviceSpec[]
  /** Whether the database has such a device of this server. */
  isDefined(name: string): Promise<boolean>
  /** Also makes a device that was defined since the start, and ends one that was removed. */
  restartDevice(name: string): Promise<void>
  /** After the reply has gone out. */
  restartSoon(): void
  stopSoon(): void
}

type AdminInterface = typeof adminInterface

/** The admin class of one server. */
export function adminClass(host: AdminHost): DeviceClass<AdminInterface> {
  class AdminDevice extends Device<AdminInterface> implements Serves<AdminInterface> {
    readonly #levels = new Map<HostedDevice, LogLevel>()

    override statusRead(): string {
      return `The device is ON\nThe polling is ${host.polling.on ? 'ON' : 'OFF'}`
    }

    // devices and classes

    queryClass(): string[] {
      return host.specs().map((spec) => spec.class)
    }

    queryDevice(): string[] {
      return host.hostedDevices().map((device) => `${device.className}::${device.name}`)
    }

    querySubDevice(): string[] {
      return host.hostedDevices().flatMap((device) => [...device.subDevices].map((sub) => `${device.name} ${sub}`))
    }

    queryWizardClassProperty(className: string): string[] {
      spec(className, 'DServer::query_class_prop')
      return []
    }

    queryWizardDevProperty(className: string): string[] {
      const { properties, naming } = spec(className, 'DServer::query_dev_prop')
      return Object.entries(properties).flatMap(([key, property]) => {
        return [tangoName(key, property, naming), property.doc ?? '', defaultText(property)]
      })
    }

    async devRestart(name: string): Promise<void> {
      const admin = name.toLowerCase() === host.adminName.toLowerCase()
      if (admin || (host.hosted(name) === undefined && !(await host.isDefined(name))))
        throw failure('API_DeviceNotFound', `Device ${name} not found`, 'Dserver::restart()')
      await host.restartDevice(name)
    }

    restartServer(): void {
      host.restartSoon()
    }

    kill(): void {
      host.stopSoon()
    }

    // polling

    async addObjPolling({ lvalue, svalue }: LongStringArray): Promise<void> {
      const { device, kind, name } = polled(svalue, 'DServer::add_obj_polling')
      device.polling.add(kind, name, lvalue[0] ?? 0)
      await storePolling(device, kind)
    }

    async updObjPollingPeriod({ lvalue, svalue }: LongStringArray): Promise<void> {
      const { device, kind, name } = polled(svalue, 'DServer::upd_obj_polling_period')
      device.polling.update(kind, name, lvalue[0] ?? 0)
      await storePolling(device, kind)
    }

    async remObjPolling(args: readonly string[]): Promise<void> {
      const { device, kind, name } = polled(args, 'DServer::rem_obj_polling')
      device.polling.end(kind, name)
      await storePolling(device, kind)
    }

    startPolling(): void {
      host.polling.on = true
      for (const device of host.hostedDevices()) device.polling.resume()
    }

    stopPolling(): void {
      host.polling.on = false
      for (const device of host.hostedDevices()) device.polling.suspend()
    }

    polledDevice(): string[] {
      const devices = host.hostedDevices().filter((device) => device.polling.objects().length > 0)
      return devices.map((device) => device.name)
    }

    devPollStatus(name: string): string[] {
      const device = get(name)
      return listed(device.polling.objects()).map((object) => pollStatus(object, device.monotonic()))
    }

    // events

    zmqEventSubscriptionChange(args: readonly string[], call: CallContext): Promise<LongStringArray> {
      return subscribe(host, get(host.adminName, 'DServer'), args, clientOf(call))
    }

    eventConfirmSubscription(args: readonly string[]): void {
      confirm(host, get(host.adminName, 'DServer'), args)
    }

    eventSubscriptionChange(args: readonly string[]): number {
      if (args.length < 4) {
        const desc = 'Not enough input arguments, needs 4 i.e. device name, attribute name, action, event name'
        throw failure('API_WrongNumberOfArgs', desc, 'DServer::event_subscription_change')
      }
      return TANGO_RELEASE
    }

    // locks

    async lockDevice({ lvalue, svalue }: LongStringArray, call: CallContext): Promise<void> {
      const device = lockable(svalue[0] ?? '', 'DServer::lock_device')
      const validityS = lvalue[0] ?? DEFAULT_VALIDITY_S
      device.lock.lock(clientOf(call), validityS)
      try {
        await device.forwarded.lockRoots(validityS)
      } catch (error) {
        device.lock.unlock(clientOf(call), false)
        throw error
      }
    }

    async reLockDevices(names: readonly string[], call: CallContext): Promise<void> {
      const devices = names.map((name) => lockable(name, 'DServer::re_lock_devices'))
      for (const device of devices) device.lock.relock(clientOf(call))
      for (const device of devices) await device.forwarded.renewRoots()
    }

    async unLockDevice({ lvalue, svalue }: LongStringArray, call: CallContext): Promise<number> {
      const force = lvalue[0] === 1
      let left = 0
      for (const name of svalue) {
        const device = lockable(name, 'DServer::un_lock_device')
        const held = device.lock.holder !== undefined
        left = device.lock.unlock(clientOf(call), force)
        // without a lock here, one of a root belongs to somebody else
        if (held) await device.forwarded.unlockRoots(force)
      }
      return left
    }

    devLockStatus(name: string): LongStringArray {
      return get(name).lock.status()
    }

    // logging

    async addLoggingTarget(args: readonly string[]): Promise<void> {
      for (const [device, target] of pairs(args, 'Logging::add_logging_target')) await host.targets.add(device, target)
    }

    removeLoggingTarget(args: readonly string[]): void {
      for (const [device, target] of pairs(args, 'Logging::remove_logging_target')) host.targets.remove(device, target)
    }

    getLoggingTarget(name: string): string[] {
      return host.targets.list(get(name, 'Logging::get_logging_target'))
    }

    setLoggingLevel({ lvalue, svalue }: LongStringArray): void {
      const origin = 'Logging::set_logging_level'
      if (lvalue.length !== svalue.length) {
        throw failure(
          'API_IncompatibleCmdArgumentType',
          'Incompatible command argument type, long and string arrays must have the same length',
          origin,
        )
      }
      svalue.forEach((pattern, i) => {
        const level = LOG_LEVELS[lvalue[i] ?? -1]
        if (level === undefined)
          throw failure(
            'API_MethodArgument',
            `Invalid argument for command, logging level ${lvalue[i]} out of range`,
            origin,
          )
        for (const device of loggers(pattern)) device.log.level = level
      })
    }

    getLoggingLevel(names: readonly string[]): LongStringArray {
      const devices = names.flatMap(loggers)
      return {
        lvalue: Int32Array.from(devices, (device) => LOG_LEVELS.indexOf(device.log.level)),
        svalue: devices.map((device) => device.name),
      }
    }

    stopLogging(): void {
      for (const device of matching('*', '')) {
        if (device.log.level === 'OFF') continue
        this.#levels.set(device, device.log.level)
        device.log.level = 'OFF'
      }
    }

    startLogging(): void {
      for (const [device, level] of this.#levels) device.log.level = level
      this.#levels.clear()
    }
  }

  /** @param origin where the look-up is a step of a larger work, a second error says so */
  function get(name: string, origin?: string): HostedDevice {
    const device = host.hosted(name)
    if (device !== undefined) return device
    const desc = `Device ${name} not found`
    const errors = [error('API_DeviceNotFound', desc, 'Util::get_device_by_name()')]
    if (origin !== undefined) errors.push(error('API_DeviceNotFound', desc, origin))
    throw new DevFailed(errors)
  }

  /** Devices of a pattern; none is no error where levels of logging are concerned. */
  function loggers(pattern: string): readonly HostedDevice[] {
    return pattern.includes('*') || host.hosted(pattern) !== undefined ? matching(pattern, '') : []
  }

  function lockable(name: string, origin: string): HostedDevice {
    const device = get(name, origin)
    if (device.lowerName === host.adminName.toLowerCase()) {
      throw failure('API_DeviceUnlockable', 'Impossible to lock device server administration device', origin)
    }
    return device
  }

  /** Devices by name or pattern with `*`, the admin device last. */
  function matching(pattern: string, origin: string): readonly HostedDevice[] {
    if (!pattern.includes('*')) return [get(pattern, origin)]
    const parts = pattern.toLowerCase().split('*')
    const escaped = parts.map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    const expression = new RegExp(`^${escaped.join('.*')}$`)
    const all = [...host.hostedDevices(), get(host.adminName, origin)]
    return all.filter((device) => expression.test(device.lowerName))
  }

  function spec(className: string, origin: string): DeviceSpec {
    const found = host.specs().find((candidate) => candidate.class.toLowerCase() === className.toLowerCase())
    if (found !== undefined) return found
    throw failure('API_ClassNotFound', `Class ${className} not found in device server`, origin)
  }

  function polled(args: readonly string[], origin: string): { device: HostedDevice; kind: PolledKind; name: string } {
    const [deviceName, type = '', name] = args
    if (deviceName === undefined || name === undefined) {
      throw failure('API_WrongNumberOfArgs', 'Incorrect number of inout arguments', origin)
    }
    const kind = (['attribute', 'command'] as const).find((candidate) => candidate === type.toLowerCase())
    if (kind === undefined) throw failure('API_NotSupported', `Object type ${type} not supported`, origin)
    return { device: get(deviceName, origin), kind, name }
  }

  function pairs(args: readonly string[], origin: string): [HostedDevice, string][] {
    if (args.length === 0 || args.length % 2 !== 0) {
      throw failure(
        'API_MethodArgument',
        'Incorrect number of inout arguments: pairs of device and target are needed',
        origin,
      )
    }
    const found: [HostedDevice, string][] = []
    for (let i = 0; i < args.length; i += 2) {
      for (const device of matching(args[i] ?? '', origin)) found.push([device, args[i + 1] ?? ''])
    }
    return found
  }

  return deviceClass(adminInterface, AdminDevice)
}

/** State and Status are polled as attributes; old clients look for them among the commands. */
function listed(objects: readonly PolledObject[]): readonly PolledObject[] {
  const both = objects.filter(({ kind, name }) => kind === 'attribute' && /^(state|status)$/i.test(name))
  const asCommands = both.map((object): PolledObject => ({ ...object, kind: 'command' }))
  return [
    ...objects.filter(({ kind }) => kind === 'command'),
    ...asCommands,
    ...objects.filter(({ kind }) => kind === 'attribute'),
  ]
}

async function storePolling(device: HostedDevice, kind: PolledKind): Promise<void> {
  await device.store.changeDevice(device.name, device.polling.stored(kind))
}

function error(reason: string, desc: string, origin: string): DevError {
  return { reason, severity: 'ERR', desc, origin }
}

function failure(reason: string, desc: string, origin: string): DevFailed {
  return new DevFailed([error(reason, desc, origin)])
}
