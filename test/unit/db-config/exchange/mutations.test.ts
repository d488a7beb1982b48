// Imports of damaged configurations: refused with a place, or a file of which the check complains at most of names.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseBeamline } from '../../../../db-config/config/beamline-file.ts'
import { importBliss } from '../../../../db-config/exchange/bliss.ts'
import { storeDatabase } from '../../../../db-config/exchange/database-view.ts'
import { importDsconfig } from '../../../../db-config/exchange/dsconfig.ts'
import { planDsconfig } from '../../../../db-config/exchange/dsconfig-plan.ts'
import type { ImportResult } from '../../../../db-config/exchange/report.ts'
import { importSardanaPool, importSardanaYaml } from '../../../../db-config/exchange/sardana.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import { DevFailed } from '../../../../tango/errors/dev-failed.ts'

const FIXTURES = new URL('../../../../../test/unit/db-config/exchange/fixtures/', import.meta.url).pathname
const ROUNDS = 80
const ODD = ['x y', '"é/ü"', '-1', '0', 'null', '[]', '{}', '1e400', '~', 'a:b', '""', '!tag z']
const NAMES = /already taken|already described|it should be a name of letters/

/** The same damage in every run. */
class Damage {
  #seed: number

  constructor(seed: number) {
    this.#seed = seed
  }

  below(limit: number): number {
    this.#seed = (this.#seed * 1103515245 + 12345) % 2147483648
    return Math.floor((this.#seed / 2147483648) * limit)
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.below(items.length)]
  }

  /** Removes, doubles, swaps and changes lines. */
  of(text: string): string {
    const lines = text.split('\n')
    for (let left = this.below(3) + 1; left > 0; left -= 1) {
      const at = this.below(lines.length)
      const line = lines[at] ?? ''
      const other = this.pick(lines) ?? ''
      const kind = this.below(5)
      if (kind === 0) lines.splice(at, 1)
      else if (kind === 1) lines.splice(at, 0, other)
      else if (kind === 2) lines[at] = other
      else if (kind === 3) lines[at] = line.replace(/: .*/, ':')
      else lines[at] = line.replace(/[\w.]+/g, (word) => (this.below(4) === 0 ? (this.pick(ODD) ?? '') : word))
    }
    return lines.join('\n')
  }
}

/** @returns whether it was refused */
function judge(what: string, run: () => ImportResult): boolean {
  let result: ImportResult
  try {
    result = run()
  } catch (error) {
    assert.ok(error instanceof DevFailed && error.reason === 'Exchange_Invalid', `${what}: ${String(error)}`)
    assert.match(error.message, /:\d+:\d+: /, what)
    return true
  }
  try {
    parseBeamline(result.documents[0]?.text ?? '', 'b.yaml')
  } catch (error) {
    const lines =
      error instanceof DevFailed ? error.message.replace('Beamline_Invalid: ', '').split('\n') : [String(error)]
    assert.deepEqual(
      lines.filter((line) => !NAMES.test(line)),
      [],
      `${what}\n${result.documents[0]?.text}`,
    )
  }
  return false
}

describe('Imports of damaged configurations', function () {
  this.timeout(20_000)

  it('refuse a Sardana configuration with a place, or make a file', () => {
    const damage = new Damage(1)
    const text = readFileSync(join(FIXTURES, 'sardana.yaml'), 'utf8')
    let refused = 0
    for (let round = 0; round < ROUNDS; round += 1) {
      const damaged = damage.of(text)
      const unknownDrivers = damage.pick(['keep', 'comment', 'dummy'] as const)
      if (judge(damaged, () => importSardanaYaml(damaged, { unknownDrivers }))) refused += 1
    }
    assert.ok(refused > 0 && refused < ROUNDS, `${refused} of ${ROUNDS} were refused`)
  })

  it('refuse a BLISS configuration with a place, or make a file', () => {
    const damage = new Damage(2)
    const folder = join(FIXTURES, 'bliss')
    const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.yml'))
    const files = new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]))
    for (let round = 0; round < ROUNDS; round += 1) {
      const path = damage.pick(paths) ?? ''
      const damaged = damage.of(files.get(path) ?? '')
      const unknownDrivers = damage.pick(['keep', 'comment', 'dummy'] as const)
      judge(`${path}\n${damaged}`, () => importBliss(new Map([...files, [path, damaged]]), { unknownDrivers }))
    }
  })

  it('go on reading a pool of which properties are missing or wrong', async () => {
    const damage = new Damage(3)
    const { config } = importDsconfig(readFileSync(join(FIXTURES, 'native-numbers.json'), 'utf8'))
    const store = memoryStore()
    try {
      const database = storeDatabase(store)
      await database.apply((await planDsconfig(database, config)).steps)
      const devices = store.devices.list({ server: 'Sardana/bl97' }).map(({ name }) => name)
      for (let round = 0; round < ROUNDS / 2; round += 1) {
        const place = { scope: 'device', owner: damage.pick(devices) ?? '' } as const
        const [name, before] = damage.pick([...store.properties.all(place)]) ?? ['', []]
        if (name === '') continue
        const values = damage.pick([[], ['99'], ['', 'x'], ['nothing'], before.slice(1), [...before, ...before]]) ?? []
        if (values.length === 0) store.properties.delete(place, name)
        else store.properties.put(place, name, values)
        const what = `${place.owner}->${name} = ${JSON.stringify(values)}`
        try {
          const result = await importSardanaPool(database)
          judge(what, () => result)
        } catch (error) {
          assert.ok(error instanceof DevFailed && error.reason === 'Exchange_Invalid', `${what}: ${String(error)}`)
          assert.ok(error.message.includes(place.owner), `${what}: ${error.message}`)
        }
        store.properties.put(place, name, before)
      }
    } finally {
      store.close()
    }
  })
})
