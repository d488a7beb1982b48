// A plain device of a database as an item of the field `devices`.

import type { ContentDevice, ContentValues } from './content.ts'
import { type Fields, plainValue, someFields } from './dump-values.ts'
import { isMember } from './plain-devices.ts'
import { DEVICE, SERVER, WORD } from './rules.ts'
import type { Rule } from './tree.ts'

/** What Tango and its servers keep for themselves. Set points are there for people too. */
const PRIVATE = /^__(?!value$)/i

/** An item, or why there is none. */
export interface DumpedDevice {
  readonly fields: Fields | undefined
  readonly problem: string
  /** What of the device the file cannot say. */
  readonly notes: readonly string[]
}

/** @param owned properties that a file has set; they are told whatever they are called */
export function dumpPlainDevice(device: ContentDevice, owned: readonly string[]): DumpedDevice {
  const { name, class: className, server, alias } = device
  const odd = [
    [name, DEVICE],
    [className, WORD],
    [server, SERVER],
    // without its alias the file would take it away
    ...(alias === undefined ? [] : [[alias, WORD] as const]),
  ] as const
  const wrong = odd.find(([text, rule]) => !fits(text, rule))
  if (wrong !== undefined)
    return { fields: undefined, problem: `${JSON.stringify(wrong[0])} is no name that a file can have`, notes: [] }
  const notes: string[] = []
  const keep = (of: string, member: string): boolean => {
    if (!isMember(member)) notes.push(`${of}: ${JSON.stringify(member)} is no name that a file can have`)
    return isMember(member)
  }
  const isOwned = (property: string): boolean => owned.some((other) => other.toLowerCase() === property.toLowerCase())
  const properties = device.propertyNames
    .filter((property) => (isOwned(property) || !PRIVATE.test(property)) && keep(name, property))
    .map((property) => [property, plainValue(device.properties.get(property.toLowerCase()) ?? [])] as const)
  const settings = (attribute: string): Fields => {
    const values: ContentValues = device.attributes.get(attribute.toLowerCase()) ?? new Map()
    const told = [...values].filter(([property]) => !PRIVATE.test(property) && keep(`${name}/${attribute}`, property))
    return Object.fromEntries(told.map(([property, lines]) => [property, plainValue(lines)]))
  }
  const attributes = device.attributeNames
    .filter((attribute) => keep(name, attribute))
    .map((attribute) => [attribute, someFields(settings(attribute))] as const)
    .filter(([, fields]) => fields !== undefined)
  return {
    fields: {
      device: name,
      class: className,
      server,
      alias,
      properties: someFields(Object.fromEntries(properties)),
      attributes: someFields(Object.fromEntries(attributes)),
    },
    problem: '',
    notes,
  }
}

function fits(text: string, { pattern }: Rule): boolean {
  return pattern?.test.test(text) === true
}
