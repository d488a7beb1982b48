// Writes a Sardana system in Sardana's YAML form.

import type { ForeignProperty } from './known-controllers.ts'
import type {
  SardanaAttribute,
  SardanaController,
  SardanaElement,
  SardanaGroup,
  SardanaMacroServer,
  SardanaPool,
  SardanaSystem,
} from './sardana-model.ts'
import { yamlText } from './yaml-text.ts'

/** Text of the configuration. */
export function sardanaYamlText({ pools, macroServers }: SardanaSystem): string {
  const whole = present({
    pools: byName(pools, poolValue),
    macro_servers: macroServers.length === 0 ? undefined : byName(macroServers, macroServerValue),
  })
  // the style of lists has a meaning there: see the reading of properties
  return yamlText(whole, 'never')
}

function poolValue(pool: SardanaPool): unknown {
  return present({
    tango_alias: pool.alias,
    tango_device: pool.device,
    tango_server: pool.server,
    properties: properties(pool.properties),
    instruments: someByName(pool.instruments, (instrument) => ({ class: instrument.class })),
    controllers: byName(pool.controllers, controllerValue),
    measurement_groups: someByName(pool.groups, groupValue),
  })
}

function controllerValue(controller: SardanaController): unknown {
  return present({
    type: controller.type,
    python_class: controller.class,
    python_module: controller.library,
    tango_device: controller.device,
    description: controller.description,
    physical_roles: controller.roles.length === 0 ? undefined : Object.fromEntries(controller.roles),
    properties: properties(controller.properties),
    attributes: attributes(controller.attributes),
    elements: byName(controller.elements, elementValue),
  })
}

function elementValue(element: SardanaElement): unknown {
  return present({
    axis: element.axis,
    tango_device: element.device,
    instrument: element.instrument,
    description: element.description,
    properties: properties(element.properties),
    attributes: attributes(element.attributes),
  })
}

function groupValue({ description, channels }: SardanaGroup): unknown {
  const items = channels.map(({ name, options }) => {
    if (options.size === 0) return name
    return { [name]: Object.fromEntries([...options].map(([key, value]) => [key, scalar(value)])) }
  })
  return present({ description, channels: items })
}

function macroServerValue(entry: SardanaMacroServer): unknown {
  return present({
    tango_alias: entry.alias,
    tango_device: entry.device,
    tango_server: entry.server,
    macro_path: entry.macroPath.length === 0 ? undefined : entry.macroPath,
    properties: properties(entry.properties),
    pools: entry.pools.length === 0 ? undefined : entry.pools,
    doors: Object.fromEntries(entry.doors.map((door) => [door.alias ?? door.device, { tango_device: door.device }])),
    environment: entry.environment.size === 0 ? undefined : Object.fromEntries(entry.environment),
  })
}

function attributes(list: readonly SardanaAttribute[]): unknown {
  return someByName(list, ({ config }) => {
    const entries = [...config].map(([key, value]) => [key, scalar(value)] as const)
    const [only, ...more] = entries
    // a memorized value alone is written in short
    return only?.[0] === 'value' && more.length === 0 ? only[1] : Object.fromEntries(entries)
  })
}

function properties(list: readonly ForeignProperty[]): unknown {
  return someByName(list, ({ values: [first, ...more] }) =>
    more.length === 0 ? scalar(first ?? '') : [first, ...more],
  )
}

/** A number or truth value where the text is written like one. */
function scalar(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return text.trim() !== '' && String(Number(text)) === text && Number.isFinite(Number(text)) ? Number(text) : text
}

function byName<T extends { readonly name: string }>(list: readonly T[], value: (item: T) => unknown): unknown {
  return Object.fromEntries(list.map((item) => [item.name, value(item)]))
}

function someByName<T extends { readonly name: string }>(list: readonly T[], value: (item: T) => unknown): unknown {
  return list.length === 0 ? undefined : byName(list, value)
}

function present(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
