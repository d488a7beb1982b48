// `npm test`: builds, lints and runs the suites; ends with the plain line `N passed, N failed, N skipped`.
// Suites may be named: `npm test -- unit integration`. BANDONEON_REQUIRE_PEERS=1 makes a skip for a missing peer a failure.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const ALL = ['architecture', 'unit', 'types', 'integration', 'interop']
const named = process.argv.slice(2)
const unknown = named.filter((s) => !ALL.includes(s))
if (unknown.length > 0) fail(`unknown suite ${unknown.join(', ')}; there are ${ALL.join(', ')}`)
const suites = named.length > 0 ? named : ALL

const total = { passes: 0, failures: 0, pending: 0 }
const skipped = []

step('build', [join(root, 'build.mjs')])
if (named.length === 0) step('lint', [join(root, 'node_modules/@biomejs/biome/bin/biome'), 'check', '.'])
for (const suite of suites) runSuite(suite)

if (skipped.length > 0) {
  console.log('\n=== SKIPPED ===')
  for (const title of skipped) console.log(`  ${title}`)
  console.log('Install the missing peers (see .ci/run) to run these.')
}
console.log(`\n${total.passes} passed, ${total.failures} failed, ${total.pending} skipped`)
process.exit(total.failures > 0 ? 1 : 0)

function step(name, args) {
  const result = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (result.status === 0) return
  console.log(`${name} failed`)
  total.failures += 1
  if (name === 'build') fail('the sources do not compile')
}

function runSuite(suite) {
  const files = testFiles(join(root, 'dist/test', suite))
  if (files.length === 0) fail(`suite ${suite} has no tests`)
  const folder = mkdtempSync(join(tmpdir(), 'bandoneon-test-'))
  const report = join(folder, 'report.json')
  console.log(`\n=== ${suite} ===`)
  const result = spawnSync(
    process.execPath,
    [
      '--enable-source-maps',
      join(root, 'node_modules/mocha/bin/mocha.js'),
      '--exit',
      '--timeout',
      suite === 'interop' ? '60000' : suite === 'integration' ? '30000' : '20000',
      '--reporter',
      join(root, 'test/reporter.cjs'),
      '--reporter-option',
      `output=${report}`,
      ...files,
    ],
    { cwd: root, stdio: 'inherit' },
  )
  try {
    const { passes, failures, pending, skippedTitles } = JSON.parse(readFileSync(report, 'utf8'))
    total.passes += passes
    total.failures += failures
    total.pending += pending
    skipped.push(...skippedTitles)
    if (result.status !== 0 && failures === 0) total.failures += 1
  } catch {
    console.log(`suite ${suite} ended without a report (exit ${result.status ?? result.signal})`)
    total.failures += 1
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function testFiles(folder) {
  try {
    return readdirSync(folder, { recursive: true })
      .filter((f) => f.endsWith('.test.js'))
      .map((f) => join(folder, f))
      .sort()
  } catch {
    return []
  }
}

function fail(message) {
  console.log(message)
  console.log(`\n${total.passes} passed, ${Math.max(1, total.failures)} failed, ${total.pending} skipped`)
  process.exit(1)
}
