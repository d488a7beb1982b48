// Writes a draft as a beamline file: sections in the usual order, short entries in one line, what is not finished as a
// comment at its place.

import type { Draft, DraftController, DraftDevice, DraftGroup, DraftSession } from './draft.ts'
import { yamlText } from './yaml-text.ts'

interface Item {
  readonly value: unknown
  readonly comments: readonly string[]
  readonly active: boolean
}

/** Text of the file. */
export function draftText(draft: Draft): string {
  const sections = [
    [
      ...draft.comments.map((line) => comment(line)),
      field('version', 1),
      field('name', draft.name.replace(/[^\w.-]/g, '_') || 'beamline'),
    ].join('\n'),
    list(
      'servers',
      draft.servers.map((value) => ({ value, comments: [], active: true })),
    ),
    draft.pool === undefined ? '' : field('pool', deviceValue(draft.pool)),
    list('controllers', draft.controllers.map(controllerItem)),
    list('motorGroups', draft.motorGroups.map(motorGroupItem)),
    list('measurementGroups', draft.measurementGroups.map(measurementGroupItem)),
    list(
      'instruments',
      draft.instruments.map(({ name, class: nexusClass, description, elements, comments, active }) => ({
        value: { name, class: nexusClass, description, elements: some(elements) },
        comments,
        active,
      })),
    ),
    draft.macroServer === undefined
      ? ''
      : field('macroServer', {
          ...deviceValue(draft.macroServer),
          macroPath: some(draft.macroServer.macroPath),
          environment: someFields(draft.macroServer.environment),
        }),
    list('doors', draft.doors.map(plainItem)),
    list(
      'recorders',
      draft.recorders.map((entry) => ({
        value: { ...deviceValue(entry), recorders: some(entry.recorders) },
        comments: [],
        active: true,
      })),
    ),
    list('sessions', draft.sessions.map(sessionItem)),
  ]
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`
}

function controllerItem({ name, server, type, driver, properties, axes, comments, active }: DraftController): Item {
  const value = {
    name,
    server,
    type,
    driver,
    properties: someFields(properties),
    axes: axes.map((entry) => ({ name: entry.name, axis: entry.axis, ...entry.fields })),
  }
  return { value, comments, active }
}

function motorGroupItem({ name, members, comments, active }: DraftGroup): Item {
  return { value: { name, motors: members }, comments, active }
}

function measurementGroupItem({ name, members, timer, comments, active }: DraftGroup): Item {
  return { value: { name, channels: members, timer }, comments, active }
}

function sessionItem({ name, description, extends: parents, include, exclude, ...rest }: DraftSession): Item {
  const value = {
    name,
    description,
    extends: some(parents),
    include: include === undefined ? undefined : some(include),
    exclude: some(exclude),
    defaults: someFields(rest.defaults),
    setup: rest.setup,
  }
  return { value, comments: rest.comments, active: rest.active }
}

function plainItem(device: DraftDevice): Item {
  return { value: deviceValue(device), comments: [], active: true }
}

function deviceValue({ server, device, alias }: DraftDevice): Record<string, unknown> {
  return { server, device, alias }
}

function field(key: string, value: unknown): string {
  return yamlText({ [key]: escaped(value) }).trimEnd()
}

function list(key: string, items: readonly Item[]): string {
  if (items.length === 0) return ''
  const lines = items.flatMap(({ value, comments, active }) => {
    const text = yamlText([escaped(value)])
      .trimEnd()
      .split('\n')
    return [...comments.map((line) => comment(line)), ...(active ? text : text.map((line) => comment(line)))]
  })
  return [`${key}:`, ...lines.map((line) => `  ${line}`)].join('\n')
}

function comment(line: string): string {
  return line === '' ? '#' : `# ${line}`
}

/** Without fields that are not there, and with what would be taken for a variable as text. */
function escaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('${', () => '$${')
  if (Array.isArray(value)) return value.map(escaped)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(entries.map(([key, item]) => [key, escaped(item)]))
}

function some<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length === 0 ? undefined : items
}

function someFields<T extends object>(fields: T): T | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields
}
