// The environment as a macro sees it: a copy of all variables, looked up for its door and its name. Changes go to the
// macro server, which keeps them.

import { devFailed } from '#tango/pure'
import { scopedNames } from './environment.ts'
import type { MacroEnvironment } from './macro.ts'
import { didYouMean } from './nearest.ts'

/** Tells the macro server of a change. */
export type EnvironmentSender = (set: readonly (readonly [string, unknown])[], unset: readonly string[]) => void

/** The copy of the variables in the process that runs macros. */
export class EnvironmentCopy {
  readonly #values: Map<string, unknown>
  readonly #door: readonly string[]
  readonly #send: EnvironmentSender

  constructor(values: Iterable<readonly [string, unknown]>, door: readonly string[], send: EnvironmentSender) {
    this.#values = new Map(values)
    this.#door = door
    this.#send = send
  }

  /** Takes over what the macro server has changed. */
  update(set: readonly (readonly [string, unknown])[], unset: readonly string[]): void {
    for (const [name, value] of set) this.#values.set(name, value)
    for (const name of unset) this.#values.delete(name)
  }

  /** Value of a variable for a macro of this door; undefined when it is not set. */
  lookUp(name: string, macro: string): unknown {
    const found = scopedNames(name, { door: this.#door, macro }).find((key) => this.#values.has(key))
    return found === undefined ? undefined : this.#values.get(found)
  }

  /** The environment of one macro. */
  of(macro: string): MacroEnvironment {
    const values = this.#values
    return {
      get: (name, fallback) => {
        const value = this.lookUp(name, macro)
        if (value !== undefined) return value
        if (fallback !== undefined) return fallback
        throw devFailed(
          'Environment_Undefined',
          `${name} is not set: senv ${name} <value>${didYouMean(name, values.keys())}`,
        )
      },
      set: (name, value) => {
        values.set(name, value)
        this.#send([[name, value]], [])
      },
      unset: (name) => {
        if (!values.delete(name))
          throw devFailed('Environment_Undefined', `${name} is not set${didYouMean(name, values.keys())}`)
        this.#send([], [name])
      },
      entries: () => new Map(values),
    }
  }
}
