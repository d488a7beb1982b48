// `npm run fuzz`: the long run. Options: `--minutes 10`, `--seed 1`, `--cases 1000`, `--case 17` repeats one case.

import { parseArgs } from 'node:util'
import { describeFinding, runCampaign } from './campaign.ts'
import { HealthyClient } from './healthy-client.ts'
import { TargetProcess } from './target-process.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    cases: { type: 'string', default: 'Infinity' },
    case: { type: 'string' },
    plain: { type: 'boolean', default: false },
  },
})
const seed = Number(values.seed)
const single = values.case === undefined ? undefined : Number(values.case)
const guided = single === undefined && !values.plain
const end = performance.now() + Number(values.minutes) * 60_000

await using target = await TargetProcess.start({}, { coverage: guided })
const before = await target.measure()
const client = await HealthyClient.start(target.address)
const start = performance.now()
const result = await runCampaign(target, {
  seed,
  guided,
  ...(single === undefined ? { cases: Number(values.cases) } : { first: single, cases: 1 }),
  until: () => performance.now() > end,
})
const seconds = (performance.now() - start) / 1000
const health = await client.stop()
for (const finding of result.findings) console.log(describeFinding(finding))
for (const failure of health.failures.slice(0, 10)) console.log(`healthy client: ${failure}`)
console.log(`${result.cases} cases of seed ${seed} in ${seconds.toFixed(0)} s, ${result.replies} replies`)
console.log(
  `healthy client: ${health.calls} calls, ${health.failures.length} failed, 99 % within ${health.p99Ms.toFixed(1)} ms`,
)
if (target.death === undefined) {
  const after = await target.measure()
  const mib = (octets: number): string => `${(octets / 2 ** 20).toFixed(1)} MiB`
  console.log(
    `heap ${mib(before.heap)} -> ${mib(after.heap)}, ${after.connections} connections left, ${after.held} octets held`,
  )
  if (guided) {
    const { reached, all } = await target.newlyReached()
    console.log(`${result.kept} cases kept; ${reached} of ${all} known blocks of the protocol reached`)
  }
}
process.exitCode = result.findings.length > 0 || health.failures.length > 0 || target.death !== undefined ? 1 : 0
