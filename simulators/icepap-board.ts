// One driver board of the rack: an axis plus everything a client can store in it. No text protocol.
import { IcepapAxis, type IcepapAxisOptions } from './icepap-axis.ts'
import type { Path } from './icepap-tables.ts'
import { type Motion, rest } from './motion-profile.ts'

/** A word setting: what may be written and what it is at power-up. */
interface Setting {
  readonly initial: string
  readonly words: readonly string[]
}

const SIGNALS = 'LOW HIGH LIM+ LIM- HOME ENCAUX INPAUX SYNCAUX ENABLE ALARM READY MOVING BOOST STEADY ECAM'.split(' ')
const POSITION_SOURCES = 'AXIS MOTOR MEASURE SHFTENC TGTENC CTRLENC ENCIN INPOS ABSENC SYNC'.split(' ')

/** Outputs whose source and polarity can be chosen. */
export const OUTPUTS: Readonly<Record<string, readonly string[]>> = {
  INFOA: SIGNALS,
  INFOB: SIGNALS,
  INFOC: SIGNALS,
  OUTPAUX: SIGNALS,
  SYNCAUX: SIGNALS,
  OUTPOS: POSITION_SOURCES,
  SYNCPOS: POSITION_SOURCES,
}

/** Settings that are one word of a list. */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  INDEXER: { initial: 'INTERNAL', words: ['INTERNAL', 'INSYSTEM', 'EXTERNAL', 'LINKED'] },
  PCLOOP: { initial: 'OFF', words: ['ON', 'OFF'] },
  ECAM: { initial: 'OFF', words: ['OFF', 'PULSE', 'LOW', 'HIGH'] },
  AUXPS: { initial: 'ON', words: ['ON', 'OFF'] },
  CSWITCH: { initial: 'NORMAL', words: ['NORMAL', 'SMART', 'STOP', 'MASTER'] },
}

/** Values of a position-compare table and their source. */
export interface EcamTable {
  readonly source: string
  readonly values: readonly number[]
}

/** Values of a position list. */
export interface ListTable {
  readonly cyclic: boolean
  readonly values: readonly number[]
}

/** State of one board. */
export class IcepapBoard {
  readonly axis: IcepapAxis
  name: string
  signature = ''
  readonly settings = new Map(Object.entries(SETTINGS).map(([name, { initial }]) => [name, initial]))
  readonly outputs = new Map(Object.keys(OUTPUTS).map((name) => [name, 'LOW NORMAL']))
  syncResolution = 1
  /** What TRACK, PTRACK or LTRACK asked for; nothing in this rack sends the signals to follow. */
  tracking: string | undefined
  ecam: EcamTable | undefined
  list: ListTable | undefined
  path: Path | undefined
  /** Parameter units/s and ramp time of parametric moves. */
  parameterSpeed = 0
  parameterRampS = 0.1
  /** Parameter of the trajectory over time, once MOVEP has brought the axis onto it. */
  parameter: Motion | undefined

  constructor(address: number, options: IcepapAxisOptions) {
    this.axis = new IcepapAxis(address, options)
    this.name = options.name
    for (const [name, words] of Object.entries(OUTPUTS))
      if (words === POSITION_SOURCES) this.outputs.set(name, 'AXIS NORMAL')
  }

  /** Remembers that the axis stands at a parameter of its trajectory from `tS` on. */
  standAt(parameter: number, tS: number): void {
    this.parameter = rest(tS, parameter)
  }
}
