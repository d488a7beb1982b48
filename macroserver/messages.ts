// What a Door and the process that runs its macros tell each other over their IPC channel.

import type { DevEncoded, DevError } from '#tango/pure'
import type { ElementReference } from './macro.ts'
import type { MacroArguments } from './parameters.ts'

/** Attributes of the Door that carry lines. */
export type LogChannel = 'critical' | 'error' | 'warning' | 'info' | 'output' | 'debug'

/** One entry of `MacroStatus`, as Sardana's clients read it. */
export interface MacroStatusEntry {
  readonly id: string | null
  readonly name?: string
  readonly macro_line?: string
  readonly range: readonly [number, number]
  readonly state: 'start' | 'step' | 'pause' | 'resume' | 'stop' | 'abort' | 'exception' | 'finish'
  readonly step: number
  readonly exc_type?: string
  readonly exc_value?: string
  /** Lines, each with its line feed: clients join them as they are. */
  readonly exc_stack?: readonly string[]
}

/** Something that the Door pushes as an event; the order is the order of events. */
export type News =
  | { readonly kind: 'lines'; readonly channel: LogChannel; readonly lines: readonly string[] }
  | { readonly kind: 'status'; readonly status: MacroStatusEntry }
  | { readonly kind: 'record'; readonly record: DevEncoded }
  | { readonly kind: 'result'; readonly values: readonly string[] }
  | { readonly kind: 'input'; readonly request: string }
  | { readonly kind: 'paused'; readonly paused: boolean }

/** A macro to run with its typed arguments. */
export interface MacroRun {
  readonly name: string
  readonly id: string
  readonly arguments: MacroArguments
  /** Nested macros, which do not run yet. */
  readonly hooks: readonly string[]
}

/** How a request ended. `abandoned`: the macro did not end when aborted, so its process must be replaced. */
export interface Outcome {
  readonly end: 'finished' | 'stopped' | 'aborted' | 'failed'
  readonly errors?: readonly DevError[]
  readonly abandoned?: boolean
}

/** Everything the process needs before the first macro. Sent once. */
export interface OpenMessage {
  readonly kind: 'open'
  /** Device name and alias of the Door: names in scoped variables. */
  readonly door: readonly string[]
  readonly tangoHost: string
  readonly dataFolder: string
  readonly pools: readonly string[]
  readonly recorders: readonly string[]
  readonly macroPath: readonly string[]
  readonly elements: readonly ElementReference[]
  /** Pools that do not answer. */
  readonly unreachable: readonly string[]
  readonly environment: readonly (readonly [string, unknown])[]
}

/** Door to process. */
export type DoorMessage =
  | OpenMessage
  | { readonly kind: 'run'; readonly run: number; readonly macros: readonly MacroRun[] }
  | { readonly kind: 'stop' | 'abort' | 'pause' | 'resume' }
  | { readonly kind: 'input'; readonly text: string }
  | {
      readonly kind: 'elements'
      readonly elements: readonly ElementReference[]
      readonly unreachable: readonly string[]
    }
  | {
      readonly kind: 'environment'
      readonly set: readonly (readonly [string, unknown])[]
      readonly unset: readonly string[]
    }
  | {
      readonly kind: 'scan-id'
      readonly request: number
      readonly scanId?: number
      readonly errors?: readonly DevError[]
    }

/** Process to Door. */
export type ProcessMessage =
  | { readonly kind: 'ready'; readonly problems: readonly string[] }
  | { readonly kind: 'news'; readonly news: readonly News[] }
  /** Elements that the macro uses from now on, to be freed if it is released. */
  | { readonly kind: 'uses'; readonly elements: readonly string[] }
  | {
      readonly kind: 'environment'
      readonly set: readonly (readonly [string, unknown])[]
      readonly unset: readonly string[]
    }
  | { readonly kind: 'next-scan-id'; readonly request: number }
  | { readonly kind: 'scan-id-unused'; readonly scanId: number }
  | { readonly kind: 'done'; readonly run: number; readonly outcome: Outcome }
