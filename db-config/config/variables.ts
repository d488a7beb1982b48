// Variables of a beamline: `${name}` in a value stands for what the map `variables` says. A value that is nothing but
// one variable keeps its kind (number, list, map); `$${` is the text `${`. The environment of the process is not read.

import { nearest } from './suggest.ts'
import { type Entry, type Findings, type Mark, show, type Tree } from './tree.ts'

/** Bounds for variables that hold one another many times. */
const MAX_VALUES = 100_000
const MAX_TEXT = 65_536

const NAME = /^[\w-]+(\.[\w-]+)*$/
const WHOLE = /^\$\{([^{}]*)\}$/
const PART = /\$\$\{|\$\{([^{}]*)(\}?)/g

/**
 * Replaces the variables in all values of a tree, and leaves the field `variables` out.
 * Unknown ones, and ones that contain themselves, become findings.
 */
export function substitute(tree: Tree, findings: Findings): Tree {
  if (tree.kind !== 'map') return tree
  const variables = tree.entries.find(({ key }) => key === 'variables')?.value
  if (variables !== undefined && variables.kind !== 'map' && !isEmpty(variables)) {
    findings.add(variables.at, `variables is ${show(variables)}, it should be a map of names and values`)
  }
  const substitution = new Substitution(variables, findings)
  const entries = tree.entries.filter(({ key }) => key !== 'variables')
  // also what is not used must be right
  if (variables !== undefined) substitution.run(variables)
  return { ...tree, entries: entries.map((entry) => ({ ...entry, value: substitution.run(entry.value) })) }
}

class Substitution {
  readonly #known = new Map<string, Tree>()
  readonly #findings: Findings
  #values = 0
  #refused = false

  constructor(variables: Tree | undefined, findings: Findings) {
    this.#findings = findings
    if (variables?.kind === 'map') this.#learn(variables.entries, '')
  }

  run(tree: Tree): Tree {
    return this.#replaced(tree, [])
  }

  /** Nested maps are named with a dot. */
  #learn(entries: readonly Entry[], prefix: string): void {
    for (const { key, at, value } of entries) {
      if (!/^[\w-]+$/.test(key)) {
        this.#findings.add(at, `variables: ${key} should be a name of letters, digits, _ and -`)
        continue
      }
      this.#known.set(prefix + key, value)
      if (value.kind === 'map') this.#learn(value.entries, `${prefix}${key}.`)
    }
  }

  /** @param inside the variables that are being replaced, outermost first */
  #replaced(tree: Tree, inside: readonly string[]): Tree {
    if (inside.length > 0) this.#values += 1
    if (this.#refused) return tree
    if (this.#values > MAX_VALUES) {
      this.#refused = true
      this.#findings.add(tree.at, 'the variables hold one another too often; there would be too many values')
      return tree
    }
    switch (tree.kind) {
      case 'map':
        return {
          ...tree,
          entries: tree.entries.map((entry) => ({ ...entry, value: this.#replaced(entry.value, inside) })),
        }
      case 'list':
        return { ...tree, items: tree.items.map((item) => this.#replaced(item, inside)) }
      case 'value':
        return typeof tree.value === 'string' && tree.value.includes('${')
          ? this.#text(tree.value, tree.at, inside)
          : tree
    }
  }

  #text(text: string, at: Mark, inside: readonly string[]): Tree {
    const whole = WHOLE.exec(text)
    if (whole !== null) {
      const value = this.#variable(whole[1] ?? '', at, inside)
      // the place of use is where a wrong kind of value is to be mended
      return value === undefined ? { kind: 'value', at, value: text } : { ...value, at }
    }
    const value = text.replace(PART, (found, name: string | undefined, end: string | undefined) => {
      if (name === undefined) return '${'
      if (end !== '}') {
        this.#findings.add(at, `${show({ kind: 'value', at, value: text })}: } is missing; write $\${ for the text \${`)
        return found
      }
      const part = this.#variable(name, at, inside)
      if (part === undefined) return found
      if (part.kind === 'value') return part.value === null ? '' : String(part.value)
      this.#findings.add(at, `variable ${name} is ${show(part)} and cannot stand inside of a text`)
      return found
    })
    if (value.length > MAX_TEXT && !this.#refused) {
      this.#refused = true
      this.#findings.add(at, `the text is longer than ${MAX_TEXT} characters when its variables are replaced`)
    }
    return { kind: 'value', at, value }
  }

  #variable(name: string, at: Mark, inside: readonly string[]): Tree | undefined {
    if (!NAME.test(name)) {
      this.#findings.add(at, `\${${name}} should hold the name of a variable; write $\${ for the text \${`)
      return undefined
    }
    const value = this.#known.get(name)
    if (value === undefined) {
      const meant = nearest(name, [...this.#known.keys()])
      const known = this.#known.size === 0 ? 'add the map variables' : `known: ${[...this.#known.keys()].join(', ')}`
      this.#findings.add(at, `there is no variable ${name}; ${meant === undefined ? known : `did you mean ${meant}?`}`)
      return undefined
    }
    if (inside.includes(name)) {
      const circle = [...inside.slice(inside.indexOf(name)), name].join(' -> ')
      this.#findings.add(value.at, `variable ${name} contains itself: ${circle}`)
      return undefined
    }
    return this.#replaced(value, [...inside, name])
  }
}

function isEmpty(tree: Tree): boolean {
  return tree.kind === 'value' && tree.value === null
}
