// JSON Schema (2020-12) of beamline files, made from the language, the drivers and the interfaces of the devices, so that
// editors complete and check them. What a file of several refers to in another is checked by the program alone.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of variables are meant
import type { Drivers } from './check-controller.ts'
import { MAX_LEVEL } from './check-servers.ts'
import { MEMBER } from './plain-devices.ts'
import { DEVICE, HOST, INSTRUMENT, NEXUS_CLASS, SERVER, SETUP, SIMULATOR_KINDS, VARIABLE, WORD } from './rules.ts'
import { controllerSchema } from './schema-controllers.ts'
import {
  anything,
  boolean,
  choice,
  type JsonSchema,
  list,
  map,
  names,
  number,
  type PartOptions,
  text,
} from './schema-parts.ts'

/**
 * The schema of a beamline's root file, or of any of its files.
 * @param drivers with what they say of themselves their properties are checked too
 * @param options.part for a file that others include: nothing is needed in it
 */
export function beamlineSchema(drivers: Drivers, options: { readonly part?: boolean } = {}): JsonSchema {
  const part = options.part === true
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: part ? 'urn:bandoneon:beamline-part:1' : 'urn:bandoneon:beamline:1',
    title: part ? 'Part of a Bandoneon beamline' : 'Bandoneon beamline',
    // an empty file is a part too
    ...map(fields(drivers), { optional: part }),
    ...(part ? {} : { if: { required: ['include'] }, else: COMPLETE }),
  }
}

/** What a beamline of one file needs; with `include` it may be in another file. */
const COMPLETE: JsonSchema = {
  required: ['version', 'name', 'servers'],
  properties: {
    simulators: { additionalProperties: { required: ['kind'] } },
    pool: { required: ['server', 'device'] },
    macroServer: { required: ['server', 'device'] },
  },
}

function fields(drivers: Drivers): Readonly<Record<string, JsonSchema>> {
  const device = {
    server: named(SERVER, 'Server, executable/instance.'),
    device: named(DEVICE, 'Device, domain/family/member.'),
  }
  const alias = word('Alias of the device.', { optional: true })
  const environment = (doc: string): JsonSchema => names(anything(), { doc, optional: true, name: VARIABLE })
  const wordList = (doc: string): JsonSchema => list(text(), { doc, optional: true })
  return {
    version: choice([1], { doc: 'Version of the language.', optional: true }),
    name: word('Name of the beamline.', { optional: true }),
    include: {
      description: 'Files whose content belongs here: names or patterns, relative to this file.',
      anyOf: [{ type: ['string', 'null'] }, { type: 'array', items: { type: ['string', 'null'] } }],
    },
    variables: names(anything(), {
      doc: 'Values that other values may use as ${name}; in maps as ${map.name}.',
      optional: true,
      name: /^[\w-]+$/,
    }),
    simulators: names(
      { ...map({ kind: choice(SIMULATOR_KINDS, { doc: 'What is simulated.' }) }), additionalProperties: true },
      { doc: 'Simulated boxes by name; their addresses are filled in at start.', optional: true },
    ),
    world: names(anything(), { doc: 'What the simulated detectors see.', optional: true }),
    hosts: list(map({ name: named(HOST, 'Name of the computer.'), description: described() }, { required: ['name'] }), {
      doc: 'Computers that run servers.',
      optional: true,
    }),
    servers: list(
      {
        anyOf: [
          text({ pattern: source(SERVER), numbers: false }),
          map(
            {
              name: named(SERVER, 'Executable/instance.'),
              host: named(HOST, 'Computer that runs it; the only one of hosts if left out.', { optional: true }),
              level: number({
                doc: 'Run level: 1 starts first, 0 is never started by itself.',
                integer: true,
                optional: true,
                more: { minimum: 0, maximum: MAX_LEVEL },
              }),
              controlled: boolean({ doc: 'Whether a Starter may start and stop it.', optional: true }),
            },
            { required: ['name'] },
          ),
        ],
      },
      { doc: 'Tango servers; each must have a device.', optional: true },
    ),
    devices: list(
      map(
        {
          device: device.device,
          class: word('Class of the device; anybody may have made it.'),
          server: device.server,
          alias,
          properties: names(values(), {
            doc: 'Properties: a value or a list each.',
            optional: true,
            name: source(MEMBER),
          }),
          attributes: names(names(values(), { optional: true, name: source(MEMBER) }), {
            doc: 'Properties of attributes, which users may change: unit, abs_change, min_value, ...',
            optional: true,
            name: source(MEMBER),
          }),
        },
        { required: ['device', 'class', 'server'] },
      ),
      { doc: 'Tango devices of any class, served by any program.', optional: true },
    ),
    pool: map({ ...device, alias }, { doc: 'The pool, which holds the groups.', optional: true }),
    controllers: list(controllerSchema(drivers), { doc: 'Boxes and their axes.', optional: true }),
    measurementGroups: list(
      map(
        {
          name: word('Alias of the group.'),
          channels: list(text(), { doc: 'Counters, or full names of Tango attributes.' }),
          timer: text({ doc: 'The channel that times; the first one if left out.', optional: true }),
        },
        { required: ['name', 'channels'] },
      ),
      { doc: 'Channels that count together.', optional: true },
    ),
    motorGroups: list(
      map(
        { name: word('Alias of the group.'), motors: list(text(), { doc: 'Motors.' }) },
        { required: ['name', 'motors'] },
      ),
      { doc: 'Motors that move together.', optional: true },
    ),
    macroServer: map(
      {
        ...device,
        alias,
        macroPath: wordList('Folders with macros, searched first.'),
        environment: environment('First values of environment variables.'),
      },
      { doc: 'The macro server.', optional: true },
    ),
    doors: list(
      map(
        { ...device, server: named(SERVER, 'The one of the macro server if left out.', { optional: true }), alias },
        { required: ['device'] },
      ),
      { doc: 'Doors, through which macros run.', optional: true },
    ),
    recorders: list(
      map(
        { ...device, alias, recorders: wordList('File formats: names of files in data/recorders.') },
        { required: ['server', 'device'] },
      ),
      { doc: 'Writers of scan files.', optional: true },
    ),
    instruments: list(
      map(
        {
          name: named(INSTRUMENT, 'Path: /slits/front.'),
          class: named(NEXUS_CLASS, 'NeXus class; NXcollection if left out.', { optional: true }),
          description: described(),
          elements: wordList('Motors and counters that belong to it.'),
        },
        { required: ['name'] },
      ),
      { doc: 'Elements that belong together.', optional: true },
    ),
    sessions: list(
      map(
        {
          name: word('Name of the session.'),
          description: described(),
          extends: wordList('Sessions whose content it takes over.'),
          include: wordList('Instruments with all below them, controllers, elements, groups; everything if left out.'),
          exclude: wordList('What of it is left out again.'),
          defaults: environment('First values of environment variables in this session.'),
          metadata: wordList('Elements and instruments of which every scan records the values.'),
          techniques: names(list(text(), { optional: true }), {
            doc: 'What a technique records in addition, by its name.',
            optional: true,
          }),
          macroPath: wordList('Folders with macros, searched first in this session.'),
          setup: named(SETUP, 'Program that runs when the session starts.', { optional: true }),
        },
        { required: ['name'] },
      ),
      { doc: 'What groups of users work with.', optional: true },
    ),
  }
}

/** What a property of any class may be. */
function values(): JsonSchema {
  const single = ['string', 'number', 'boolean']
  return { type: [...single, 'array'], items: { type: single } }
}

function word(doc: string, options: PartOptions = {}): JsonSchema {
  return text({ doc, ...options, pattern: source(WORD) })
}

function named(rule: typeof WORD, doc: string, options: PartOptions = {}): JsonSchema {
  return text({ doc, ...options, pattern: source(rule), numbers: rule === HOST })
}

function described(): JsonSchema {
  return text({ doc: 'For people.', optional: true })
}

function source(rule: typeof WORD): RegExp {
  return rule.pattern?.test ?? /^/
}
