// A Sardana system as its YAML configuration and its Tango database describe it: pools with controllers, elements and
// groups, macro servers with doors. Texts as they stand there; what they mean for us is in sardana-draft.ts.

import type { ForeignProperty } from './known-controllers.ts'

/** A Tango attribute of an element or controller: memorized value and configuration by Tango's names. */
export interface SardanaAttribute {
  readonly name: string
  readonly place: string
  /** `value`, `min_value`, `unit` ... */
  readonly config: ReadonlyMap<string, string>
}

/** A motor, channel or other element. */
export interface SardanaElement {
  readonly name: string
  readonly place: string
  readonly axis: number
  /** Tango name, when it is not the usual one. */
  readonly device: string | undefined
  readonly instrument: string | undefined
  readonly description: string | undefined
  readonly attributes: readonly SardanaAttribute[]
  readonly properties: readonly ForeignProperty[]
}

/** A controller. */
export interface SardanaController {
  readonly name: string
  readonly place: string
  /** `Motor`, `CTExpChannel`, `PseudoMotor` ... */
  readonly type: string
  readonly class: string
  readonly library: string | undefined
  readonly device: string | undefined
  /** Server that holds it, when it is not the pool's. */
  readonly server: string | undefined
  readonly description: string | undefined
  readonly properties: readonly ForeignProperty[]
  readonly attributes: readonly SardanaAttribute[]
  /** Role to element, of pseudo controllers. */
  readonly roles: readonly (readonly [string, string])[]
  readonly elements: readonly SardanaElement[]
}

/** A channel of a measurement group with what its entry says besides. */
export interface SardanaChannel {
  readonly name: string
  readonly place: string
  /** `enabled`, `timer`, `synchronizer` ... */
  readonly options: ReadonlyMap<string, string>
}

/** A measurement group. */
export interface SardanaGroup {
  readonly name: string
  readonly place: string
  readonly description: string | undefined
  readonly channels: readonly SardanaChannel[]
  readonly timer: string | undefined
}

/** A motor group; only databases have them. */
export interface SardanaMotorGroup {
  readonly name: string
  readonly place: string
  readonly motors: readonly string[]
}

/** An instrument: a path with a NeXus class. */
export interface SardanaInstrument {
  readonly name: string
  readonly place: string
  readonly class: string
}

/** A pool. */
export interface SardanaPool {
  readonly name: string
  readonly place: string
  readonly server: string
  readonly device: string
  readonly alias: string | undefined
  readonly properties: readonly ForeignProperty[]
  readonly instruments: readonly SardanaInstrument[]
  readonly controllers: readonly SardanaController[]
  readonly groups: readonly SardanaGroup[]
  readonly motorGroups: readonly SardanaMotorGroup[]
}

/** A door. */
export interface SardanaDoor {
  readonly place: string
  readonly device: string
  readonly alias: string | undefined
  readonly server: string | undefined
}

/** A macro server. */
export interface SardanaMacroServer {
  readonly name: string
  readonly place: string
  readonly server: string
  readonly device: string
  readonly alias: string | undefined
  readonly macroPath: readonly string[]
  readonly properties: readonly ForeignProperty[]
  /** Names, aliases or devices of pools; empty: all. */
  readonly pools: readonly string[]
  readonly doors: readonly SardanaDoor[]
  readonly environment: ReadonlyMap<string, unknown>
}

/** The whole. */
export interface SardanaSystem {
  readonly pools: readonly SardanaPool[]
  readonly macroServers: readonly SardanaMacroServer[]
  /** What only a database of ours has; absent in Sardana's. */
  readonly ours?: OwnParts
}

/** Parts of a beamline that Sardana does not have. */
export interface OwnParts {
  readonly recorders: readonly {
    readonly server: string
    readonly device: string
    readonly alias: string | undefined
    readonly recorders: readonly string[]
  }[]
  readonly sessions: readonly {
    readonly name: string
    readonly place: string
    readonly description: string | undefined
    readonly extends: readonly string[]
    readonly include: readonly string[]
    readonly exclude: readonly string[]
    readonly defaults: Readonly<Record<string, unknown>>
    readonly setup: string | undefined
  }[]
}

/** Types of controllers. */
export const SARDANA_TYPES: readonly string[] = [
  'Motor',
  'CTExpChannel',
  'ZeroDExpChannel',
  'OneDExpChannel',
  'TwoDExpChannel',
  'PseudoMotor',
  'PseudoCounter',
  'TriggerGate',
  'IORegister',
]

/** Usual device of a controller's element: `motor/<controller>/<axis>`. */
export function usualElementDevice(type: string, controller: string, axis: number): string {
  const domains: Readonly<Record<string, string>> = {
    Motor: 'motor',
    PseudoMotor: 'pm',
    PseudoCounter: 'pc',
    TriggerGate: 'triggergate',
    IORegister: 'ioregister',
  }
  return `${domains[type] ?? 'expchan'}/${controller}/${axis}`.toLowerCase()
}
