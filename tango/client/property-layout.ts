// The flat string lists in which database commands carry properties (TangoDatabase, DbPutDeviceProperty and others).

import { devFailed } from '../errors/dev-failed.ts'

/** Values of properties by name, in the spelling of the reply. */
export type Properties = Map<string, string[]>

/** What may be stored as a property: one line or several. */
export type PropertyRecord = Readonly<Record<string, string | readonly string[]>>

/** Reads a list of strings from the front. */
export class StringReader {
  readonly #items: readonly string[]
  readonly #what: string
  #at = 0

  constructor(items: readonly string[], what: string) {
    this.#items = items
    this.#what = what
  }

  get atEnd(): boolean {
    return this.#at >= this.#items.length
  }

  /** The next item without taking it. */
  get peek(): string | undefined {
    return this.#items[this.#at]
  }

  text(): string {
    const item = this.#items[this.#at]
    if (item === undefined) throw this.#tooShort()
    this.#at += 1
    return item
  }

  count(): number {
    const text = this.text()
    const count = Number(text)
    if (!Number.isInteger(count) || count < 0 || text.trim() === '') {
      throw devFailed('DB_IncorrectArguments', `${this.#what}: '${text}' stands where a count should be`)
    }
    return count
  }

  texts(count: number): string[] {
    if (count > this.#items.length - this.#at) throw this.#tooShort()
    this.#at += count
    return this.#items.slice(this.#at - count, this.#at)
  }

  /** name, count, values ... */
  property(): readonly [string, string[]] {
    const name = this.text()
    return [name, this.texts(this.count())]
  }

  #tooShort(): Error {
    return devFailed('DB_IncorrectArguments', `${this.#what}: the database's answer is too short`)
  }
}

/**
 * Reads object, n, then n properties; missing ones (count 0) are left out.
 * @param placeholder device and object properties have one extra item after a count of 0
 */
export function readProperties(items: readonly string[], placeholder: boolean, what: string): Properties {
  const reader = new StringReader(items, what)
  reader.text()
  const properties: Properties = new Map()
  for (let left = reader.count(); left > 0; left -= 1) {
    const [name, values] = reader.property()
    if (values.length > 0) properties.set(name, values)
    // the placeholder is a blank, so a name can never be taken for it
    else if (placeholder && reader.peek?.trim() === '') reader.text()
  }
  return properties
}

/** Reads object, n, then n attributes, each with a number of properties. */
export function readAttributeProperties(items: readonly string[], what: string): Map<string, Properties> {
  const reader = new StringReader(items, what)
  reader.text()
  return readAttributeBlock(reader)
}

/** Reads n, then n attributes, each with a number of properties. */
export function readAttributeBlock(reader: StringReader): Map<string, Properties> {
  const attributes = new Map<string, Properties>()
  for (let left = reader.count(); left > 0; left -= 1) {
    const name = reader.text()
    const properties: Properties = new Map()
    for (let inner = reader.count(); inner > 0; inner -= 1) properties.set(...reader.property())
    attributes.set(name, properties)
  }
  return attributes
}

/** Writes object, n, then n properties. */
export function writeProperties(object: string, properties: PropertyRecord): string[] {
  const entries = Object.entries(properties)
  return [object, String(entries.length), ...entries.flatMap(([name, value]) => writeProperty(name, value))]
}

/** Writes object, n, then n attributes with their properties. */
export function writeAttributeProperties(
  object: string,
  attributes: Readonly<Record<string, PropertyRecord>>,
): string[] {
  const entries = Object.entries(attributes)
  return [
    object,
    String(entries.length),
    ...entries.flatMap(([attribute, properties]) => writeProperties(attribute, properties)),
  ]
}

function writeProperty(name: string, value: string | readonly string[]): string[] {
  const values = typeof value === 'string' ? [value] : value
  return [name, String(values.length), ...values]
}
