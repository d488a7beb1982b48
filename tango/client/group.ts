// Several devices called together: each call goes to all members at once and gives one reply per member, in order.

import { type DevFailed, devFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { AttributeReading } from '../types/reading.ts'
import type { ClientHost } from './client-host.ts'
import { parseDeviceName } from './device-name.ts'
import { DeviceProxy } from './device-proxy.ts'

/** What one member of a group answered; members that are disabled are not called. */
export type GroupReply<Value = unknown> =
  | { readonly device: string; readonly name: string; readonly status: 'ok'; readonly value: Value }
  | { readonly device: string; readonly name: string; readonly status: 'failed'; readonly error: DevFailed }
  | { readonly device: string; readonly name: string; readonly status: 'disabled' }

/** Options of a call to a group. */
export interface GroupOptions {
  /** Whether the groups inside are called as well; they are unless this is `false`. */
  readonly forward?: boolean
  /** How long each member has; the member's own time-out when absent. */
  readonly timeoutMs?: number
}

/** A device in a group. */
class Member {
  readonly proxy: DeviceProxy
  enabled = true

  constructor(proxy: DeviceProxy) {
    this.proxy = proxy
  }
}

/**
 * Devices and groups of devices. Made by `TangoProcess.group`. Every call is asynchronous: it is sent at once, and the
 * promise can be awaited later.
 */
export class Group {
  readonly name: string
  readonly #host: ClientHost
  readonly #children: (Member | Group)[] = []
  #parent: Group | undefined
  #enabled = true

  /** For `TangoProcess.group`. */
  constructor(host: ClientHost, name: string) {
    this.name = name
    this.#host = host
  }

  /** The group that this one is in. */
  get parent(): Group | undefined {
    return this.#parent
  }

  /** Name with those of the groups around, `outer.inner`. */
  get fullName(): string {
    return this.#parent === undefined ? this.name : `${this.#parent.fullName}.${this.name}`
  }

  /**
   * Adds devices: names in any form, or patterns with `*`, which stand for the devices that are running now. A device
   * that is in the group already is not added twice.
   * @returns names of the devices that were added
   */
  async add(
    patterns: string | readonly string[],
    options: { readonly timeoutMs?: number } = {},
  ): Promise<readonly string[]> {
    const list = typeof patterns === 'string' ? [patterns] : patterns
    const names = (await Promise.all(list.map((pattern) => this.#expand(pattern)))).flat()
    const added: string[] = []
    for (const name of names) {
      if (this.#member(name) !== undefined) continue
      const proxy = new DeviceProxy(this.#host, name)
      if (options.timeoutMs !== undefined) proxy.timeoutMs = options.timeoutMs
      this.#children.push(new Member(proxy))
      added.push(name)
    }
    return added
  }

  /**
   * Puts a group into this one.
   * @throws DevFailed `API_MethodArgument` when it is this group, one around it, in another group or of a name in use
   */
  addGroup(group: Group): void {
    const around = (other: Group | undefined): boolean =>
      other !== undefined && (other === group || around(other.#parent))
    if (around(this)) throw devFailed('API_MethodArgument', `the group ${group.name} cannot be inside itself`)
    if (group.#parent !== undefined) {
      throw devFailed('API_MethodArgument', `the group ${group.name} is in ${group.#parent.fullName} already`)
    }
    if (this.#subgroups().some((other) => other.name === group.name)) {
      throw devFailed('API_MethodArgument', `${this.fullName} has a group ${group.name} already`)
    }
    group.#parent = this
    this.#children.push(group)
  }

  /**
   * Removes devices by name or pattern, and groups by name.
   * @returns how many were removed
   */
  remove(patterns: string | readonly string[], options: Pick<GroupOptions, 'forward'> = {}): number {
    const list = typeof patterns === 'string' ? [patterns] : patterns
    let removed = 0
    for (let i = this.#children.length - 1; i >= 0; i -= 1) {
      const child = this.#children[i]
      if (child instanceof Group) {
        if (list.some((pattern) => matches(pattern, child.name))) {
          this.#children.splice(i, 1)
          child.#parent = undefined
          removed += 1
        } else if (options.forward !== false) removed += child.remove(list)
      } else if (child !== undefined && list.some((pattern) => matches(pattern, child.proxy.name))) {
        this.#children.splice(i, 1)
        removed += 1
      }
    }
    return removed
  }

  /** Removes everything. */
  clear(): void {
    for (const group of this.#subgroups()) group.#parent = undefined
    this.#children.length = 0
  }

  /** Names of the devices, in the order of replies. */
  devices(options: Pick<GroupOptions, 'forward'> = {}): string[] {
    return this.#members(options.forward).map(({ member }) => member.proxy.name)
  }

  /** Number of devices. */
  size(options: Pick<GroupOptions, 'forward'> = {}): number {
    return this.#members(options.forward).length
  }

  /** Whether a device matches, or a group inside has this name. */
  contains(pattern: string, options: Pick<GroupOptions, 'forward'> = {}): boolean {
    return (
      this.#members(options.forward).some(({ member }) => matches(pattern, member.proxy.name)) ||
      this.#subgroups().some((group) => matches(pattern, group.name) || group.contains(pattern, options))
    )
  }

  /** The group of this name, itself or inside; `outer.inner` leads through several. */
  group(name: string): Group | undefined {
    if (name === this.name) return this
    const [first, ...rest] = name.split('.')
    if (first === this.name && rest.length > 0) return this.group(rest.join('.'))
    for (const group of this.#subgroups()) {
      const found = group.group(name)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** The proxy of a member, by name or by its place in the replies from 0. */
  proxy(member: string | number): DeviceProxy | undefined {
    const all = this.#members(true)
    const found =
      typeof member === 'number'
        ? all[member]
        : all.find(({ member: { proxy } }) => proxy.name.toLowerCase() === member.toLowerCase())
    return found?.member.proxy
  }

  /** Calls members (again). Without names: this group. */
  enable(patterns?: string | readonly string[]): void {
    this.#switch(patterns, true)
  }

  /** Leaves members out of all calls. Without names: this group. */
  disable(patterns?: string | readonly string[]): void {
    this.#switch(patterns, false)
  }

  /** Whether a device, or this group when absent, is called. */
  isEnabled(device?: string): boolean {
    if (device === undefined) return this.#enabled
    return this.#members(true).some(
      ({ member, enabled }) => enabled && member.proxy.name.toLowerCase() === device.toLowerCase(),
    )
  }

  /** Sets the time-out of all members. */
  setTimeoutMs(timeoutMs: number, options: Pick<GroupOptions, 'forward'> = {}): void {
    for (const { member } of this.#members(options.forward)) member.proxy.timeoutMs = timeoutMs
  }

  /** Whether all members answer. */
  async ping(options: Pick<GroupOptions, 'forward'> = {}): Promise<boolean> {
    const replies = await this.#each('ping', options, ({ proxy }) => proxy.ping())
    return replies.every(({ status }) => status !== 'failed')
  }

  /** Executes a command with the same argument everywhere. */
  command(name: string, argument?: unknown, options: GroupOptions = {}): Promise<GroupReply[]> {
    return this.#each(name, options, ({ proxy }) => proxy.command(name, argument, callOptions(options)))
  }

  /**
   * Executes a command with an argument for each device, in the order of `devices()`.
   * @throws DevFailed `API_MethodArgument` when their numbers differ
   */
  async commandEach(name: string, args: readonly unknown[], options: GroupOptions = {}): Promise<GroupReply[]> {
    this.#needOneEach(args, options)
    return this.#each(name, options, ({ proxy }, i) => proxy.command(name, args[i], callOptions(options)))
  }

  /** Reads an attribute of all devices. */
  read(attribute: string, options: GroupOptions = {}): Promise<GroupReply<AttributeReading>[]> {
    return this.#each(attribute, options, ({ proxy }) => timed(proxy, options).read(attribute))
  }

  /** Reads several attributes of all devices: all replies of the first device, then of the next. */
  async readMany(attributes: readonly string[], options: GroupOptions = {}): Promise<GroupReply<AttributeReading>[]> {
    const replies = await this.#each('', options, ({ proxy }) => timed(proxy, options).readMany(attributes))
    return replies.flatMap((reply) =>
      attributes.map((name, i): GroupReply<AttributeReading> => {
        const { device } = reply
        if (reply.status !== 'ok') return { ...reply, name }
        const value = reply.value[i]
        if (value === undefined) {
          const error = devFailed('API_AttrValueNotSet', `${device}/${name} was not answered`)
          return { device, name, status: 'failed', error }
        }
        return value instanceof Error
          ? { device, name, status: 'failed', error: value }
          : { device, name, status: 'ok', value }
      }),
    )
  }

  /** Writes the same value to an attribute of all devices. */
  write(attribute: string, value: unknown, options: GroupOptions = {}): Promise<GroupReply<undefined>[]> {
    return this.#each(attribute, options, async ({ proxy }) => {
      await timed(proxy, options).write(attribute, value)
      return undefined
    })
  }

  /**
   * Writes a value for each device, in the order of `devices()`.
   * @throws DevFailed `API_MethodArgument` when their numbers differ
   */
  async writeEach(
    attribute: string,
    values: readonly unknown[],
    options: GroupOptions = {},
  ): Promise<GroupReply<undefined>[]> {
    this.#needOneEach(values, options)
    return this.#each(attribute, options, async ({ proxy }, i) => {
      await timed(proxy, options).write(attribute, values[i])
      return undefined
    })
  }

  #each<Value>(
    name: string,
    options: Pick<GroupOptions, 'forward'>,
    call: (member: Member, index: number) => Promise<Value>,
  ): Promise<GroupReply<Value>[]> {
    return Promise.all(
      this.#members(options.forward).map(async ({ member, enabled }, i): Promise<GroupReply<Value>> => {
        const device = member.proxy.name
        if (!enabled) return { device, name, status: 'disabled' }
        try {
          return { device, name, status: 'ok', value: await call(member, i) }
        } catch (error) {
          return { device, name, status: 'failed', error: toDevFailed(error) }
        }
      }),
    )
  }

  /** Devices with those of the groups inside, depth first, and whether they are called. */
  #members(forward = true, enabled = true): { readonly member: Member; readonly enabled: boolean }[] {
    const on = enabled && this.#enabled
    return this.#children.flatMap((child) =>
      child instanceof Group
        ? forward
          ? child.#members(true, on)
          : []
        : [{ member: child, enabled: on && child.enabled }],
    )
  }

  #member(name: string): Member | undefined {
    return this.#children.find(
      (child): child is Member => child instanceof Member && child.proxy.name.toLowerCase() === name.toLowerCase(),
    )
  }

  #subgroups(): Group[] {
    return this.#children.filter((child) => child instanceof Group)
  }

  #switch(patterns: string | readonly string[] | undefined, enabled: boolean): void {
    if (patterns === undefined) {
      this.#enabled = enabled
      return
    }
    const list = typeof patterns === 'string' ? [patterns] : patterns
    for (const child of this.#children) {
      if (child instanceof Group) {
        if (list.some((pattern) => matches(pattern, child.name))) child.#enabled = enabled
        child.#switch(list, enabled)
      } else if (list.some((pattern) => matches(pattern, child.proxy.name))) child.enabled = enabled
    }
  }

  #needOneEach(items: readonly unknown[], options: GroupOptions): void {
    const size = this.size(options)
    if (items.length === size) return
    throw devFailed('API_MethodArgument', `${items.length} values for the ${size} devices of ${this.fullName}`)
  }

  async #expand(pattern: string): Promise<readonly string[]> {
    if (!pattern.includes('*')) {
      // a wrong name is told now, a device that is not there by the calls
      parseDeviceName(pattern, this.#host.tangoHost)
      return [pattern]
    }
    const [, prefix = '', tangoHost, path = pattern] = /^(tango:\/\/([^/]+)\/)(.*)$/i.exec(pattern) ?? []
    const names = await this.#host.connections.database(tangoHost).exportedDevices(path)
    return names.map((name) => prefix + name)
  }
}

/** Whether a name fits a pattern with `*`, in any case. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'i').test(name)
}

function callOptions({ timeoutMs }: GroupOptions): { readonly timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs }
}

/** The proxy with another time-out for one call. */
function timed(proxy: DeviceProxy, { timeoutMs }: GroupOptions): DeviceProxy {
  return timeoutMs === undefined ? proxy : proxy.withTimeout(timeoutMs)
}
