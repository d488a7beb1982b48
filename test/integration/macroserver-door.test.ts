import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { door as doorInterface } from '#interfaces/door'
import { macroServer } from '#interfaces/macro-server'
import { decodeEncoded, encodePickle, type TangoProcess } from '#tango'
import type { DoorWatch, MacroStatusEntry } from '../support/door-watch.ts'
import { TestFacility } from '../support/facility.ts'
import { eventually } from '../support/waiting.ts'

const BEAMLINE = `
version: 1
name: trial
servers: [Pool/trial, MacroServer/trial, Recorder/trial]
pool: { server: Pool/trial, device: pool/trial/1, alias: Pool_trial }
controllers:
  - name: dmot
    type: motor
    driver: dummy-motor
    properties: { axisCount: 2 }
    axes: [{ name: dmot01, axis: 1, limits: [-10, 10] }, { name: dmot02, axis: 2 }]
  - name: slow
    type: motor
    driver: dummy-motor
    properties: { axisCount: 1, velocity: 1 }
    axes: [{ name: slow01, axis: 1, velocity: 1 }]
  - name: dct
    type: counter
    driver: dummy-counter
    properties: { axisCount: 2 }
    axes: [{ name: dct01, axis: 1 }, { name: dct02, axis: 2 }]
measurementGroups:
  - { name: mg_trial, channels: [dct01, dct02] }
macroServer:
  server: MacroServer/trial
  device: macroserver/trial/1
  alias: MS_trial
  macroPath: [MACROS]
  environment: { ActiveMntGrp: mg_trial }
doors:
  - { device: door/trial/1, alias: Door_trial }
recorders:
  - { server: Recorder/trial, device: recorder/trial/1 }
`

describe('a Door with its child process', function () {
  this.timeout(60_000)
  let folder = ''
  let facility: TestFacility
  let door: DoorWatch
  let client: TangoProcess

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-door-'))
    const beamline = join(folder, 'trial.yaml')
    writeFileSync(beamline, BEAMLINE.replace('MACROS', fileURLToPath(new URL('../support/macros', import.meta.url))))
    facility = await TestFacility.start({ data: join(folder, 'data'), beamline })
    door = await facility.door()
    client = await facility.client()
  })

  after(async () => {
    await door?.close()
    await facility?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const server = () => client.proxy('macroserver/trial/1', macroServer)
  const proxy = () => client.proxy('door/trial/1', doorInterface)
  const stepped = () => door.statuses.at(-1)?.state === 'step'
  const running = () => door.statuses.at(-1)?.state === 'start'
  const states = (statuses: readonly { readonly state: string }[]) => statuses.map((s) => s.state)

  const stackOf = (status: MacroStatusEntry | undefined): string[] => {
    assert.ok(Array.isArray(status?.exc_stack))
    return status.exc_stack.map(String)
  }

  it('tells a scan line by line, saves it, and is ON only then', async () => {
    const { state, states: seen, output, info, statuses } = await door.run(['ascan', 'dmot01', '0', '1', '4', '0.001'])
    assert.equal(state, 'ON')
    assert.deepEqual(seen, ['RUNNING', 'ON'])
    assert.match(output[0] ?? '', /#Pt No\s+dmot01\s+dct01\s+dct02\s+dt/)
    assert.equal(output.length, 6)
    assert.match(output[5] ?? '', /^\s*4\s+1\s/)
    assert.equal(statuses[0]?.state, 'start')
    assert.match(String(statuses[0]?.macro_line), /^ascan\(dmot01, 0\.0, 1\.0, 4, 0\.001\) -> -\d+$/)
    assert.deepEqual([statuses.at(-2)?.state, statuses.at(-2)?.step], ['step', 100])
    assert.deepEqual([statuses.at(-1)?.state, statuses.at(-1)?.step], ['finish', 100])
    const saved =
      /^Operation saved in (.*)$/.exec(info.find((line) => line.startsWith('Operation saved')) ?? '')?.[1] ?? ''
    assert.match(saved, /scans\/scan_\d{5}\.h5$/)
    assert.ok(existsSync(saved))
  })

  it('answers RunMacro with XML and runs what Spock sends', async () => {
    const xml =
      '<sequence><macro name="mv" id="u-1"><paramrepeat name="motor_pos_list"><repeat nr="1"><param name="motor" value="dmot01"/>' +
      '<param name="pos" value="2"/></repeat></paramrepeat></macro><macro name="ct" id="u-2"><param name="integ_time" value="0.001"/><param name="countable_elem"/></macro></sequence>'
    const from = door.statuses.length
    const finished = () => states(door.statuses.slice(from)).filter((state) => state === 'finish').length
    const ended = door.until('both macros', () => finished() === 2)
    assert.deepEqual(await proxy().command('runMacro', [xml]), [xml])
    await ended
    assert.deepEqual(
      door.statuses.slice(from).map((s) => [s.id, s.state]),
      [
        ['u-1', 'start'],
        ['u-1', 'finish'],
        ['u-2', 'start'],
        ['u-2', 'finish'],
      ],
    )
    await door.until('the end', () => door.states.at(-1) === 'ON')
  })

  it('refuses unknown macros and wrong parameters without running, with the usage', async () => {
    const before = door.states.length
    await assert.rejects(proxy().command('runMacro', ['asacn', 'dmot01']), /Macro_Unknown.*did you mean ascan/)
    await assert.rejects(
      proxy().command('runMacro', ['ascan', 'dmot01', '0']),
      /Macro_ParametersWrong.*final_pos.*\nusage: ascan/,
    )
    await assert.rejects(proxy().command('runMacro', ['ascan', 'nomot', '0', '1', '2', '0.1']), /'nomot'.*Moveable/)
    assert.equal(door.states.length, before)
  })

  it('accepts a wrong request in XML and ends it in ALARM with an exception under its id, as clients expect', async () => {
    const {
      state,
      states: seen,
      error,
      statuses,
    } = await door.run(['<macro name="mv" id="w-1"><param name="a"/></macro>'])
    assert.equal(state, 'ALARM')
    assert.deepEqual(seen, ['RUNNING', 'ALARM'])
    assert.match(error.join('\n'), /needs at least 1 times motor:Moveable pos:Float, 0 given\nusage: mv/)
    assert.deepEqual(
      statuses.map((s) => [s.id, s.state, s.exc_type]),
      [['w-1', 'exception', 'Macro_ParametersWrong']],
    )
    for (const line of stackOf(statuses[0])) assert.ok(line.endsWith('\n'))
  })

  it('refuses targets beyond the limits before anything moves and does not use up a scan number', async () => {
    await door.run(['mv', 'dmot01', '1'])
    const number = async () => {
      const value = decodeEncoded((await server().read('environment')).value ?? { format: '', data: new Uint8Array() })
      return (value as { new: { ScanID: number } }).new.ScanID
    }
    const before = await number()
    const { state, error } = await door.run(['ascan', 'dmot01', '0', '20', '2', '0.001'])
    assert.equal(state, 'ALARM')
    assert.match(error.join('\n'), /Motion_LimitExceeded: dmot01: 20.* upper limit 10/)
    assert.equal(await number(), before)
    assert.equal((await client.proxy('motor/dmot/1').read('Position')).value, 1)
  })

  it('stops a macro in an orderly way and aborts one at once', async () => {
    for (const [command, end] of [
      ['stopMacro', 'stop'],
      ['abortMacro', 'abort'],
    ] as const) {
      const { ended } = await door.start(['nap'])
      await door.until('the start', running)
      await door.proxy.command(command)
      const { state, statuses } = await ended
      assert.equal(state, 'ON')
      assert.deepEqual(states(statuses), ['start', end])
    }
  })

  it('stops motors that a macro moves', async () => {
    const { ended } = await door.start(['mv', 'slow01', '1000'])
    await door.until('the start', running)
    const motor = client.proxy('motor/slow/1')
    await eventually('the motion', async () => (await motor.state()) === 'MOVING')
    await door.proxy.command('stopMacro')
    assert.equal((await ended).state, 'ON')
    assert.equal(await motor.state(), 'ON')
  })

  it('pauses after a step, goes on, and can be stopped while paused', async () => {
    const { ended } = await door.start(['nap', '0.2'])
    await door.until('a step', stepped)
    await door.proxy.command('pauseMacro')
    await door.until('the pause', () => door.states.at(-1) === 'STANDBY')
    assert.equal(door.statuses.at(-1)?.state, 'pause')
    await door.proxy.command('resumeMacro')
    const { state, states: seen, statuses } = await ended
    assert.equal(state, 'ON')
    assert.deepEqual(seen, ['RUNNING', 'STANDBY', 'RUNNING', 'ON'])
    assert.equal(statuses.at(-1)?.state, 'finish')
    const second = await door.start(['nap', '0.2'])
    await door.until('a step', stepped)
    await door.proxy.command('pauseMacro')
    await door.until('the pause', () => door.states.at(-1) === 'STANDBY')
    await door.proxy.command('stopMacro')
    assert.equal((await second.ended).statuses.at(-1)?.state, 'stop')
  })

  it('refuses commands in the wrong state; AbortMacro never fails', async () => {
    for (const command of ['stopMacro', 'pauseMacro', 'resumeMacro', 'releaseMacro'] as const)
      await assert.rejects(
        door.proxy.command(command),
        /API_CommandNotAllowed: Command \w+ not allowed when the device is in ON state/,
      )
    await door.proxy.command('abortMacro')
    const { ended } = await door.start(['nap'])
    await assert.rejects(proxy().command('runMacro', ['wa']), /API_CommandNotAllowed.*RUNNING/)
    await assert.rejects(door.proxy.command('resumeMacro'), /API_CommandNotAllowed/)
    await door.proxy.command('stopMacro')
    await ended
  })

  it('hands questions to the console and answers back', async () => {
    const questions: string[] = []
    const subscription = await proxy().subscribe('input', 'change', (event) =>
      questions.push(event.reading?.value ?? ''),
    )
    const { ended } = await door.start(['ask'])
    await eventually('the question', () => questions.find((q) => q.includes('"How many [3]? "')))
    await proxy().write('input', '{"input": "many", "cancel": false}')
    await eventually('the second question', () => questions.filter((q) => q.includes('How many')).length === 2)
    await proxy().write('input', '{"input": "4", "cancel": false}')
    const { output, warning } = await ended
    assert.deepEqual(output, ['got 4'])
    assert.deepEqual(warning, ['Please give a valid integer.'])
    await subscription.close()
  })

  it('gives results to those who watch', async () => {
    const results: unknown[] = []
    const subscription = await proxy().subscribe('result', 'change', (event) => results.push(event.reading?.value))
    await door.run(['nap', '0'])
    await eventually('the result', () => results.some((r) => Array.isArray(r) && r[0] === '0'))
    await subscription.close()
  })

  it('ends in ALARM when a macro fails, and says where', async () => {
    const { state, error, statuses } = await door.run(['broken'])
    assert.equal(state, 'ALARM')
    assert.deepEqual(error, ['An error occurred while running broken:', 'TypeError: this macro is broken'])
    const last = statuses.at(-1)
    assert.deepEqual([last?.state, last?.exc_type, last?.exc_value], ['exception', 'TypeError', 'this macro is broken'])
    assert.ok(stackOf(last).some((line) => line.includes('trial')))
    assert.equal((await door.run(['nap', '0'])).state, 'ON', 'the next macro works')
  })

  it('survives forgotten promises and replaces a process that crashed', async () => {
    const forgotten = await door.run(['forget'])
    assert.equal(forgotten.state, 'ON')
    assert.match(forgotten.warning.join(), /nobody waits for me/)
    const before = facility.processId('door')
    const crashed = await door.run(['crash'])
    assert.equal(crashed.state, 'ALARM')
    assert.match(crashed.error.join('\n'), /thrown in a timer/)
    assert.equal(crashed.statuses.at(-1)?.state, 'exception')
    assert.equal((await door.run(['nap', '0'])).state, 'ON')
    assert.notEqual(facility.processId('door'), before)
  })

  it('releases a macro that never gives control back', async () => {
    const { ended } = await door.start(['busy'])
    await door.proxy.command('stopMacro')
    await door.proxy.command('abortMacro')
    await door.proxy.command('releaseMacro')
    assert.equal((await ended).state, 'ON')
    assert.equal((await door.run(['nap', '0'])).state, 'ON')
  })

  it('gives up a macro that does not end when aborted', async () => {
    const { ended } = await door.start(['stuck'])
    await door.until('the start', running)
    await door.proxy.command('abortMacro')
    const { state, statuses } = await ended
    assert.equal(state, 'ON')
    assert.equal(statuses.at(-1)?.state, 'abort')
    assert.equal((await door.run(['nap', '0'])).state, 'ON')
  })

  it('stops the motors of a macro whose process is killed, and runs the next one', async () => {
    const { ended } = await door.start(['mv', 'slow01', '1000'])
    const motor = client.proxy('motor/slow/1')
    await eventually('the motion', async () => (await motor.state()) === 'MOVING')
    facility.killProcess('door')
    const { state, error, statuses } = await ended
    assert.equal(state, 'ALARM')
    assert.match(error.join('\n'), /the process of the macro is gone: it was ended by SIGKILL/)
    assert.equal(statuses.at(-1)?.state, 'exception')
    await eventually('the end of the motion', async () => (await motor.state()) === 'ON')
    assert.equal((await door.run(['nap', '0'])).state, 'ON')
  })

  it('never uses a scan number twice, whatever is killed', async () => {
    const numberOf = (info: readonly string[]) => Number(/Scan #(\d+) started/.exec(info.join('\n'))?.[1])
    const first = await door.start(['ascan', 'dmot01', '0', '1', '1000', '0.01'])
    await door.until('points', stepped)
    facility.killProcess('door')
    const killed = numberOf((await first.ended).info)
    const next = numberOf((await door.run(['ascan', 'dmot01', '0', '1', '1', '0.001'])).info)
    assert.equal(next, killed + 1)
  })

  it('lets macros run macros and use their results', async () => {
    const { state, output } = await door.run(['centre', 'dmot02'])
    assert.equal(state, 'ON')
    assert.equal(output.at(-1), '5 points, now at 2')
  })

  it('keeps the last lines for readers and sends all lines to watchers', async () => {
    const { output } = await door.run(['chatter', '1500'])
    assert.equal(output.length, 1500)
    const kept = (await proxy().read('output')).value ?? []
    assert.deepEqual([kept.length, kept.at(-1)], [512, 'line 1499'])
  })

  it('restores the position after dscan and scans meshes', async () => {
    await door.run(['mv', 'dmot01', '3', 'dmot02', '4'])
    assert.equal((await door.run(['dscan', 'dmot01', '-1', '1', '2', '0.001'])).state, 'ON')
    assert.equal((await client.proxy('motor/dmot/1').read('Position')).value, 3)
    const { output } = await door.run(['mesh', 'dmot01', '0', '1', '1', 'dmot02', '0', '1', '1', '0.001', 'True'])
    assert.equal(output.length, 5)
  })

  it('keeps the environment, as macros and clients change it', async () => {
    const changes: unknown[] = []
    const subscription = await server().subscribe('environment', 'change', (event) => {
      if (event.counter !== undefined && event.reading?.value !== undefined)
        changes.push(decodeEncoded(event.reading.value))
    })
    await door.run(['senv', 'Trial', '[1,2]'])
    await eventually('the change', () => changes.length > 0)
    assert.deepEqual(changes[0], { new: { Trial: [1, 2] }, change: {}, del: [] })
    await server().write('environment', encodePickle({ new: { Trial: 'text', Other: 1 } }))
    assert.deepEqual((await door.run(['genv', 'Trial'])).output, ['Trial = text'])
    await server().write('environment', encodePickle({ del: ['Trial', 'Other'] }))
    assert.match((await door.run(['genv', 'Trial'])).error.join(), /Environment_Undefined: Trial is not set/)
    await eventually('the file', () => {
      const stored = JSON.parse(readFileSync(join(facility.data, 'environment.json'), 'utf8')) as Record<
        string,
        unknown
      >
      return typeof stored.ScanID === 'number' && !('Trial' in stored)
    })
    await subscription.close()
  })

  it('lists elements and macros as clients of Sardana need them', async () => {
    const elements = decodeEncoded((await server().read('elements')).value ?? { format: '', data: new Uint8Array() })
    const list = (elements as { new: Record<string, unknown>[] }).new
    const byName = (name: string) => list.find((e) => e.name === name && e.type !== 'MacroLibrary')
    assert.equal(byName('dmot01')?.pool, 'Pool_trial')
    assert.ok(!('manager' in (byName('dmot01') ?? {})))
    assert.deepEqual(byName('ascan')?.interfaces, ['MacroServerObject', 'Object', 'MacroCode', 'MacroClass', 'Class'])
    assert.equal(byName('Moveable')?.composed, true)
    const [info] = (await server().command('getMacroInfo', ['ascan', 'nothing'])) ?? []
    assert.equal((JSON.parse(info ?? '{}') as { name: string }).name, 'ascan')
    assert.deepEqual((await server().read('doorList')).value, ['door/trial/1'])
    assert.ok(((await server().read('macroList')).value ?? []).includes('nap'))
    assert.ok(((await server().read('typeList')).value ?? []).includes('Moveable*'))
    assert.deepEqual(await server().command('reloadMacro', ['nap']), ['OK'])
    await assert.rejects(server().command('reloadMacro', ['nothing']), /Macro_Unknown/)
    assert.equal((await door.run(['nap', '0'])).state, 'ON', 'in a new process')
  })

  it('shows macros, moveables and counters', async () => {
    assert.ok((await door.run(['lsdef', '.*scan'])).output.some((line) => line.includes('dscan')))
    assert.match((await door.run(['lsm'])).output.join('\n'), /dmot01\s+Motor/)
    assert.match((await door.run(['wa', 'dmot01'])).output.join('\n'), /dmot01/)
    assert.match((await door.run(['wm', 'dmot01'])).output.join('\n'), /High\s+10\.0000/)
    assert.match((await door.run(['ct', '0.001'])).output.join('\n'), /dct01 =/)
    assert.match((await door.run(['umv', 'dmot01', '1'])).output.join('\n'), /<BLOCK>/)
  })
})
