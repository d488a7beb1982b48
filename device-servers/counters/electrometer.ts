// ALBA Em# electrometer: four currents, software-triggered integrations, text protocol over TCP.

import { defineCounterController } from 'bandoneon/device-servers'
import { devFailed } from 'bandoneon/tango/pure'
import {
  CHANNELS,
  checkAcknowledged,
  checkIdentity,
  identityQuestion,
  instantQuestion,
  LONGEST_MS,
  parseCurrent,
  parseLastPoint,
  prepareCommands,
  SHORTEST_MS,
  startCommand,
  stopCommand,
  valuesQuestion,
} from './electrometer-protocol.ts'

/** Pause between two questions for values that are late. */
const POLL_MS = 1

export default defineCounterController({
  doc: 'ALBA Em# electrometer, four currents in nA, text protocol over TCP.',
  properties: {
    host: { type: 'DevString', mandatory: true, doc: 'Host name or address of the box.' },
    port: { type: 'DevLong', default: 5025, minValue: 1, maxValue: 65535 },
    timeoutMs: { type: 'DevLong', default: 1000, minValue: 1, unit: 'ms', doc: 'Longest wait for an answer.' },
  },
  async connect({ host, port, timeoutMs }, { openLine, wait, now }) {
    const line = await openLine(host, port, { end: '\n', timeoutMs })
    checkIdentity(await line.ask(identityQuestion))
    let preparedMs: number | undefined
    line.onConnectionChange(() => {
      preparedMs = undefined
    })

    const command = async (text: string): Promise<void> => checkAcknowledged(text, await line.ask(text))

    const prepare = async (integrationTime: number): Promise<void> => {
      const timeMs = integrationTime * 1000
      if (!(timeMs >= SHORTEST_MS && timeMs <= LONGEST_MS)) {
        const range = `${SHORTEST_MS / 1000} s to ${LONGEST_MS / 1000} s`
        throw devFailed('API_InvalidArgs', `integration time ${integrationTime} s: the electrometer takes ${range}`)
      }
      for (const text of prepareCommands(timeMs)) await command(text)
      preparedMs = timeMs
    }

    return {
      axes: Array.from({ length: CHANNELS }, (_, index) => index + 1),
      prepare: (_axes, integrationTime) => prepare(integrationTime),
      async acquire(axes, integrationTime, _index, signal) {
        if (preparedMs !== integrationTime * 1000) await prepare(integrationTime)
        await command(startCommand)
        const dueMs = now() + integrationTime * 1000
        try {
          await wait(integrationTime * 1000, signal)
          for (;;) {
            const point = parseLastPoint(await line.ask(valuesQuestion))
            if (point !== undefined) return axes.map((axis) => point[axis - 1] ?? Number.NaN)
            if (now() - dueMs > timeoutMs) {
              throw devFailed(
                'Controller_DriverFailed',
                `electrometer ${host}:${port}: no values ${timeoutMs} ms after the exposure`,
              )
            }
            await wait(POLL_MS, signal)
          }
        } catch (error) {
          if (!signal.aborted) throw error
          await command(stopCommand)
          // an integration that is cut off gives no value
          return axes.map(() => Number.NaN)
        }
      },
      async read(axes) {
        const currents: number[] = []
        for (const axis of axes) {
          const question = instantQuestion(axis)
          currents.push(parseCurrent(question, await line.ask(question)))
        }
        return currents
      },
      send: (text) => line.ask(text.trim()),
      close: () => line.close(),
    }
  },
})
