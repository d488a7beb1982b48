// Shapes of the names that a beamline file may use.

import type { Rule } from './tree.ts'

/** A word that may stand in a Tango name. */
export const WORD: Rule = { pattern: { test: /^[\w.-]+$/, what: 'a name of letters, digits, _ - and .' } }

/** `executable/instance` */
export const SERVER: Rule = { pattern: { test: /^[\w.-]+\/[\w.-]+$/, what: 'a server, executable/instance' } }

/** `domain/family/member` */
export const DEVICE: Rule = {
  pattern: { test: /^[\w.-]+\/[\w.-]+\/[\w.-]+$/, what: 'a device, domain/family/member' },
}

/** Name of a computer. */
export const HOST: Rule = { pattern: { test: /^[A-Za-z0-9][\w.-]*$/, what: 'the name of a computer' } }

/** Path of an instrument. */
export const INSTRUMENT: Rule = { pattern: { test: /^(\/[\w.-]+)+$/, what: 'a path like /slits/front' } }

/** Class of an instrument. */
export const NEXUS_CLASS: Rule = { pattern: { test: /^NX\w+$/, what: 'a NeXus class like NXslit' } }

/** Name of an environment variable; a macro may have its own, `ascan.ScanFile`. */
export const VARIABLE = /^[A-Za-z_]\w*(\.\w+)*$/

/** A program that runs when a session starts. */
export const SETUP: Rule = { pattern: { test: /\.(ts|mts|js|mjs)$/, what: 'a TypeScript or JavaScript file' } }

/** Boxes that can be simulated. */
export const SIMULATOR_KINDS = ['icepap', 'electrometer'] as const
