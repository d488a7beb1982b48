// Properties in the database: of devices, classes, free objects, attributes and pipes, with their histories.

import type { DatabaseCall } from './database-call.ts'
import {
  type Properties,
  type PropertyRecord,
  readAttributeProperties,
  readProperties,
  StringReader,
  writeAttributeProperties,
  writeProperties,
} from './property-layout.ts'

/** One former value of a property; no values means that it was deleted. */
export interface PropertyHistory {
  readonly name: string
  /** `YYYY-MM-DD HH:MM:SS` of the database's clock. */
  readonly date: string
  readonly values: readonly string[]
}

/** Properties of several attributes or pipes, by their names. */
export type MemberProperties = Readonly<Record<string, PropertyRecord>>

/** The half of the database client that deals with properties; missing ones are not in the maps. */
export class DatabaseProperties {
  readonly #call: DatabaseCall

  constructor(call: DatabaseCall) {
    this.#call = call
  }

  // devices

  async getDeviceProperty(device: string, names: readonly string[]): Promise<Properties> {
    return this.#get('DbGetDeviceProperty', device, names, true)
  }

  async putDeviceProperty(device: string, properties: PropertyRecord): Promise<void> {
    await this.#call.run('DbPutDeviceProperty', writeProperties(device, properties))
  }

  async deleteDeviceProperty(device: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteDeviceProperty', [device, ...names])
  }

  /** Names of the properties of a device. */
  async devicePropertyList(device: string, filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetDevicePropertyList', [device, filter])
  }

  /** Former values, oldest first. */
  async devicePropertyHistory(device: string, name: string): Promise<PropertyHistory[]> {
    return this.#history('DbGetDevicePropertyHist', [device, name])
  }

  // classes

  async getClassProperty(className: string, names: readonly string[]): Promise<Properties> {
    return this.#get('DbGetClassProperty', className, names, false)
  }

  async putClassProperty(className: string, properties: PropertyRecord): Promise<void> {
    await this.#call.run('DbPutClassProperty', writeProperties(className, properties))
  }

  async deleteClassProperty(className: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteClassProperty', [className, ...names])
  }

  async classPropertyList(className: string): Promise<string[]> {
    return this.#call.texts('DbGetClassPropertyList', className)
  }

  /** Former values, oldest first. */
  async classPropertyHistory(className: string, name: string): Promise<PropertyHistory[]> {
    return this.#history('DbGetClassPropertyHist', [className, name])
  }

  // free objects

  async getProperty(object: string, names: readonly string[]): Promise<Properties> {
    return this.#get('DbGetProperty', object, names, true)
  }

  async putProperty(object: string, properties: PropertyRecord): Promise<void> {
    await this.#call.run('DbPutProperty', writeProperties(object, properties))
  }

  async deleteProperty(object: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteProperty', [object, ...names])
  }

  async propertyList(object: string, filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetPropertyList', [object, filter])
  }

  /** Former values, oldest first. */
  async propertyHistory(object: string, name: string): Promise<PropertyHistory[]> {
    return this.#history('DbGetPropertyHist', [object, name])
  }

  /** Free objects that have properties. */
  async objects(filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetObjectList', filter)
  }

  // attributes

  /** Properties of attributes, by attribute in the spelling asked for. */
  async getDeviceAttributeProperty(device: string, attributes: readonly string[]): Promise<Map<string, Properties>> {
    return this.#getMembers('DbGetDeviceAttributeProperty2', device, attributes)
  }

  async putDeviceAttributeProperty(device: string, attributes: MemberProperties): Promise<void> {
    await this.#call.run('DbPutDeviceAttributeProperty2', writeAttributeProperties(device, attributes))
  }

  async deleteDeviceAttributeProperty(device: string, attribute: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteDeviceAttributeProperty', [device, attribute, ...names])
  }

  /** Deletes every property of some attributes. */
  async deleteAllDeviceAttributeProperty(device: string, attributes: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteAllDeviceAttributeProperty', [device, ...attributes])
  }

  /** Deletes an attribute of a device with its properties; the name takes `*`. No history is kept. */
  async deleteDeviceAttribute(device: string, attribute: string): Promise<void> {
    await this.#call.run('DbDeleteDeviceAttribute', [device, attribute])
  }

  /** Attributes of a device that have properties. */
  async deviceAttributeList(device: string, filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetDeviceAttributeList', [device, filter])
  }

  /** Former values, oldest first. */
  async deviceAttributePropertyHistory(device: string, attribute: string, name: string): Promise<PropertyHistory[]> {
    return this.#memberHistory('DbGetDeviceAttributePropertyHist', [device, attribute, name])
  }

  /** Attributes that forward to attributes of a device. */
  async forwardedAttributes(
    device: string,
  ): Promise<{ readonly device: string; readonly attribute: string; readonly root: string }[]> {
    const items = await this.#call.texts('DbGetForwardedAttributeListForDevice', device)
    const found: { readonly device: string; readonly attribute: string; readonly root: string }[] = []
    for (let i = 0; i + 2 < items.length; i += 3) {
      const [owner = '', attribute = '', root = ''] = items.slice(i, i + 3)
      found.push({ device: owner, attribute, root })
    }
    return found
  }

  async getClassAttributeProperty(className: string, attributes: readonly string[]): Promise<Map<string, Properties>> {
    return this.#getMembers('DbGetClassAttributeProperty2', className, attributes)
  }

  async putClassAttributeProperty(className: string, attributes: MemberProperties): Promise<void> {
    await this.#call.run('DbPutClassAttributeProperty2', writeAttributeProperties(className, attributes))
  }

  async deleteClassAttributeProperty(className: string, attribute: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteClassAttributeProperty', [className, attribute, ...names])
  }

  /** Deletes an attribute of a class with its properties. No history is kept. */
  async deleteClassAttribute(className: string, attribute: string): Promise<void> {
    await this.#call.run('DbDeleteClassAttribute', [className, attribute])
  }

  async classAttributeList(className: string, filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetClassAttributeList', [className, filter])
  }

  /** Former values, oldest first. */
  async classAttributePropertyHistory(className: string, attribute: string, name: string): Promise<PropertyHistory[]> {
    return this.#memberHistory('DbGetClassAttributePropertyHist', [className, attribute, name])
  }

  // pipes

  async getDevicePipeProperty(device: string, pipes: readonly string[]): Promise<Map<string, Properties>> {
    return this.#getMembers('DbGetDevicePipeProperty', device, pipes)
  }

  async putDevicePipeProperty(device: string, pipes: MemberProperties): Promise<void> {
    await this.#call.run('DbPutDevicePipeProperty', writeAttributeProperties(device, pipes))
  }

  async deleteDevicePipeProperty(device: string, pipe: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteDevicePipeProperty', [device, pipe, ...names])
  }

  /** Deletes every property of some pipes. */
  async deleteAllDevicePipeProperty(device: string, pipes: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteAllDevicePipeProperty', [device, ...pipes])
  }

  /** Deletes a pipe of a device with its properties. No history is kept. */
  async deleteDevicePipe(device: string, pipe: string): Promise<void> {
    await this.#call.run('DbDeleteDevicePipe', [device, pipe])
  }

  /** Former values, oldest first. */
  async devicePipePropertyHistory(device: string, pipe: string, name: string): Promise<PropertyHistory[]> {
    return this.#memberHistory('DbGetDevicePipePropertyHist', [device, pipe, name])
  }

  /** Pipes of a device that have properties. */
  async devicePipeList(device: string, filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetDevicePipeList', [device, filter])
  }

  async getClassPipeProperty(className: string, pipes: readonly string[]): Promise<Map<string, Properties>> {
    return this.#getMembers('DbGetClassPipeProperty', className, pipes)
  }

  async putClassPipeProperty(className: string, pipes: MemberProperties): Promise<void> {
    await this.#call.run('DbPutClassPipeProperty', writeAttributeProperties(className, pipes))
  }

  async deleteClassPipeProperty(className: string, pipe: string, names: readonly string[]): Promise<void> {
    await this.#call.run('DbDeleteClassPipeProperty', [className, pipe, ...names])
  }

  /** Deletes a pipe of a class with its properties. No history is kept. */
  async deleteClassPipe(className: string, pipe: string): Promise<void> {
    await this.#call.run('DbDeleteClassPipe', [className, pipe])
  }

  /** Former values, oldest first. */
  async classPipePropertyHistory(className: string, pipe: string, name: string): Promise<PropertyHistory[]> {
    return this.#memberHistory('DbGetClassPipePropertyHist', [className, pipe, name])
  }

  async classPipeList(className: string, filter = '*'): Promise<string[]> {
    return this.#call.texts('DbGetClassPipeList', [className, filter])
  }

  async #get(command: string, object: string, names: readonly string[], placeholder: boolean): Promise<Properties> {
    if (names.length === 0) return new Map()
    return readProperties(await this.#call.texts(command, [object, ...names]), placeholder, command)
  }

  async #getMembers(command: string, object: string, members: readonly string[]): Promise<Map<string, Properties>> {
    if (members.length === 0) return new Map()
    return readAttributeProperties(await this.#call.texts(command, [object, ...members]), command)
  }

  async #history(command: string, args: readonly string[]): Promise<PropertyHistory[]> {
    const reader = new StringReader(await this.#call.texts(command, args), command)
    const history: PropertyHistory[] = []
    while (!reader.atEnd) {
      const name = reader.text()
      const date = reader.text()
      history.push({ name, date, values: reader.texts(reader.count()) })
    }
    return history
  }

  /** As {@link #history}, with the name of the attribute or pipe in front of each entry. */
  async #memberHistory(command: string, args: readonly string[]): Promise<PropertyHistory[]> {
    const reader = new StringReader(await this.#call.texts(command, args), command)
    const history: PropertyHistory[] = []
    while (!reader.atEnd) {
      reader.text()
      const name = reader.text()
      const date = reader.text()
      history.push({ name, date, values: reader.texts(reader.count()) })
    }
    return history
  }
}
