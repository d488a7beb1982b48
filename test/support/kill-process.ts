// Signals to one process. Numbers like -1 and 0 mean many processes to the system, so they are refused here.

/**
 * Sends a signal to exactly one process.
 * @throws Error when `pid` is no process id, or the process is gone
 */
export function killProcess(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined || !Number.isInteger(pid) || pid <= 1) throw new Error(`${pid} is no id of a process to signal`)
  process.kill(pid, signal)
}
