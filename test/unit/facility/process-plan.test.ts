import assert from 'node:assert/strict'
import { planProcesses } from '../../../facility/process-plan.ts'

const BEAMLINE = {
  servers: ['MacroServer/b1', 'Recorder/b1', 'Pool/b1', 'Controllers/one', 'Controllers/two'],
  recorders: ['Recorder/b1'],
}

describe('planProcesses', () => {
  it('puts all but the recorders into one process in the fast layout, what others need first', () => {
    assert.deepEqual(planProcesses(BEAMLINE, false), [
      { name: 'main', servers: ['Controllers/one', 'Controllers/two', 'Pool/b1', 'MacroServer/b1'] },
      { name: 'recorder-b1', servers: ['Recorder/b1'] },
    ])
  })

  it('gives each server a process in the isolated layout, started after the one that it needs', () => {
    assert.deepEqual(planProcesses(BEAMLINE, true), [
      { name: 'database', servers: [] },
      { name: 'controllers-one', servers: ['Controllers/one'] },
      { name: 'controllers-two', servers: ['Controllers/two'] },
      { name: 'pool-b1', servers: ['Pool/b1'], after: 'controllers-two' },
      { name: 'macroserver-b1', servers: ['MacroServer/b1'], after: 'pool-b1' },
      { name: 'recorder-b1', servers: ['Recorder/b1'] },
    ])
  })

  it('keeps a database that waits for another host apart from the servers also in the fast layout', () => {
    assert.deepEqual(planProcesses(BEAMLINE, false, true), [
      { name: 'database', servers: [] },
      { name: 'main', servers: ['Controllers/one', 'Controllers/two', 'Pool/b1', 'MacroServer/b1'] },
      { name: 'recorder-b1', servers: ['Recorder/b1'] },
    ])
  })

  it('needs one process for two recorders of one server', () => {
    const plan = planProcesses({ servers: ['Recorder/b1'], recorders: ['Recorder/b1', 'Recorder/b1'] }, false)
    assert.deepEqual(
      plan.map(({ name }) => name),
      ['main', 'recorder-b1'],
    )
  })
})
