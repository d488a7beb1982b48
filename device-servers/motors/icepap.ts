// IcePAP motor controller (ESRF): one master with up to 128 axes, text protocol over TCP.

import { defineMotorController, type Line, rampedDurationMs } from 'bandoneon/device-servers'
import {
  abortCommand,
  axesOfRack,
  COMMAND_END,
  checkAcknowledged,
  definePositionCommand,
  isComplete,
  moveCommand,
  parameterCommand,
  parameterQuestion,
  parseHex,
  parseIntegers,
  parseNumber,
  parseRacks,
  parseStatuses,
  parseSwitch,
  positionQuestion,
  powerCommand,
  statusQuestion,
  stopCommand,
} from './icepap-protocol.ts'

/** What the driver remembers of an axis, to foretell how long a motion takes; other clients may change the truth. */
interface Known {
  steps?: number
  velocity?: number
  acceleration?: number
}

export default defineMotorController({
  doc: 'IcePAP motor controller, text protocol over TCP.',
  properties: {
    host: { type: 'DevString', mandatory: true, doc: 'Host name or address of the master.' },
    port: { type: 'DevLong', default: 5000, minValue: 1, maxValue: 65535 },
    axes: { type: 'DevVarLongArray', default: [], doc: 'Axis numbers, 10 rack + slot; empty: all that answer.' },
    timeoutMs: { type: 'DevLong', default: 1000, minValue: 1, unit: 'ms', doc: 'Longest wait for an answer.' },
  },
  async connect({ host, port, axes, timeoutMs }, { openLine }) {
    const line = await openLine(host, port, { end: COMMAND_END, timeoutMs, complete: isComplete })
    const known = new Map<number, Known>()
    const of = (axis: number): Known => {
      const found = known.get(axis) ?? {}
      known.set(axis, found)
      return found
    }
    line.onConnectionChange(() => known.clear())

    const command = async (text: string): Promise<void> => checkAcknowledged(text, await line.ask(text))

    const position = async (asked: readonly number[]): Promise<number[]> => {
      const question = positionQuestion(asked)
      const values = parseIntegers(question, await line.ask(question), asked.length)
      asked.forEach((axis, index) => {
        const steps = values[index]
        if (steps !== undefined) of(axis).steps = steps
      })
      return values
    }

    const parameters = async (axis: number): Promise<{ velocity: number; acceleration: number }> => {
      const ask = async (name: 'VELOCITY' | 'ACCTIME'): Promise<number> => {
        const question = parameterQuestion(name, axis)
        return parseNumber(question, await line.ask(question))
      }
      const [velocity, acceleration] = await Promise.all([ask('VELOCITY'), ask('ACCTIME')])
      Object.assign(of(axis), { velocity, acceleration })
      return { velocity, acceleration }
    }

    /** Duration of a motion in ms from the known position; asks for speeds only when they are not known. */
    const duration = async (axis: number, target: number): Promise<number> => {
      const { steps = target } = of(axis)
      let { velocity, acceleration } = of(axis)
      if (velocity === undefined || acceleration === undefined) ({ velocity, acceleration } = await parameters(axis))
      return rampedDurationMs(Math.abs(target - steps), velocity, acceleration)
    }

    return {
      axes: axes.length > 0 ? axes : await findAxes(line),
      async status(asked) {
        const question = statusQuestion(asked)
        return parseStatuses(question, await line.ask(question), asked.length)
      },
      position,
      async start(moves) {
        const rounded = moves.map(({ axis, target }) => ({ axis, target: Math.round(target) }))
        const unknown = rounded.map(({ axis }) => axis).filter((axis) => of(axis).steps === undefined)
        if (unknown.length > 0) await position(unknown)
        const durations = await Promise.all(rounded.map(({ axis, target }) => duration(axis, target)))
        // the next question for the position is after the motion; until then nothing is known
        for (const { axis } of rounded) delete of(axis).steps
        await command(moveCommand(rounded))
        return durations
      },
      stop: (asked) => command(stopCommand(asked)),
      abort: (asked) => command(abortCommand(asked)),
      async definePosition(axis, steps) {
        delete of(axis).steps
        await command(definePositionCommand(axis, Math.round(steps)))
      },
      parameters,
      async setParameters(axis, { velocity, acceleration }) {
        // velocity first: the box keeps the time of the ramp, not its slope
        if (velocity !== undefined) await command(parameterCommand('VELOCITY', axis, velocity))
        if (acceleration !== undefined) await command(parameterCommand('ACCTIME', axis, acceleration))
        known.delete(axis)
      },
      async power(axis) {
        const question = parameterQuestion('POWER', axis)
        return parseSwitch(question, await line.ask(question))
      },
      setPower: (axis, on) => command(powerCommand(axis, on)),
      async send(text) {
        const trimmed = text.trim()
        // a command without `#` would not be answered; broadcasts never are
        if (trimmed.startsWith(':')) {
          await line.tell(trimmed)
          return ''
        }
        const answered = trimmed.includes('?') || trimmed.startsWith('#')
        return line.ask(answered ? trimmed : `#${trimmed}`)
      },
      close: () => line.close(),
    }
  },
})

async function findAxes(line: Line): Promise<number[]> {
  const racks = parseRacks('?SYSSTAT', await line.ask('?SYSSTAT'))
  const found: number[] = []
  for (const rack of racks) {
    const question = `?SYSSTAT ${rack}`
    const [, alive = 0] = parseHex(question, await line.ask(question), 2)
    found.push(...axesOfRack(rack, alive))
  }
  return found
}
