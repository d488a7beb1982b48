// Server programs of a benchmark: when they are ready, and their end.

import type { ChildProcess } from 'node:child_process'

/** How long a server may take to end in order, ms. */
const STOP_MS = 30_000

/** Resolves with the ready line that native servers and ours print; rejects when the program ends before. */
export function ready(child: ChildProcess, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-2000)
        if (said.includes('Ready to accept request')) resolve()
      })
    child.once('error', reject)
    child.once('close', (code) => reject(new Error(`${name} ended with ${code}: ${said}`)))
  })
}

/** Ends a program, by force when it takes too long. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await closed
  clearTimeout(timer)
}
