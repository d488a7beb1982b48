// `npm run soak -- --minutes 60`: the long run; also `--seed 1`. Needs `node --expose-gc` for exact figures of memory.
// The last line is the result as JSON.

import { parseArgs } from 'node:util'
import { soak } from './soak.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}, ${values.minutes} minutes`)
const result = await soak({ seconds: Number(values.minutes) * 60, seed, report: (line) => console.log(line) })
for (const problem of result.problems.slice(0, 50)) console.log(`PROBLEM ${problem}`)
console.log(JSON.stringify({ ...result, problems: result.problems.length }))
process.exitCode = result.problems.length > 0 ? 1 : 0
