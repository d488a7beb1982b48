// One PyTango script drives the native TangoTest and ours; all answers must be equal, field by field. What may differ is
// listed here and in docs/reference/tango-compliance.md.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { silentLogger, TangoProcess } from '#tango'
import { CLI } from '../support/facility.ts'
import { type NativeTango, startNativeTango } from '../support/native-tango.ts'
import { needPeers, runPython } from '../support/peers.ts'
import { eventually } from '../support/waiting.ts'

const SCRIPT = fileURLToPath(new URL('../../../test/interop/python/tango_differential.py', import.meta.url))
const NATIVE = '/usr/lib/tango/TangoTest'
const SCRIPT_MS = 60_000

interface Allowed {
  readonly path: RegExp
  readonly why: string
  readonly only?: 'no database' | 'database'
  /** Not needed in every run. */
  readonly sometimes?: true
}

/** Paths in the answers that may differ. Besides, a description of ours may go on where the native one ends. */
const ALLOWED: readonly Allowed[] = [
  {
    path: /^write several, some wrong(, and read)?\//,
    why: 'a native server neither checks nor writes the attribute that follows a refused one; ours does both',
  },
  {
    path: /^admin QueryWizardDevProperty TangoTest\/[124578]$/,
    why: 'the properties of the test device are described in our words, with their defaults',
  },
  {
    path: /^admin SetLoggingLevel (9|of little)\/error\/0\/desc$/,
    why: 'our description names the level, and is spelled otherwise',
  },
  {
    path: /^polling cached( failure| and not| command)?(\/|$)/,
    why: 'without a database the native server takes every cached value for too old',
    only: 'no database',
  },
  {
    path: /^restarted: read string_image_ro(\/|$)/,
    why: 'a native server sometimes sends this image with fewer strings than it says (MARSHAL) after a restart',
    sometimes: true,
  },
]

type Answers = Readonly<Record<string, unknown>>

describe('TangoTest of Bandoneon beside the native one', function () {
  this.timeout(180_000)
  const children: ChildProcess[] = []
  let native: NativeTango | undefined

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL')
    await native?.stop()
    native = undefined
  })

  it('answers PyTango alike without a database', async function () {
    needPeers(this, 'pytango', 'TangoTest')
    const words = ['differential', '-nodb', '-dlist', 'test/differential/1', '-ORBendPoint']
    const [theirs, ours] = await Promise.all([
      serve(NATIVE, [...words, 'giop:tcp:127.0.0.1:']),
      serve(process.execPath, [CLI, 'serve', 'TangoTest', ...words, 'giop:tcp:127.0.0.1:']),
    ])
    const url = (port: number): string => `tango://127.0.0.1:${port}/test/differential/1#dbase=no`
    const answers = await Promise.all([drive(url(theirs), 'no'), drive(url(ours), 'no')])
    compare(...answers, 'no database')
  })

  it('answers PyTango alike with the native database', async function () {
    needPeers(this, 'pytango', 'TangoTest', 'native-database')
    native = await startNativeTango()
    const { tangoHost } = native
    const tango = await TangoProcess.create({ tangoHost, listen: false, log: silentLogger() })
    try {
      for (const who of ['native', 'ours'])
        await tango.database().addDevice({ server: `TangoTest/${who}`, class: 'TangoTest', name: device(who) })
    } finally {
      await tango.close()
    }
    await Promise.all([
      native.serve('TangoTest', 'native'),
      native.run(process.execPath, [CLI, 'serve', 'TangoTest', 'ours']),
    ])
    const env = { TANGO_HOST: tangoHost }
    const answers = await Promise.all([drive(device('native'), 'yes', env), drive(device('ours'), 'yes', env)])
    compare(...answers, 'database')
  })

  /** Starts a server on a free port, which its last argument lacks. */
  async function serve(program: string, words: readonly string[]): Promise<number> {
    const port = await freePort()
    const child = spawn(program, [...words.slice(0, -1), `${words.at(-1)}${port}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.push(child)
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text))
    await eventually(`${program} to be ready`, () => said.includes('Ready to accept request'), 20_000)
    return port
  }
})

function device(who: string): string {
  return `test/differential/${who}`
}

async function drive(
  url: string,
  database: 'yes' | 'no',
  env: Readonly<Record<string, string>> = {},
): Promise<Answers> {
  const { code, stdout, stderr } = await runPython(SCRIPT, [url, database], { timeoutMs: SCRIPT_MS, env })
  assert.equal(code, 0, `the script failed for ${url}: ${stderr}`)
  return JSON.parse(stdout) as Answers
}

function compare(native: Answers, ours: Answers, mode: 'no database' | 'database'): void {
  const steps = Object.keys(native)
  assert.ok(steps.length > (mode === 'database' ? 600 : 550), `only ${steps.length} steps were taken`)
  assert.deepEqual(Object.keys(ours), steps)
  const rules = ALLOWED.filter(({ only }) => only === undefined || only === mode)
  const differences = [...differing('', native, ours)]
  const unexpected = differences.filter(({ path }) => !rules.some((rule) => rule.path.test(path)))
  const text = ({ path, native: n, ours: o }: Difference): string =>
    `${path}\n  native ${JSON.stringify(n)}\n  ours   ${JSON.stringify(o)}`
  assert.equal(unexpected.map(text).join('\n'), '')
  // a rule that nothing needs any more hides the next defect
  const idle = rules.filter(
    ({ path, sometimes }) => sometimes !== true && !differences.some((difference) => path.test(difference.path)),
  )
  assert.deepEqual(idle, [])
}

interface Difference {
  readonly path: string
  readonly native: unknown
  readonly ours: unknown
}

function* differing(path: string, native: unknown, ours: unknown): Generator<Difference> {
  if (Array.isArray(native) && Array.isArray(ours) && native.length === ours.length) {
    for (let i = 0; i < native.length; i += 1) yield* differing(`${path}/${i}`, native[i], ours[i])
  } else if (isRecord(native) && isRecord(ours)) {
    for (const key of new Set([...Object.keys(native), ...Object.keys(ours)])) {
      yield* differing(path === '' ? key : `${path}/${key}`, native[key], ours[key])
    }
  } else if (native !== ours && !continued(path, native, ours)) yield { path, native, ours }
}

/** Whether our description says all that the native one says, and more. */
function continued(path: string, native: unknown, ours: unknown): boolean {
  return (
    path.endsWith('/desc') &&
    typeof native === 'string' &&
    typeof ours === 'string' &&
    ours.startsWith(native.trimEnd())
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  const server = createServer()
  return await new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    }),
  )
}
