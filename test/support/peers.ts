// Foreign programs that some tests need. A test whose peer is missing is skipped aloud, or fails when
// BANDONEON_REQUIRE_PEERS=1.

import { execFileSync, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

/** The distribution's Python: others do not see its Tango packages. */
export const PYTHON = '/usr/bin/python3'

/** Peers by name, with what their absence means. */
const PEERS = {
  pytango: () => runs(PYTHON, ['-c', 'import tango, numpy']),
  h5py: () => runs(PYTHON, ['-c', 'import h5py']),
  taurus: () => runs(PYTHON, ['-c', 'import taurus.core']),
  'native-database': () =>
    existsSync('/usr/lib/tango/DataBaseds') && (runs('mariadbd', ['--version']) || runs('mysqld', ['--version'])),
  TangoAccessControl: () => existsSync('/usr/lib/tango/TangoAccessControl'),
  TangoTest: () => existsSync('/usr/lib/tango/TangoTest'),
  Starter: () => existsSync('/usr/lib/tango/Starter'),
  tshark: () => runs('tshark', ['--version']),
} as const

/** Name of a peer. */
export type PeerName = keyof typeof PEERS

const found = new Map<PeerName, boolean>()

/** Whether a peer is installed. */
export function peer(name: PeerName): boolean {
  const known = found.get(name) ?? PEERS[name]()
  found.set(name, known)
  return known
}

/** For `before` or `it`: skips the test when a peer is missing, or throws where peers are required. */
export function needPeers(test: Mocha.Context, ...names: readonly PeerName[]): void {
  const missing = names.filter((name) => !peer(name))
  if (missing.length === 0) return
  const text = `the peer ${missing.join(', ')} is not installed`
  if (process.env.BANDONEON_REQUIRE_PEERS === '1') throw new Error(text)
  console.warn(`SKIPPED: ${test.currentTest?.fullTitle() ?? test.test?.fullTitle() ?? ''}: ${text}`)
  test.skip()
}

/** What a finished Python program left. */
export interface PythonResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a Python program to its end; killed after `timeoutMs`. */
export function runPython(
  script: string,
  args: readonly string[],
  options: { readonly timeoutMs?: number; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<PythonResult> {
  const child = spawn(PYTHON, [script, ...args], {
    env: { ...process.env, PYTHONUNBUFFERED: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 40_000,
    killSignal: 'SIGKILL',
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}

function runs(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 20_000 })
    return true
  } catch {
    return false
  }
}
