// Starts and kills the processes of the tests of scan data.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** A child process whose lines of output are kept. */
export interface Child {
  readonly process: ChildProcess
  readonly lines: readonly string[]
  /** Resolves with the first line, or rejects when the child ends before. */
  readonly ready: Promise<string>
  /** Kills it and waits until it is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>
}

/** Starts a file beside this one. */
export function startChild(name: string, ...args: readonly string[]): Child {
  const path = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  const child = spawn(process.execPath, [path, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines: string[] = []
  const reader = createInterface({ input: child.stdout })
  const ready = new Promise<string>((resolve, reject) => {
    reader.on('line', (line) => {
      lines.push(line)
      resolve(line)
    })
    child.once('exit', (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}`)))
  })
  const gone = once(child, 'exit')
  return {
    process: child,
    lines,
    ready,
    async kill(signal = 'SIGKILL') {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal)
        await gone
      }
      reader.close()
    },
  }
}
