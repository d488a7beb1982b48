// Reads the plain Tango devices of a beamline. Their classes may be anybody's, so properties are checked for their shape
// alone.

import type { PlainDeviceEntry } from './beamline.ts'
import type { Names } from './names.ts'
import { isMember, isOfLaterVersion, isOfSystem, MEMBER, sectionOf } from './plain-devices.ts'
import { DEVICE, SERVER, WORD } from './rules.ts'
import {
  type Entry,
  Fields,
  type Findings,
  isLatin1,
  lostDigits,
  type Mark,
  otherPlace,
  show,
  type Tree,
} from './tree.ts'

/** Fields of a plain device. */
const FIELDS = ['device', 'class', 'server', 'alias', 'properties', 'attributes'] as const

/** Reads one item of the field `devices`. */
export function readPlainDevice(item: Tree, names: Names, findings: Findings): PlainDeviceEntry {
  const place = placeOf(item)
  const fields = new Fields(item, place, FIELDS, findings)
  const device = fields.text('device', DEVICE)
  const deviceClass = fields.text('class', WORD)
  const server = fields.text('server', SERVER)
  const alias = fields.text('alias', { ...WORD, optional: true })
  if (server !== undefined) names.needServer(server.value, server.at, place)
  if (device !== undefined) names.define('device', device.value, device.at)
  if (alias !== undefined) names.define('alias', alias.value, alias.at)
  if (deviceClass !== undefined) reportOtherSection(deviceClass.value, deviceClass.at, place, findings)
  const ofSystem = [
    isOfSystem({ name: device?.value ?? '', class: '' }) ? device?.at : undefined,
    isOfSystem({ name: '', class: deviceClass?.value ?? '' }) ? deviceClass?.at : undefined,
  ].find((at) => at !== undefined)
  if (ofSystem !== undefined) findings.add(ofSystem, `${place}: it belongs to the control system itself; remove it`)
  const context = { place, findings }
  return {
    device: device?.value ?? '',
    class: deviceClass?.value ?? '',
    // as the list of servers spells it
    server: names.serverCalled(server?.value ?? ''),
    alias: alias?.value,
    properties: readValues(fields.entries('properties'), 'property', context),
    attributes: Object.fromEntries(
      distinct(fields.entries('attributes'), 'attribute', context).map(({ key, value }) => [
        key,
        value.kind === 'value' && value.value === null
          ? {}
          : readValues(entriesOf(value, key, context), 'property', { place: `${place}: attribute ${key}`, findings }),
      ]),
    ),
  }
}

interface Context {
  readonly place: string
  readonly findings: Findings
}

function placeOf(item: Tree): string {
  const name = item.kind === 'map' ? item.entries.find(({ key }) => key === 'device')?.value : undefined
  return name?.kind === 'value' && name.value !== null ? `device ${name.value}` : 'device'
}

function reportOtherSection(className: string, at: Mark, place: string, findings: Findings): void {
  const section = sectionOf(className)
  if (section !== undefined)
    findings.add(at, `${place}: devices of class ${className} follow from the field ${section}`)
  else if (isOfLaterVersion(className)) {
    findings.add(at, `${place}: devices of class ${className} come with a later version`)
  }
}

/** Names compare without regard to case, as in Tango. */
function distinct(entries: readonly Entry[], what: string, { place, findings }: Context): readonly Entry[] {
  const seen = new Map<string, Mark>()
  return entries.filter(({ key, at }) => {
    const before = seen.get(key.toLowerCase())
    if (!isMember(key)) {
      findings.add(at, `${place}: ${what} ${JSON.stringify(key)} should be ${MEMBER.pattern?.what}`)
    } else if (before !== undefined) {
      findings.add(at, `${place}: ${what} ${key} is already given in ${otherPlace(before, at)}`)
      return false
    }
    seen.set(key.toLowerCase(), at)
    return true
  })
}

function entriesOf(tree: Tree, attribute: string, { place, findings }: Context): readonly Entry[] {
  if (tree.kind === 'map') return tree.entries
  const right = 'a map of its properties, like { unit: mm }'
  findings.add(tree.at, `${place}: attribute ${attribute} is ${show(tree)}, it should be ${right}`)
  return []
}

function readValues(
  entries: readonly Entry[],
  what: string,
  context: Context,
): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(
    distinct(entries, what, context).map(({ key, value }) => [key, texts(value, `${what} ${key}`, context)]),
  )
}

/** A value or a list of them as the database keeps them. */
function texts(tree: Tree, what: string, { place, findings }: Context): readonly string[] {
  const items = tree.kind === 'list' ? tree.items : [tree]
  return items.flatMap((item) => {
    if (item.kind !== 'value' || item.value === null) {
      findings.add(item.at, `${place}: ${what} is ${show(item)}, it should be a value or a list of values`)
      return []
    }
    const lost = lostDigits(item)
    if (lost !== undefined) findings.add(item.at, `${place}: ${what} is ${lost}`)
    const text = String(item.value)
    if (isLatin1(text)) return [text]
    findings.add(item.at, `${place}: ${what} is ${show(item)}, it should be a text of Latin-1 characters`)
    return []
  })
}
