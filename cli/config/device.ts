// The configuration device as the command line uses it: JSON in, JSON out, and what an answer looks like.

import { beamlineConfiguration } from '#interfaces/beamline-configuration'
import type { TangoProcess } from '#tango'
import { DevFailed, devFailed } from '#tango/pure'

/** Name of the device. */
export const CONFIGURATION_DEVICE = 'sys/bandoneon-config/1'

/** Applying restarts devices, which may take long, ms. */
const LONGEST_MS = 600_000
/** A facility that has just started exports the device a moment later, ms. */
const PATIENCE_MS = 5_000
const PAUSE_MS = 200

/** One difference that a plan shows. */
export interface PlannedStep {
  readonly action: string
  readonly device: string
  readonly class: string
  readonly server: string
  readonly result?: string
  readonly state?: string
  readonly text?: string
}

/** Fields of answers, as far as the command line shows them; each command gives some of them. */
export interface Answer {
  readonly revision: number
  readonly newest: number
  readonly unchanged: boolean
  readonly lines: readonly string[]
  readonly steps: readonly PlannedStep[]
  readonly blockers: readonly { readonly device: string; readonly text: string }[]
  readonly documents: readonly { readonly path: string; readonly text: string }[]
  readonly text: string
  readonly notes: readonly string[]
  readonly revisions: readonly {
    readonly number: number
    readonly author: string
    readonly reason: string
    readonly date: string
    readonly cause: string
    readonly applied: boolean
    readonly withdrawn?: string
    readonly changes: readonly string[]
  }[]
}

/** Commands of the device by key. */
export type ConfigurationCommand = Exclude<
  keyof (typeof beamlineConfiguration)['commands'],
  'backupDatabase' | 'schema'
>

/**
 * Asks the device.
 * @throws DevFailed of the device, or one that says where such a device runs
 */
export async function ask(tango: TangoProcess, command: ConfigurationCommand, fields: object): Promise<Answer> {
  const proxy = tango.proxy(CONFIGURATION_DEVICE, beamlineConfiguration)
  const argument = ascii(JSON.stringify({ version: 1, ...fields }))
  const deadline = tango.clock.monotonic() + PATIENCE_MS
  for (;;) {
    try {
      return JSON.parse(await proxy.command(command, argument, { timeoutMs: LONGEST_MS }))
    } catch (error) {
      if (!(error instanceof DevFailed)) throw error
      if (error.has('API_CantConnectToDatabase')) throw error
      const starting = error.has('API_DeviceNotExported') || error.has('API_CantConnectToDevice')
      if (starting && tango.clock.monotonic() < deadline) await tango.clock.sleep(PAUSE_MS)
      else if (starting || error.has('DB_DeviceNotDefined')) throw notThere(tango, error)
      else throw error
    }
  }
}

function notThere(tango: TangoProcess, cause: unknown): Error {
  const desc =
    `there is no ${CONFIGURATION_DEVICE} at ${tango.tangoHost}: it runs in facilities of \`bandoneon start\` and ` +
    'beside databases of `bandoneon serve DataBaseds`'
  return devFailed('API_DeviceNotExported', desc, { cause })
}

/** Tango's texts are Latin-1; JSON can do with ASCII. */
function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
