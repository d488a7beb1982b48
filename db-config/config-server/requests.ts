// Arguments and results of the commands of BeamlineConfiguration: JSON objects of version 1.

import { devFailed } from '#tango/pure'
import type { SourceDocument } from '../config/documents.ts'

/** Version of the interface. */
export const API_VERSION = 1

/** The fields of one argument; reading one of a wrong type throws DevFailed `API_InvalidArgs`. */
export class Request {
  readonly #command: string
  readonly #fields: Readonly<Record<string, unknown>>

  /** @param known fields that the command takes beside `version` */
  constructor(command: string, argument: string, known: readonly string[]) {
    this.#command = command
    this.#fields = this.#parse(argument.trim() === '' ? '{}' : argument)
    const { version = API_VERSION } = this.#fields
    if (version !== API_VERSION) {
      throw this.#wrong('version', `${API_VERSION}; this program knows no other`)
    }
    const unknown = Object.keys(this.#fields).find((name) => name !== 'version' && !known.includes(name))
    if (unknown === undefined) return
    const what = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`
    throw devFailed('API_InvalidArgs', `${command}: there is no field ${unknown}; ${what}`)
  }

  has(name: string): boolean {
    return this.#fields[name] !== undefined && this.#fields[name] !== null
  }

  text(name: string, preset: string): string {
    const value = this.#fields[name] ?? preset
    if (typeof value !== 'string') throw this.#wrong(name, 'a text')
    return value
  }

  flag(name: string): boolean {
    const value = this.#fields[name] ?? false
    if (typeof value !== 'boolean') throw this.#wrong(name, 'true or false')
    return value
  }

  /** A whole number from 0 on. */
  number(name: string): number | undefined {
    const value = this.#fields[name] ?? undefined
    if (value === undefined) return undefined
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
      throw this.#wrong(name, 'a whole number from 0 on')
    }
    return value
  }

  needNumber(name: string): number {
    const value = this.number(name)
    if (value === undefined) throw devFailed('API_InvalidArgs', `${this.#command}: ${name} is missing`)
    return value
  }

  /** Files, the root first. */
  documents(name = 'documents'): readonly SourceDocument[] {
    const value = this.#fields[name]
    if (!Array.isArray(value) || value.length === 0) {
      throw this.#wrong(name, 'a list of {"path", "text"}, the root file first')
    }
    const documents = value.map((item: unknown): SourceDocument => {
      const { path, text } = fieldsOf(item)
      if (typeof path !== 'string' || path === '' || typeof text !== 'string') {
        throw this.#wrong(name, 'a list of {"path", "text"}, the root file first')
      }
      return { path, text }
    })
    const paths = documents.map(({ path }) => path)
    const twice = paths.find((path, i) => paths.indexOf(path) < i)
    if (twice !== undefined) throw devFailed('API_InvalidArgs', `${this.#command}: ${twice} is there twice`)
    return documents
  }

  #parse(argument: string): Readonly<Record<string, unknown>> {
    let value: unknown
    try {
      value = JSON.parse(argument)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw devFailed('API_InvalidArgs', `${this.#command} takes a JSON object: ${why}`)
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
    throw devFailed('API_InvalidArgs', `${this.#command} takes a JSON object like {"version": ${API_VERSION}}`)
  }

  #wrong(name: string, what: string): Error {
    const given = JSON.stringify(this.#fields[name]) ?? 'missing'
    const shown = given.length > 80 ? `${given.slice(0, 80)} ...` : given
    return devFailed('API_InvalidArgs', `${this.#command}: ${name} is ${shown}, it should be ${what}`)
  }
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
