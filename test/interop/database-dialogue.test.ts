// A long dialogue with the native database, repeated with ours: same commands, same answers. What differs on purpose is
// listed with its reason.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { databaseCommands } from '../../db-config/server/commands.ts'
import { memoryStore } from '../../db-config/store/memory-store.ts'
import { ask, type Step, undated } from './dialogue-step.ts'

interface Difference {
  readonly why: string
  readonly ours: unknown
}

/** Keyed by command and argument. */
const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'DbGetServerInfo "Ed/3"': {
    why: 'the start-up record of a renamed server is renamed too, the native database leaves it behind',
    ours: ['Ed/3', 'myhost2', '1', '3'],
  },
  'DbGetDeviceAttributePropertyHist ["ed/p/1","at*","*"]': {
    why: 'a set point (__value) is not noted either when it is set together with other properties',
    ours: `At1 label DATE 1 L At1 x DATE 2 1 2 At2 unit DATE 1 mm At3 label DATE 1 L3 At3 unit DATE 1 u At4 unit DATE 1 mm
      At4 label DATE 1 l At4 Format DATE 1 %d at1 LABEL DATE 0 at2 unit DATE 0`.split(/\s+/),
  },
  'DbGetDeviceAttributePropertyHist ["ed/p/1","*","__value"]': {
    why: 'a set point is not noted either when it is set together with other properties',
    ours: [],
  },
  'DbGetDeviceInfo "ed/c/6"': {
    why: 'an alias does not change the time of the start',
    ours: { lvalue: [0, 0], svalue: ['ed/c/6', 'nada', '0', 'Ed/3', 'nada', '?', 'SPOKEN', 'Ed'] },
  },
}

describe('The database commands', () => {
  const golden = readFileSync(new URL('../../../test/interop/golden/database-dialogue.json', import.meta.url), 'utf8')
  const { steps } = JSON.parse(golden) as { steps: Step[] }

  it('answer a recorded dialogue as the native database does', () => {
    const store = memoryStore()
    const commands = databaseCommands(store, {
      name: 'sys/database/2',
      address: () => '127.0.0.1:10000',
      runningSince: '',
    })
    const failures: string[] = []
    const used = new Set<string>()
    for (const step of steps) {
      const key = `${step.command} ${JSON.stringify(step.argument)}`
      const difference = DIFFERENCES[key]
      if (difference !== undefined) used.add(key)
      // clients look at the reason of an error only; ours say more in the description
      const native = step.error ? { reason: step.error.reason } : { result: step.result }
      const expected = difference ? { result: difference.ours } : native
      const answer = ask(commands, step)
      if (undated(answer) !== undated(expected)) {
        failures.push(`${key}\n  expected ${undated(expected)}\n  got      ${undated(answer)}`)
      }
    }
    store.close()
    assert.deepEqual(failures, [])
    assert.deepEqual([...used], Object.keys(DIFFERENCES), 'a listed difference is not in the dialogue')
    assert.ok(steps.length > 300)
  })
})
