// Checks a database file that nobody uses, beside the event loop, and tells what is broken.

import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from './sqlite-connection.ts'
import { verifyFile } from './sqlite-integrity.ts'

/** What the worker tells: that the file is good, or what is wrong with it. */
export type CheckResult = { readonly good: true } | { readonly good: false; readonly finding: string }

function check(path: unknown): CheckResult {
  try {
    verifyFile(String(path))
    return { good: true }
  } catch (error) {
    return { good: false, finding: messageOf(error) }
  }
}

parentPort?.postMessage(check(workerData))
