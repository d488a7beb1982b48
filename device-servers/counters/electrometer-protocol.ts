// Text of the ALBA Em# electrometer: questions out of values, values out of answers; no I/O. Currents in nA.

import { devFailed } from 'bandoneon/tango/pure'

/** Inputs of the box. */
export const CHANNELS = 4
/** Shortest integration, ms. */
export const SHORTEST_MS = 0.1
/** Longest integration, ms. */
export const LONGEST_MS = 1e6

export const identityQuestion = '*IDN?'
/** Ends whatever is running; finished points stay readable. */
export const stopCommand = 'ACQU:STOP True'
/** Arms the box and triggers the first integration at once. */
export const startCommand = 'ACQU:STAR SWTRIG'
/** Asks for all finished points of the acquisition. */
export const valuesQuestion = 'ACQU:MEAS?'

/** Commands that prepare single software-triggered integrations. */
export const prepareCommands = (timeMs: number): readonly string[] => [
  stopCommand,
  'ACQU:MODE CURRENT',
  'TRIG:MODE SOFTWARE',
  'TRIG:DELA 0',
  'TMST False',
  'ACQU:NTRI 1',
  `ACQU:TIME ${timeMs}`,
]

/** Asks for the momentary current of an input, 1 to 4. */
export const instantQuestion = (channel: number): string => `CHAN0${channel}:INSC?`

/** @throws DevFailed `Controller_DriverFailed` with the text of the box, `Line_BadAnswer` */
export function checkAcknowledged(command: string, answer: string): void {
  if (answer.trim() !== 'ACK') throw badAnswer(command, answer)
}

/** @throws DevFailed as {@link checkAcknowledged} when another kind of box answers */
export function checkIdentity(answer: string): void {
  if (!/^ALBASYNCHROTRON,\s*Electrometer2?,/i.test(answer.trim())) throw badAnswer(identityQuestion, answer)
}

/** One number. */
export function parseCurrent(question: string, answer: string): number {
  const text = answer.trim()
  const value = Number(text)
  if (text === '' || !Number.isFinite(value)) throw badAnswer(question, answer)
  return value
}

/**
 * Currents of the last finished point by input, out of `[['CHAN01', [1.5, 2]], ['CHAN02', [...]], ...]`.
 * @returns undefined when no point is finished yet
 */
export function parseLastPoint(answer: string): readonly number[] | undefined {
  const rows: (number | undefined)[] = Array.from({ length: CHANNELS })
  // not JSON: names are in single quotes
  const pattern = /\['CHAN0([1-4])',\s*\[([^[\]]*)\]\]/g
  let found = 0
  for (const [, channel, list] of answer.matchAll(pattern)) {
    found++
    const last = list?.split(',').at(-1)?.trim() ?? ''
    if (last !== '') rows[Number(channel) - 1] = parseCurrent(valuesQuestion, last)
  }
  if (found !== CHANNELS || !answer.trim().startsWith('[[')) throw badAnswer(valuesQuestion, answer)
  const values = rows.filter((value) => value !== undefined)
  return values.length === CHANNELS ? values : undefined
}

function badAnswer(question: string, answer: string): Error {
  const refusal = /^ERROR:\s*(.*)$/.exec(answer.trim())?.[1]
  if (refusal !== undefined)
    return devFailed('Controller_DriverFailed', `electrometer refused "${question}": ${refusal}`)
  return devFailed('Line_BadAnswer', `electrometer answered ${JSON.stringify(answer)} to "${question}"`)
}
