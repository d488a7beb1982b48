// The names of a beamline: each is defined once, and what refers to one must find it.

import { nearest } from './suggest.ts'
import type { Findings, Mark, Tree } from './tree.ts'

/** What a name stands for. Aliases cover axes and groups. */
export type NameKind = 'simulator' | 'alias' | 'device' | 'controller'

/** Registry of names with their places. Names compare without regard to case, as in Tango. */
export class Names {
  readonly #findings: Findings
  readonly #defined = new Map<string, Mark>()
  readonly #servers = new Map<string, { readonly name: string; readonly at: Mark; used: boolean }>()
  readonly #elements = new Map<string, 'motor' | 'counter'>()
  readonly #simulators = new Map<string, Tree>()

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
    else this.#findings.add(at, `server ${name} is already named in line ${known.at.line}`)
  }

  define(kind: NameKind, name: string, at: Mark, tree?: Tree): void {
    const key = `${kind} ${name.toLowerCase()}`
    const known = this.#defined.get(key)
    if (known === undefined) this.#defined.set(key, at)
    else this.#findings.add(at, `${kind === 'alias' ? 'name' : kind} ${name} is already taken in line ${known.line}`)
    if (kind === 'simulator' && tree !== undefined) this.#simulators.set(name, tree)
  }

  /** Defines a motor or channel, under its alias. */
  defineElement(type: 'motor' | 'counter', name: string, at: Mark): void {
    this.define('alias', name, at)
    this.#elements.set(name, type)
  }

  /** Notes that a server has a device. */
  use(name: string): void {
    const server = this.#servers.get(name.toLowerCase())
    if (server !== undefined) server.used = true
  }

  needServer(name: string, at: Mark, place: string): void {
    if (this.#servers.has(name.toLowerCase())) this.use(name)
    else
      this.#findings.add(at, `${place}: server ${name} is not in the list servers; ${this.#hint(name, this.servers)}`)
  }

  need(type: 'motor' | 'counter', name: string, at: Mark, place: string): void {
    const found = this.#elements.get(name)
    if (found === type) return
    if (found !== undefined) {
      this.#findings.add(at, `${place}: ${name} is a ${found}, not a ${type}`)
      return
    }
    const known = [...this.#elements].filter(([, kind]) => kind === type).map(([element]) => element)
    this.#findings.add(at, `${place}: there is no ${type} ${name}; ${this.#hint(name, known)}`)
  }

  /** The simulator of that name as the file describes it. */
  needSimulator(name: string, at: Mark, place: string): Tree | undefined {
    const tree = this.#simulators.get(name)
    if (tree === undefined) {
      const hint = this.#hint(name, [...this.#simulators.keys()])
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

  #hint(name: string, known: readonly string[]): string {
    const meant = nearest(name, known)
    if (meant !== undefined) return `did you mean ${meant}?`
    return known.length === 0 ? 'there are none' : `known: ${known.join(', ')}`
  }
}
