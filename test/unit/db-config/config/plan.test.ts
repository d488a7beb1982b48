// What has to happen to devices when the database changes, and in which order.
import assert from 'node:assert/strict'
import { type Applied, applied } from '../../../../db-config/config/apply.ts'
import { parseBeamline } from '../../../../db-config/config/beamline-file.ts'
import { changeLines } from '../../../../db-config/config/change.ts'
import { inverse, type Step, stepsOf } from '../../../../db-config/config/plan.ts'
import { memoryStore } from '../../../../db-config/store/memory-store.ts'
import type { Store } from '../../../../db-config/store/store.ts'
import { SMALL } from './small-beamline.ts'

describe('stepsOf', () => {
  let store: Store

  beforeEach(() => {
    store = memoryStore()
    applied(store, parseBeamline(SMALL, 'small.yaml'))
  })

  afterEach(() => {
    store.close()
  })

  function steps(...replacements: readonly (readonly [string, string])[]): readonly Step[] {
    return apply(...replacements).steps
  }

  function apply(
    ...replacements: readonly (readonly [string, string])[]
  ): Pick<Applied, 'changes'> & { steps: readonly Step[] } {
    let text = SMALL
    for (const [from, to] of replacements) {
      assert.ok(text.includes(from), from)
      text = text.replace(from, to)
    }
    let found: readonly Step[] = []
    const { changes } = applied(store, parseBeamline(text, 'small.yaml'), {
      alongside: (application) => {
        found = stepsOf(store, application)
      },
    })
    return { changes, steps: found }
  }

  const brief = (list: readonly Step[]): readonly string[] => list.map(({ action, device }) => `${action} ${device}`)

  it('takes none when nothing has changed', () => {
    assert.deepEqual(steps(), [])
  })

  it('creates a new axis and tells the pool, and touches nothing else', () => {
    const list = steps(['{ name: m2, axis: 2 }', '{ name: m2, axis: 2 }\n      - { name: m3, axis: 3 }'])
    assert.deepEqual(brief(list), ['create motor/motors/3', 'reload pool/small/1'])
  })

  it('restarts a device whose property or setting has changed', () => {
    assert.deepEqual(brief(steps(['[-1, 1]', '[-2, 1]'])), ['restart motor/motors/1', 'reload pool/small/1'])
  })

  it('brings what is used before its users, and takes users away before what they use', () => {
    const more = 'measurementGroups:\n  - { name: later, channels: [x1] }'
    const controller = '  - { name: extra, type: counter, driver: dummy-counter, axes: [{ name: x1, axis: 1 }] }\n'
    const coming = steps(['measurementGroups:', `${controller}${more}`])
    assert.deepEqual(brief(coming), [
      'create controller/dummy-counter/extra',
      'create expchan/extra/1',
      'reload pool/small/1',
      'create mntgrp/p/later',
    ])
    assert.deepEqual(brief(steps()), [
      'remove mntgrp/p/later',
      'remove expchan/extra/1',
      'remove controller/dummy-counter/extra',
      'reload pool/small/1',
    ])
  })

  it('initialises a macro server with new values again', () => {
    assert.deepEqual(brief(steps(['Limit: 2.5', 'Limit: 3'])), ['init macroserver/small/1'])
  })

  it('removes a moved device from its old server and creates it in the new one', () => {
    const list = steps(
      ['servers: [', 'servers: [Controllers/x, '],
      ['name: motors\n', 'name: motors\n    server: Controllers/x\n'],
    )
    const moved = list.filter(({ device }) => device === 'motor/motors/1')
    assert.deepEqual(
      moved.map(({ action, server }) => `${action} ${server}`),
      ['remove Pool/small', 'create Controllers/x'],
    )
  })

  it('has an inverse that leads back in the right order', () => {
    const more = '{ name: m2, axis: 2 }\n      - { name: m3, axis: 3 }'
    assert.deepEqual(brief(inverse(steps(['{ name: m2, axis: 2 }', more]))), [
      'remove motor/motors/3',
      'reload pool/small/1',
    ])
  })

  it('is told to people with one line for what comes, goes or changes', () => {
    const { changes } = apply(['[-1, 1]', '[-2, 1]'], ['\n      - { name: m2, axis: 2 }', ''], ['[m2, m1]', '[m1]'])
    const lines = changeLines(changes)
    assert.ok(lines.includes('- motor/motors/2: Motor in Pool/small'), lines.join('\n'))
    assert.ok(lines.includes('~ motor/motors/1/Position->min_value: -1 -> -2'), lines.join('\n'))
    assert.ok(!lines.some((line) => line.includes('motor/motors/2->Axis')), lines.join('\n'))
  })
})
