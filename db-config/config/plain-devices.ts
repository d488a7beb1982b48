// Plain Tango devices of a beamline: served by any program, described by class, properties and settings of attributes.
// Here is what tells them from the devices that other sections describe.

import type { PlainDeviceEntry } from './beamline.ts'
import type { Rule } from './tree.ts'

/** Classes that other sections describe, with the names of these. */
const SECTIONS: Readonly<Record<string, string>> = {
  controllerhost: 'servers',
  controller: 'controllers',
  motor: 'controllers',
  ctexpchannel: 'controllers',
  pool: 'pool',
  motorgroup: 'motorGroups',
  measurementgroup: 'measurementGroups',
  macroserver: 'macroServer',
  door: 'doors',
  recorder: 'recorders',
}

/** Classes of the control system itself, which no file describes. */
const SYSTEM: readonly string[] = [
  'dserver',
  'database',
  'tangoaccesscontrol',
  'starter',
  'logconsumer',
  'beamlineconfiguration',
]

/** Their devices, and those of native ones. */
const SYSTEM_DEVICE = /^(dserver\/|sys\/(database|access_control|bandoneon-config)\/|tango\/admin\/)/i

/** Elements of pools that come with later versions. */
const LATER: readonly string[] = [
  'pseudomotor',
  'pseudocounter',
  'zerodexpchannel',
  'onedexpchannel',
  'twodexpchannel',
  'ioregister',
  'triggergate',
  'commchannel',
]

/** Name of a property or an attribute. */
export const MEMBER: Rule = { pattern: { test: /^[\w.:-]+$/, what: 'a name of letters, digits, _ - . and :' } }

/** The section that describes devices of a class, if it is not `devices`. */
export function sectionOf(className: string): string | undefined {
  return Object.hasOwn(SECTIONS, className.toLowerCase()) ? SECTIONS[className.toLowerCase()] : undefined
}

/** Whether devices of a class belong to the pool, the macro server and their like. */
export function isOfBeamline(className: string): boolean {
  return sectionOf(className) !== undefined
}

/** Whether a device belongs to the control system itself, which starts it without being told. */
export function isOfSystem({ name, class: className }: { readonly name: string; readonly class: string }): boolean {
  return SYSTEM.includes(className.toLowerCase()) || SYSTEM_DEVICE.test(name)
}

/** Whether devices of a class are elements of a pool that this version cannot describe. */
export function isOfLaterVersion(className: string): boolean {
  return LATER.includes(className.toLowerCase())
}

/** Whether a name is one that a file may use for a property or an attribute. */
export function isMember(name: string): boolean {
  return MEMBER.pattern?.test.test(name) === true
}

/** Settings of attributes as a flat list. */
export function attributeSettings({
  attributes,
}: PlainDeviceEntry): readonly { attribute: string; property: string; values: readonly string[] }[] {
  return Object.entries(attributes).flatMap(([attribute, properties]) =>
    Object.entries(properties).map(([property, values]) => ({ attribute, property, values })),
  )
}
