// Starts a private native Tango system (MariaDB, DataBaseds) and native servers in a temporary folder, for interop tests.

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
// tests run from dist/, the script stays with the sources
const SCRIPT = resolve(import.meta.dirname, '../../../test/support/native-tango.sh')
const START_MS = 60_000
const READY_MS = 20_000

/** A server process. */
export interface NativeServer {
  /** Ends it; `SIGKILL` is a crash, which leaves it exported. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** A running system. */
export interface NativeTango {
  readonly tangoHost: string
  /** Local socket of its MariaDB; user and password `tango`, or `root` without. */
  readonly socket: string
  /** Starts a native server such as `TangoTest`, or a program with arguments, and waits until it is ready. */
  serve(server: string, instance: string): Promise<NativeServer>
  run(program: string, args: readonly string[]): Promise<NativeServer>
  stop(): Promise<void>
}

/** Options of {@link startNativeTango}. */
export interface NativeTangoOptions {
  /** Further options of mariadbd, parted by blanks. */
  readonly mariadbd?: string
}

/** Starts a fresh system. */
export async function startNativeTango(options: NativeTangoOptions = {}): Promise<NativeTango> {
  const folder = await mkdtemp(join(tmpdir(), 'bandoneon-native-'))
  const { stdout } = await run('bash', [SCRIPT, 'start', folder], {
    env: { ...process.env, MARIADBD_OPTIONS: options.mariadbd ?? '' },
    timeout: START_MS,
  })
  const tangoHost = /TANGO_HOST=(\S+)/.exec(stdout)?.[1]
  if (tangoHost === undefined) throw new Error(`no TANGO_HOST from native-tango.sh: ${stdout}`)
  const servers = new Set<NativeServer>()
  const start = async (program: string, args: readonly string[]): Promise<NativeServer> => {
    const child = spawn(program, args, {
      // for servers that use the database's tables: the folder's .my.cnf says where it is
      env: { ...process.env, HOME: folder, MYSQL_USER: 'tango', MYSQL_PASSWORD: 'tango', TANGO_HOST: tangoHost },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    await untilReady(child, program)
    const server = { stop: (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => end(child, signal) }
    servers.add(server)
    return server
  }
  return {
    tangoHost,
    socket: join(folder, 'mariadb.sock'),
    serve: (server, instance) => start(join('/usr/lib/tango', server), [instance]),
    run: start,
    stop: async () => {
      await Promise.all([...servers].map((server) => server.stop('SIGKILL')))
      await run('bash', [SCRIPT, 'stop', folder], { timeout: START_MS })
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function untilReady(child: ChildProcess, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    const timer = setTimeout(() => reject(new Error(`${program} was not ready in ${READY_MS} ms: ${output}`)), READY_MS)
    const onData = (chunk: Buffer): void => {
      output += chunk.toString()
      if (!output.includes('Ready to accept request')) return
      clearTimeout(timer)
      resolve()
    }
    child.stdout?.on('data', onData)
    child.stderr?.on('data', onData)
    child.once('error', reject)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`${program} ended with ${code}: ${output}`))
    })
  })
}

function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill(signal)
  })
}
