// What the Starter can do with one server, whatever it is: a logical server of ours or a program of somebody else.

/** Starts and ends one server. */
export interface ServerRunner {
  /** `own`: served by a process of the launcher, which restarts it by itself. */
  readonly kind: 'own' | 'native'
  /** Process that serves it, if it is known. */
  readonly pid: number | undefined
  readonly logFile: string
  /** Whether the process is starting, up, or not there. */
  readonly phase: 'down' | 'starting' | 'up'
  /** Processes that serve it; above 1 somebody started it twice. */
  readonly instances: number
  /** How the last process ended; undefined when nobody knows. */
  readonly crashed: boolean | undefined
  /**
   * Starts the server; does not wait until it answers.
   * @param order `operator`: begins a new log; `restart`: goes on in the log of the crash
   * @throws DevFailed `CANNOT_RUN_FILE` and what the system says
   */
  start(order: 'operator' | 'restart'): Promise<void>
  /** Ends the server: asked, then SIGTERM, then SIGKILL. Resolves when it is gone. */
  stop(): Promise<void>
  /** Whether the Starter is to end it at its own end: it runs, and was started here. */
  readonly startedHere: boolean
  /** Kills its process. @throws DevFailed `SERVER_NOT_RUNNING` */
  kill(): void
}

/** Longest time of one order to a server, ms. */
export const ORDER_MS = 20_000

/** The two halves of `Pool/demo1`. */
export function serverParts(name: string): readonly [server: string, instance: string] {
  const slash = name.indexOf('/')
  return slash < 0 ? [name, name] : [name.slice(0, slash), name.slice(slash + 1)]
}
