// The variables of the environment.

import { defineMacro, environmentValue, textTable } from 'bandoneon/macroserver'

/** `senv ScanDir /data/today` */
export const senv = defineMacro({
  doc: 'Sets a variable of the environment; several values make a list.',
  parameters: {
    name: { type: 'String', doc: 'Name, may be for one macro or door: ascan.ActiveMntGrp' },
    value_list: { doc: 'Values', repeat: { value: { type: 'String', doc: 'JSON, True, False, or text' } } },
  },
  run({ environment, output }, { name, value_list }) {
    const values = value_list.map((v) => environmentValue(v.value))
    const value = values.length === 1 ? values[0] : values
    environment.set(name, value)
    output(`${name} = ${shown(value)}`)
  },
})

/** `usenv ScanDir` */
export const usenv = defineMacro({
  doc: 'Removes variables of the environment.',
  parameters: { environment_list: { doc: 'Variables', repeat: { env: { type: 'String', doc: 'Name' } } } },
  run({ environment, output }, { environment_list }) {
    for (const { env } of environment_list) environment.unset(env)
    output('Success!')
  },
})

/** `lsenv` */
export const lsenv = defineMacro({
  doc: 'Lists the variables of the environment.',
  parameters: {},
  run({ environment, output }) {
    const rows = [...environment.entries()]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, value]) => [name, shown(value), typeOf(value)])
    output(...textTable(['Name', 'Value', 'Type'], rows))
  },
})

/** `genv ScanDir` */
export const genv = defineMacro({
  doc: 'Shows one variable of the environment.',
  parameters: { name: { type: 'String', doc: 'Name' } },
  run({ environment, output }, { name }) {
    output(`${name} = ${shown(environment.get(name))}`)
  },
})

function shown(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function typeOf(value: unknown): string {
  return value === null ? 'none' : Array.isArray(value) ? 'list' : typeof value
}
