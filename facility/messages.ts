// What the launcher and its server processes tell each other over their IPC channel.

import type { DevError } from '#tango/pure'

/** Where a simulated box listens. */
export interface BoxAddress {
  readonly host: string
  readonly port: number
}

/** A box to simulate. */
export interface SimulatedBox {
  readonly name: string
  readonly kind: string
  readonly options: Readonly<Record<string, unknown>>
}

/** What the launcher needs to know of a beamline file; the rest stays in the process that serves the database. */
export interface BeamlinePlan {
  /** Logical servers: `Pool/demo1`. */
  readonly servers: readonly string[]
  /** Servers of recorders, in processes of their own. */
  readonly recorders: readonly string[]
  readonly doors: readonly string[]
  readonly simulators: readonly SimulatedBox[]
  readonly world: unknown
}

/** Launcher to the process of the database: check a beamline file, answer with its plan, keep it for the start. */
export interface ReadMessage {
  readonly kind: 'read'
  readonly beamline: string
  /** The process will serve nothing but the database. */
  readonly isolated: boolean
}

/** Launcher to server process: what to run. Sent once. */
export interface StartMessage {
  readonly kind: 'start'
  readonly tangoHost: string
  readonly dataFolder: string
  /** Logical servers in the order in which they start: `Pool/demo1`. */
  readonly servers: readonly string[]
  /** Servers that people have stopped: they stay so after a restart, whatever the database lists. */
  readonly stopped?: readonly string[]
  /**
   * This process also serves the database. With `boxes` the beamline that was read is applied before it answers; after
   * a restart the database has it already, and the file may be somebody's unfinished work.
   */
  readonly database?: {
    readonly port: number
    /** Address of a MariaDB or MySQL; absent: a file in the data folder. */
    readonly where?: string
    readonly boxes?: Readonly<Record<string, BoxAddress>>
  }
}

/** Launcher to server process: end in an orderly way. */
export interface StopMessage {
  readonly kind: 'stop'
}

/** Launcher to server process: start or stop one logical server; the others go on. */
export interface ChangeServerMessage {
  readonly kind: 'start-server' | 'stop-server'
  readonly server: string
}

/**
 * Process of the database to launcher: a configuration brings a server or has removed one. `apart`: in a process of its
 * own in every layout; `usual`: where the layout has such servers; `gone`: nowhere any more.
 */
export interface HostingRequest {
  readonly kind: 'hosting'
  readonly id: number
  readonly server: string
  readonly wanted: 'usual' | 'apart' | 'gone'
}

/** Launcher to process of the database: what became of a {@link HostingRequest}. */
export interface HostingAnswer {
  readonly kind: 'hosted'
  readonly id: number
  /** False: the launcher has nothing to do with this server. */
  readonly done: boolean
  /** Why it failed. */
  readonly errors?: readonly DevError[]
}

/** A server of the configuration that was applied last. */
export interface AppliedServer {
  readonly name: string
  /** Absent: it is no server for the launcher. */
  readonly wanted?: 'usual' | 'apart'
}

/** Server process to launcher. */
export type ServerProcessMessage =
  | { readonly kind: 'plan'; readonly plan: BeamlinePlan }
  | { readonly kind: 'database-ready' }
  | { readonly kind: 'ready' }
  /** What operators must see at once, such as a damaged database. */
  | { readonly kind: 'alarm'; readonly text: string }
  | { readonly kind: 'failed'; readonly errors: readonly DevError[] }
  | ServerChangedMessage
  | HostingRequest
  /** After a restart of the process of the database: the configuration may have changed behind the launcher. */
  | { readonly kind: 'applied'; readonly servers: readonly AppliedServer[] }

/** Server process to launcher: what became of a {@link ChangeServerMessage}. */
export interface ServerChangedMessage {
  readonly kind: 'server-changed'
  readonly server: string
  /** Absent when it was done. */
  readonly errors?: readonly DevError[]
}

/** Anything the launcher sends. */
export type LauncherMessage = ReadMessage | StartMessage | StopMessage | ChangeServerMessage | HostingAnswer
