// The names of a beamline: each is defined once, and what refers to one must find it.

import { didYouMean } from './suggest.ts'
import { type Findings, type Mark, otherPlace, type Tree } from './tree.ts'

/** What a name stands for. Aliases cover axes and groups. */
export type NameKind = 'simulator' | 'alias' | 'device' | 'controller'

/** Registry of names with their places. Names compare without regard to case, as in Tango. */
export class Names {
  readonly #findings: Findings
  readonly #defined = new Map<string, Mark>()
  readonly #servers = new Map<string, { readonly name: string; readonly at: Mark; used: boolean }>()
  readonly #elements = new Map<string, 'motor' | 'counter'>()
  readonly #simulators = new Map<string, Tree>()
  readonly #devices = new Map<string, string>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Servers in the order of the file. */
  get servers(): readonly string[] {
    return [...this.#servers.values()].map(({ name }) => name)
  }

  defineServer(name: string, at: Mark): void {
    const known = this.#servers.get(name.toLowerCase())
    if (known === undefined) this.#servers.set(name.toLowerCase(), { name, at, used: false })
    else this.#findings.add(at, `server ${name} is already named in ${otherPlace(known.at, at)}`)
  }

  define(kind: NameKind, name: string, at: Mark, tree?: Tree): void {
    const key = `${kind} ${name.toLowerCase()}`
    const known = this.#defined.get(key)
    if (known === undefined) this.#defined.set(key, at)
    else
      this.#findings.add(at, `${kind === 'alias' ? 'name' : kind} ${name} is already taken in ${otherPlace(known, at)}`)
    if (kind === 'simulator' && tree !== undefined) this.#simulators.set(name, tree)
  }

  /** Defines a motor or channel, under its alias. */
  defineElement(type: 'motor' | 'counter', name: string, at: Mark): void {
    this.define('alias', name, at)
    this.#elements.set(name, type)
  }

  /** Notes a device whose name follows from others; an explicit device of that name is a mistake. */
  deriveDevice(device: string, owner: string): void {
    this.#devices.set(device.toLowerCase(), owner)
  }

  /** Explicit devices may come before or after those that follow from names. */
  reportTakenDevices(): void {
    for (const [device, owner] of this.#devices) {
      const at = this.#defined.get(`device ${device}`)
      if (at !== undefined) this.#findings.add(at, `device ${device} is the one of ${owner}; take another name`)
    }
  }

  /** Notes that a server has a device. */
  use(name: string): void {
    const server = this.#servers.get(name.toLowerCase())
    if (server !== undefined) server.used = true
  }

  needServer(name: string, at: Mark, place: string): void {
    if (this.#servers.has(name.toLowerCase())) this.use(name)
    else
      this.#findings.add(at, `${place}: server ${name} is not in the list servers; ${didYouMean(name, this.servers)}`)
  }

  /** A server as the list spells it. */
  serverCalled(name: string): string {
    return this.#servers.get(name.toLowerCase())?.name ?? name
  }

  need(type: 'motor' | 'counter', name: string, at: Mark, place: string): void {
    const found = this.#elements.get(name)
    if (found === type) return
    if (found !== undefined) {
      this.#findings.add(at, `${place}: ${name} is a ${found}, not a ${type}`)
      return
    }
    const known = [...this.#elements].filter(([, kind]) => kind === type).map(([element]) => element)
    this.#findings.add(at, `${place}: there is no ${type} ${name}; ${didYouMean(name, known)}`)
  }

  /** A motor or a counter. */
  needElement(name: string, at: Mark, place: string): boolean {
    if (this.#elements.has(name)) return true
    const known = [...this.#elements.keys()]
    this.#findings.add(at, `${place}: there is no motor or counter ${name}; ${didYouMean(name, known)}`)
    return false
  }

  /** The simulator of that name as the file describes it. */
  needSimulator(name: string, at: Mark, place: string): Tree | undefined {
    const tree = this.#simulators.get(name)
    if (tree === undefined) {
      const hint = didYouMean(name, [...this.#simulators.keys()])
      this.#findings.add(at, `${place}: there is no simulator ${name}; ${hint}`)
    }
    return tree
  }

  /** A server without devices cannot start. */
  reportIdleServers(): void {
    for (const { name, at, used } of this.#servers.values()) {
      // a host of controllers has a device of its own
      if (used || /^Controllers\//i.test(name)) continue
      this.#findings.add(at, `server ${name} has no device; give it one or remove it`)
    }
  }
}
