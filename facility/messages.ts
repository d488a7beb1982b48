// What the launcher and its server processes tell each other over their IPC channel.

/** Where a simulated box listens. */
export interface BoxAddress {
  readonly host: string
  readonly port: number
}

/** Launcher to server process: what to run. Sent once. */
export interface StartMessage {
  readonly kind: 'start'
  readonly tangoHost: string
  readonly dataFolder: string
  /** Logical servers in the order in which they start: `Pool/demo1`. */
  readonly servers: readonly string[]
  /** This process also serves the database, and applies the beamline file before it answers. */
  readonly database?: {
    readonly port: number
    readonly beamline: string
    readonly boxes: Readonly<Record<string, BoxAddress>>
  }
}

/** Launcher to server process: end in an orderly way. */
export interface StopMessage {
  readonly kind: 'stop'
}

/** Server process to launcher. */
export type ServerProcessMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'database-ready' }
  | { readonly kind: 'failed'; readonly message: string }

/** Anything the launcher sends. */
export type LauncherMessage = StartMessage | StopMessage
