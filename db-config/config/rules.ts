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
