// A driver file: put it into device-servers/motors (or a folder of PluginPath) and name it `acme` in the beamline file.

import { defineMotorController } from 'bandoneon/device-servers'

export default defineMotorController({
  doc: 'ACME controller with four axes, text protocol over TCP: `POS? 1` answers `1234`.',
  properties: {
    host: { type: 'DevString', mandatory: true, doc: 'Address of the box' },
    port: { type: 'DevLong', default: 5000 },
  },
  async connect({ host, port }, { openLine }) {
    const line = await openLine(host, port)
    const each = <T>(axes: readonly number[], ask: (axis: number) => Promise<T>) => Promise.all(axes.map(ask))
    return {
      axes: [1, 2, 3, 4],
      position: (axes) => each(axes, async (axis) => Number(await line.ask(`POS? ${axis}`))),
      status: (axes) =>
        each(axes, async (axis) => {
          const bits = Number(await line.ask(`STAT? ${axis}`))
          const state = (bits & 1) === 0 ? 'ON' : 'MOVING'
          return { state, home: false, upper: (bits & 2) !== 0, lower: (bits & 4) !== 0 } as const
        }),
      async start(moves) {
        await line.ask(`MOVE ${moves.map(({ axis, target }) => `${axis} ${target}`).join(' ')}`)
        return undefined // the box does not say how long it will take
      },
      async stop(axes) {
        await line.ask(`STOP ${axes.join(' ')}`)
      },
      async abort(axes) {
        await line.ask(`KILL ${axes.join(' ')}`)
      },
      close: () => line.close(),
    }
  },
})
