// Resource files of native servers (`-file=`): devices and properties of a server without a database.

import { readFile } from 'node:fs/promises'
import { devFailed } from '../errors/dev-failed.ts'
import type { DeviceDeclaration } from './device-server.ts'

interface Entry {
  readonly class: string
  readonly name: string
  readonly properties: Lines
  readonly attributes: Record<string, Lines>
}

type Lines = Record<string, readonly string[]>

/**
 * Devices of a server from a resource file.
 * @param server `Pool/demo1`
 * @throws DevFailed `API_BadConfigurationProperty` naming file and line
 */
export async function readResourceFile(path: string, server: string): Promise<DeviceDeclaration[]> {
  return parseResources(await readFile(path, 'latin1'), server, path)
}

/** As {@link readResourceFile}, from the text of a file. */
export function parseResources(text: string, server: string, path = 'resources'): DeviceDeclaration[] {
  const devices = new Map<string, Entry>()
  const ofClass = new Map<string, Lines>()
  const ofClassAttributes = new Map<string, Record<string, Lines>>()
  for (const { line, content } of logicalLines(text)) {
    const at = `${path}:${line}`
    const definition = /^([^/:\s]+\/[^/:\s]+)\/DEVICE\/([^/:\s]+)\s*:(.*)$/i.exec(content)
    if (definition !== null) {
      const [, owner = '', className = '', values = ''] = definition
      if (owner.toLowerCase() !== server.toLowerCase()) continue
      for (const name of listOf(values, at)) {
        devices.set(name.toLowerCase(), { class: className, name, properties: {}, attributes: {} })
      }
      continue
    }
    const property = /^([^\s:]+?)->([^\s:]+)\s*:(.*)$/.exec(content)
    if (property === null) throw wrong(at, `'${content}' is neither a device list nor a property`)
    const [, owner = '', name = '', values = ''] = property
    const classMatch = /^CLASS\/([^/]+)$/i.exec(owner)
    if (classMatch !== null) {
      const key = (classMatch[1] ?? '').toLowerCase()
      ofClass.set(key, { ...ofClass.get(key), [name]: listOf(values, at) })
      continue
    }
    const classAttribute = /^CLASS\/([^/]+)\/([^/]+)$/i.exec(owner)
    if (classAttribute !== null) {
      const [, className = '', attribute = ''] = classAttribute
      const attributes = ofClassAttributes.get(className.toLowerCase()) ?? {}
      ofClassAttributes.set(className.toLowerCase(), attributes)
      add(attributes, attribute, name, listOf(values, at))
      continue
    }
    // properties of free objects and of other devices are none of this server's
    const device = devices.get(owner.toLowerCase())
    if (device !== undefined) device.properties[name] = listOf(values, at)
    const [, ofAttribute = '', attribute = ''] = /^([^/]+\/[^/]+\/[^/]+)\/([^/]+)$/.exec(owner) ?? []
    const attributes = devices.get(ofAttribute.toLowerCase())?.attributes
    if (attributes !== undefined) add(attributes, attribute, name, listOf(values, at))
  }
  return Array.from(devices.values(), (device) => ({
    class: device.class,
    name: device.name,
    properties: { ...ofClass.get(device.class.toLowerCase()), ...device.properties },
    attributes: merged(ofClassAttributes.get(device.class.toLowerCase()) ?? {}, device.attributes),
  }))
}

function add(attributes: Record<string, Lines>, attribute: string, name: string, values: readonly string[]): void {
  const key = attribute.toLowerCase()
  attributes[key] = { ...attributes[key], [name.toLowerCase()]: values }
}

function merged(ofClass: Record<string, Lines>, ofDevice: Record<string, Lines>): Record<string, Lines> {
  const all = { ...ofClass }
  for (const [name, lines] of Object.entries(ofDevice)) all[name] = { ...all[name], ...lines }
  return all
}

/** What stands in one line, or in several of which all but the last end with a backslash. */
interface LogicalLine {
  /** The first line, from 1 on, and the last one. */
  readonly line: number
  last: number
  content: string
}

/** Lines without comments; a backslash at the end goes on in the next line. */
export function logicalLines(text: string): readonly LogicalLine[] {
  const found: LogicalLine[] = []
  let open: LogicalLine | undefined
  text.split(/\r?\n/).forEach((raw, index) => {
    const content = raw.trim()
    if (open === undefined && (content === '' || content.startsWith('#'))) return
    open ??= { line: index + 1, last: index + 1, content: '' }
    open.content += content.replace(/\\$/, ' ')
    open.last = index + 1
    if (content.endsWith('\\')) return
    found.push(open)
    open = undefined
  })
  if (open !== undefined) found.push(open)
  return found
}

/** Values with commas between them; quotes keep commas and blanks, and `\\"` in them is a quote. */
function listOf(text: string, at: string): string[] {
  const values: string[] = []
  let rest = text.trim()
  while (rest !== '') {
    const match = /^"((?:\\"|[^"])*)"\s*(,|$)|^([^",]*)(,|$)/.exec(rest)
    if (match === null) throw wrong(at, `'${rest}' is no list of values`)
    values.push(match[1]?.replaceAll('\\"', '"') ?? (match[3] ?? '').trim())
    rest = rest.slice(match[0].length).trim()
  }
  return values
}

function wrong(at: string, what: string): Error {
  return devFailed('API_BadConfigurationProperty', `${at}: ${what}`, { origin: 'readResourceFile' })
}
