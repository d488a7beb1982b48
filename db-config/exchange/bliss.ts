// A configuration in the layout of BLISS as a beamline of ours: motors, counters, measurement groups and sessions;
// everything else is named in the report.

import { type BlissCounters, blissCounters, isCounter } from './bliss-counters.ts'
import { blissMotors, isMotorController } from './bliss-motors.ts'
import { type BlissObject, readBlissTree } from './bliss-tree.ts'
import { type Draft, type DraftGroup, type DraftSession, finishDraft, withActiveGroup } from './draft.ts'
import { draftText } from './draft-text.ts'
import type { ControllerOptions } from './known-controllers.ts'
import { ExchangeReport, type ImportResult } from './report.ts'
import { type ForeignTree, lineOfForeign } from './yaml-text.ts'

/** Options of {@link importBliss}. */
export interface BlissOptions extends ControllerOptions {
  /** Name of the beamline; default what the root `__init__.yml` says, else `bliss`. */
  readonly name?: string | undefined
}

/** Fields of a session that are carried over. */
const SESSION_FIELDS = ['config-objects', 'exclude-objects', 'include-sessions', 'setup-file', 'description']

/**
 * A beamline file from a BLISS configuration.
 * @param files by path relative to its root, with `/`; files that are no YAML are not needed
 * @throws DevFailed `Exchange_Invalid` with `file:line:column: text` when it cannot be read
 */
export function importBliss(files: ReadonlyMap<string, string>, options: BlissOptions = {}): ImportResult {
  const report = new ExchangeReport()
  const { objects, instrument } = readBlissTree(files, report)
  const is = (object: BlissObject, name: string): boolean => object.class?.toLowerCase() === name
  const sessions = objects.filter((object) => is(object, 'session'))
  const groups = objects.filter((object) => is(object, 'measurementgroup'))
  const rest = objects.filter((object) => !sessions.includes(object) && !groups.includes(object))
  const motors = rest.filter(isMotorController)
  const counters = rest.filter((object) => !motors.includes(object) && isCounter(object))
  for (const object of rest) if (!motors.includes(object) && !counters.includes(object)) reportOther(object, report)
  const counting = blissCounters(counters, options, report)
  const controllers = [...blissMotors(motors, options, report), ...counting.controllers]
  const name = (options.name ?? instrument ?? '').replace(/[^\w.-]/g, '_') || 'bliss'
  const draft: Draft = {
    name,
    comments: [
      'Made from a BLISS configuration. Look through what the report of the import names before you apply it.',
    ],
    servers: [`Pool/${name}`, `MacroServer/${name}`, `Recorder/${name}`],
    pool: { server: `Pool/${name}`, device: `pool/${name}/1`, alias: `Pool_${name}` },
    controllers,
    measurementGroups: draftGroups(groups, counting, report),
    motorGroups: [],
    macroServer: {
      server: `MacroServer/${name}`,
      device: `macroserver/${name}/1`,
      alias: `MS_${name}`,
      macroPath: [],
      environment: {},
    },
    doors: [{ server: `MacroServer/${name}`, device: `door/${name}/1`, alias: `Door_${name}` }],
    recorders: [{ server: `Recorder/${name}`, device: `recorder/${name}/1`, alias: undefined, recorders: [] }],
    instruments: [],
    sessions: sessions.map((session) => draftSession(session, counting, report)),
  }
  const text = draftText(withActiveGroup(finishDraft(draft, report), report))
  return { documents: [{ path: 'beamline.yaml', text }], report: report.findings }
}

function reportOther({ name, place, class: className, plugin, fields }: BlissObject, report: ExchangeReport): void {
  const what = className === undefined ? `data of the plug-in ${plugin ?? 'default'}` : `the class ${className}`
  const values = [...fields.values()].map(({ key, value }) => `${key}: ${lineOfForeign(value)}`).join(', ')
  const left = values === '' ? '' : `: ${values}`
  report.lost(place, `${name ?? 'an object without a name'}: there is nothing for ${what} yet${left}`)
}

/** Channels by name, by `controller:counter`, by controller, and of other groups. */
function draftGroups(
  objects: readonly BlissObject[],
  { channels }: BlissCounters,
  report: ExchangeReport,
): readonly DraftGroup[] {
  const byName = new Map(objects.map((object) => [object.name?.toLowerCase(), object]))
  const members = (object: BlissObject, chain: readonly BlissObject[]): readonly string[] => {
    const own = names(object, 'counters').flatMap(
      (counter) => channels.get(counter.toLowerCase()) ?? [lastPart(counter)],
    )
    const included = names(object, 'include').flatMap((name) => {
      const other = byName.get(name.toLowerCase())
      if (other !== undefined && other !== object && !chain.includes(other)) return members(other, [...chain, object])
      report.lost(
        object.place,
        `${object.name}: it includes ${name}, which is ${other === undefined ? 'not there' : 'itself'}`,
      )
      return []
    })
    return [...new Set([...own, ...included])]
  }
  return objects.map((object): DraftGroup => {
    for (const { key, place, value } of object.fields.values()) {
      if (key !== 'counters' && key !== 'include') {
        report.lost(place, `${object.name}: there is no place for ${key}: ${lineOfForeign(value)}`)
      }
    }
    return {
      name: object.name ?? 'group',
      place: object.place,
      members: members(object, []),
      timer: undefined,
      comments: [],
      active: true,
    }
  })
}

function draftSession(object: BlissObject, { channels }: BlissCounters, report: ExchangeReport): DraftSession {
  const { place, fields } = object
  const name = object.name || 'session'
  for (const { key, place: at, value } of fields.values()) {
    if (!SESSION_FIELDS.includes(key)) {
      report.lost(at, `session ${name}: there is no place for ${key}: ${lineOfForeign(value)}`)
    }
  }
  const setup = fields.get('setup-file')
  const setupText = setup === undefined ? undefined : lineOfForeign(setup.value)
  if (setup !== undefined) {
    report.lost(setup.place, `session ${name}: its set-up ${setupText} is Python; write it anew in TypeScript`)
  }
  const parents = names(object, 'include-sessions')
  const isListed = fields.has('config-objects')
  if (!isListed && parents.length > 0) {
    report.changed(place, `session ${name}: it has what the sessions that it extends have, not everything`)
  }
  const description = fields.get('description')
  return {
    name,
    place,
    description: description && lineOfForeign(description.value),
    extends: parents,
    include: isListed ? objectsOf(object, 'config-objects', channels) : undefined,
    exclude: objectsOf(object, 'exclude-objects', channels),
    defaults: {},
    setup: undefined,
    comments: setupText === undefined ? [] : [`its set-up was ${setupText}`],
    active: true,
  }
}

/** Objects by the names they have here; an attribute that is counted is no element of a session. */
function objectsOf(object: BlissObject, key: string, channels: BlissCounters['channels']): readonly string[] {
  return names(object, key).flatMap((name) => {
    const known = channels.get(name.toLowerCase())
    return known?.every((channel) => channel.includes('/')) === true ? [] : [name]
  })
}

function names({ fields }: BlissObject, key: string): readonly string[] {
  const tree: ForeignTree | undefined = fields.get(key)?.value
  if (tree === undefined || (tree.kind === 'value' && tree.value === null)) return []
  const items = tree.kind === 'list' ? tree.items : [tree]
  return items.map((item) => lineOfForeign(item).replace(/^\$/, ''))
}

function lastPart(counter: string): string {
  return counter.split(':').pop() ?? counter
}
