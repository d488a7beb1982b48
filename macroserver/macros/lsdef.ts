// Lists: macros and elements.

import { defineMacro, type MacroContext, textTable } from 'bandoneon/macroserver'

const parameters = {
  filter: {
    doc: 'Names to show',
    min: 0,
    repeat: { filter: { type: 'String', default: '.*', doc: 'Regular expression for names' } },
  },
} as const

/** `lsdef`, `lsdef .*scan` */
export const lsdef = defineMacro({
  doc: 'Lists the macros.',
  parameters,
  run(context, { filter }) {
    const accepted = accepts(filter)
    const rows = context
      .macros()
      .flatMap(({ name, module, doc }) => (accepted(name) ? [[name, module, doc.split('\n')[0] ?? '']] : []))
    context.output(...textTable(['Name', 'Module', 'Brief Description'], rows, ['right', 'right', 'left']))
  },
})

/** `lsm`, `lsm mot.*` */
export const lsm = defineMacro({
  doc: 'Lists the moveables.',
  parameters,
  run: (context, { filter }) => list(context, 'Moveable', filter),
})

/** `lsexp` */
export const lsexp = defineMacro({
  doc: 'Lists the channels of experiments.',
  parameters,
  run: (context, { filter }) => list(context, 'ExpChannel', filter),
})

/** `lsct` */
export const lsct = defineMacro({
  doc: 'Lists the counters.',
  parameters,
  run: (context, { filter }) => list(context, 'CTExpChannel', filter),
})

/** `lsctrl` */
export const lsctrl = defineMacro({
  doc: 'Lists the controllers.',
  parameters,
  run: (context, { filter }) => list(context, 'Controller', filter),
})

/** `lsa` */
export const lsa = defineMacro({
  doc: 'Lists all elements.',
  parameters,
  run: (context, { filter }) => list(context, 'Element', filter),
})

/** `lsmeas` */
export const lsmeas = defineMacro({
  doc: 'Lists the measurement groups; the active one has a star.',
  parameters,
  run(context, { filter }) {
    const accepted = accepts(filter)
    const active = String(context.environment.get('ActiveMntGrp', '')).toLowerCase()
    const rows = context
      .elements('MeasurementGroup')
      .filter((group) => accepted(group.name))
      .map((group) => [group.name.toLowerCase() === active ? '*' : '', group.name, group.device])
    context.output(...textTable(['Active', 'Name', 'Device'], rows))
  },
})

function list(context: MacroContext, interfaceName: string, filter: readonly { readonly filter: string }[]): void {
  const accepted = accepts(filter)
  const elements = context.elements(interfaceName).filter((element) => accepted(element.name))
  if (elements.length === 0) {
    context.output('No elements')
    return
  }
  context.output(
    ...textTable(
      ['Name', 'Type', 'Device'],
      elements.map((e) => [e.name, e.type, e.device]),
    ),
  )
}

function accepts(filter: readonly { readonly filter: string }[]): (name: string) => boolean {
  const patterns = filter.map((f) => new RegExp(`^(?:${f.filter})$`, 'i'))
  return (name) => patterns.length === 0 || patterns.some((pattern) => pattern.test(name))
}
