// Where the moveables are.

import { ctime, defineMacro, motionTable } from 'bandoneon/macroserver'

/** `wa` */
export const wa = defineMacro({
  doc: 'Shows the positions of all moveables.',
  parameters: {
    filter: {
      doc: 'Names to show',
      min: 0,
      repeat: { filter: { type: 'String', default: '.*', doc: 'Regular expression for names' } },
    },
  },
  async run(context, { filter }) {
    const patterns = filter.map((f) => new RegExp(`^(?:${f.filter})$`, 'i'))
    const wanted = (name: string) => patterns.length === 0 || patterns.some((pattern) => pattern.test(name))
    const moveables = context.elements('Moveable').filter((m) => wanted(m.name))
    if (moveables.length === 0) return context.output('No moveables')
    const found = await Promise.allSettled(moveables.map((m) => context.positions([m])))
    const positions = found.map((f) => (f.status === 'fulfilled' ? (f.value[0] ?? Number.NaN) : Number.NaN))
    context.output(`Current positions on ${ctime(Date.now() / 1000)}`, '')
    context.output(
      ...motionTable(
        moveables.map((m) => m.name),
        positions,
      ),
    )
  },
})

/** `wm mot01 mot02` */
export const wm = defineMacro({
  doc: 'Shows positions and limits of moveables.',
  parameters: { motor_list: { doc: 'Moveables', repeat: { motor: { type: 'Moveable', doc: 'Moveable to show' } } } },
  async run(context, { motor_list }) {
    const moveables = motor_list.map((p) => p.motor)
    const [positions, limits] = await Promise.all([
      context.positions(moveables),
      Promise.all(moveables.map((m) => context.limits(m))),
    ])
    const text = (value: number) => (Number.isFinite(value) ? value.toFixed(4) : 'Not specified')
    const rows: [string, string[]][] = [
      ['', moveables.map((m) => m.name)],
      ['High', limits.map(([, high]) => text(high))],
      ['Current', positions.map((p) => p.toFixed(4))],
      ['Low', limits.map(([low]) => text(low))],
    ]
    for (const [title, cells] of rows)
      context.output(`${title.padStart(8)} ${cells.map((c) => c.padStart(14)).join(' ')}`)
  },
})
