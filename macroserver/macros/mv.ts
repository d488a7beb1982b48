// Motions.

import { defineMacro, motionTable } from 'bandoneon/macroserver'

const parameters = {
  motor_pos_list: {
    doc: 'Moveables and positions',
    repeat: { motor: { type: 'Moveable', doc: 'Moveable to move' }, pos: { type: 'Float', doc: 'Position' } },
  },
} as const

/** `mv mot01 1.5 mot02 3` */
export const mv = defineMacro({
  doc: 'Moves to absolute positions and waits for the end.',
  hooks: ['pre-move', 'post-move'],
  parameters,
  async run({ move }, { motor_pos_list }) {
    await move(motor_pos_list.map(({ motor, pos }) => ({ moveable: motor, position: pos })))
  },
})

/** `mvr mot01 0.5` */
export const mvr = defineMacro({
  doc: 'Moves relative to the present positions and waits for the end.',
  hooks: ['pre-move', 'post-move'],
  parameters,
  async run({ move, positions }, { motor_pos_list }) {
    const here = await positions(motor_pos_list.map((p) => p.motor))
    await move(motor_pos_list.map(({ motor, pos }, i) => ({ moveable: motor, position: (here[i] ?? 0) + pos })))
  },
})

/** `umv mot01 1.5` */
export const umv = defineMacro({
  doc: 'Moves to absolute positions and shows them while they change.',
  hooks: ['pre-move', 'post-move'],
  parameters,
  async run(context, { motor_pos_list }) {
    const moveables = motor_pos_list.map((p) => p.motor)
    const names = moveables.map((m) => m.name)
    let moving = true
    const motion = context
      .move(motor_pos_list.map(({ motor, pos }) => ({ moveable: motor, position: pos })))
      .finally(() => {
        moving = false
      })
    const failed = motion.then(
      () => undefined,
      () => undefined,
    )
    while (moving) {
      context.outputBlock(motionTable(names, await context.positions(moveables)))
      await Promise.race([failed, context.sleep(0.1)])
    }
    context.outputBlock(motionTable(names, await motion))
  },
})
