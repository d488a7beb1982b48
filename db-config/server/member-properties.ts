// Commands of the Database device about properties of attributes and pipes, of classes and of devices.

import type { Scope, Store } from '../store/store.ts'
import { isPattern } from '../store/wildcard.ts'
import {
  type DatabaseHandlers,
  deviceName,
  FlatReader,
  fitting,
  needArguments,
  needExactly,
  propertyCommand,
} from './handlers.ts'
import { readProperties } from './properties.ts'

type MemberScope = Exclude<Scope, 'object' | 'class' | 'device'>

/** Words in the origins of native errors. */
const NATIVE_WORDS: Readonly<Record<MemberScope, string>> = {
  classAttribute: 'class_attribute',
  deviceAttribute: 'device_attribute',
  classPipe: 'class_pipe',
  devicePipe: 'device_pipe',
}

/** Handlers over a store. */
export function memberPropertyCommands(store: Store) {
  return {
    dbPutDeviceAttributeProperty: put('deviceAttribute', readSingles),
    dbGetDeviceAttributeProperty: get('deviceAttribute', writeSingles),
    dbPutDeviceAttributeProperty2: put('deviceAttribute', readProperties),
    dbGetDeviceAttributeProperty2: get('deviceAttribute', writeProperties),
    dbDeleteDeviceAttributeProperty: remove('deviceAttribute'),
    dbDeleteAllDeviceAttributeProperty: removeAll('deviceAttribute'),
    dbDeleteDeviceAttribute: drop('deviceAttribute'),
    dbGetDeviceAttributeList: list('deviceAttribute'),
    dbGetDeviceAttributePropertyHist: history('deviceAttribute'),

    dbPutClassAttributeProperty: put('classAttribute', readSingles),
    dbGetClassAttributeProperty: get('classAttribute', writeSingles),
    dbPutClassAttributeProperty2: put('classAttribute', readProperties),
    dbGetClassAttributeProperty2: get('classAttribute', writeProperties),
    dbDeleteClassAttributeProperty: remove('classAttribute'),
    dbDeleteClassAttribute: drop('classAttribute'),
    dbGetClassAttributeList: list('classAttribute'),
    dbGetClassAttributePropertyHist: history('classAttribute'),

    dbPutDevicePipeProperty: put('devicePipe', readProperties),
    dbGetDevicePipeProperty: get('devicePipe', writeProperties),
    dbDeleteDevicePipeProperty: remove('devicePipe'),
    dbDeleteAllDevicePipeProperty: removeAll('devicePipe'),
    dbDeleteDevicePipe: drop('devicePipe'),
    dbGetDevicePipeList: list('devicePipe'),
    dbGetDevicePipePropertyHist: history('devicePipe'),

    dbPutClassPipeProperty: put('classPipe', readProperties),
    dbGetClassPipeProperty: get('classPipe', writeProperties),
    dbDeleteClassPipeProperty: remove('classPipe'),
    dbDeleteClassPipe: drop('classPipe'),
    dbGetClassPipeList: list('classPipe'),
    dbGetClassPipePropertyHist: history('classPipe'),

    dbGetForwardedAttributeListForDevice(device) {
      if (isPattern(device)) return []
      return store.properties
        .find('deviceAttribute', '__root_att', `${device}/*`)
        .flatMap(({ owner, member, value }) => [owner, member ?? '', value])
    },
  } satisfies Partial<DatabaseHandlers>

  function put(scope: MemberScope, read: typeof readProperties): (list: readonly string[]) => void {
    return (list) => {
      const reader = new FlatReader(list, propertyCommand('Put', scope))
      const owner = reader.next('owner')
      const members = Array.from({ length: reader.count('number of members') }, () => {
        const member = reader.next('member name')
        return { member, properties: read(reader) }
      })
      const names = members.flatMap(({ member, properties }) => [member, ...properties.map(([name]) => name)])
      fitting(`db_put_${NATIVE_WORDS[scope]}_property`, [owner, ...names])
      store.transaction(() => {
        for (const { member, properties } of members) {
          for (const [name, values] of properties) store.properties.put({ scope, owner, member }, name, values)
        }
      })
    }
  }

  function get(
    scope: MemberScope,
    write: (properties: ReadonlyMap<string, readonly string[]>) => readonly string[],
  ): (list: readonly string[]) => readonly string[] {
    return (list) => {
      needArguments(list, 1, 'owner, members', propertyCommand('Get', scope))
      const [owner = '', ...members] = list
      const found = store.properties.allEach(members.map((member) => ({ scope, owner, member })))
      const blocks = members.flatMap((member, i) => [member, ...write(found[i] ?? new Map())])
      return [owner, String(members.length), ...blocks]
    }
  }

  function remove(scope: MemberScope): (list: readonly string[]) => void {
    return (list) => {
      needArguments(list, 3, 'owner, member, properties', `db_delete_${NATIVE_WORDS[scope]}_property`)
      const [asked = '', member = '', ...names] = list
      const owner = ownerName(scope, asked, scope === 'devicePipe' ? '_property' : '')
      store.transaction(() => {
        // unlike for devices, a `*` is no pattern here
        for (const name of names) if (!isPattern(name)) store.properties.delete({ scope, owner, member }, name)
      })
    }
  }

  function removeAll(scope: MemberScope): (list: readonly string[]) => void {
    return (list) => {
      needArguments(list, 2, 'owner, members', `db_delete_all_${NATIVE_WORDS[scope]}_property`)
      const [asked = '', ...members] = list
      const owner = deviceName(asked, `db_delete_all_${NATIVE_WORDS[scope]}`)
      store.transaction(() => {
        for (const member of members) store.properties.delete({ scope, owner, member }, '*')
      })
    }
  }

  function drop(scope: MemberScope): (list: readonly string[]) => void {
    return (list) => {
      needArguments(list, 2, 'owner, member', `db_delete_${NATIVE_WORDS[scope]}`)
      const [asked = '', member = ''] = list
      const owner = ownerName(scope, asked)
      store.properties.drop(scope, owner, member)
    }
  }

  /** A class as given, a device without `tango:` and `//host/`. */
  function ownerName(scope: MemberScope, asked: string, suffix = ''): string {
    const ofDevice = scope === 'deviceAttribute' || scope === 'devicePipe'
    return ofDevice ? deviceName(asked, `db_delete_${NATIVE_WORDS[scope]}${suffix}`) : asked
  }

  function list(scope: MemberScope): (list: readonly string[]) => readonly string[] {
    return (list) => {
      needArguments(list, 2, 'owner, pattern', propertyCommand('Get', scope, 'List'))
      const [owner = '', pattern = '*'] = list
      return store.properties.memberNames(scope, owner, pattern)
    }
  }

  function history(scope: MemberScope): (list: readonly string[]) => readonly string[] {
    return (list) => {
      needExactly(list, 3, 'owner, member, property', propertyCommand('Get', scope, 'PropertyHist'))
      const [owner = '', member = '*', pattern = '*'] = list
      return store.properties
        .history({ scope, owner, member }, pattern)
        .flatMap((entry) => [entry.member ?? '', entry.name, entry.date, String(entry.values.length), ...entry.values])
    }
  }
}

/** Number of properties, then of each: name, number of values, values. */
export function writeProperties(properties: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const blocks = [...properties].flatMap(([name, values]) => [name, String(values.length), ...values])
  return [String(properties.size), ...blocks]
}

/** The old layout: number of rows, then pairs of name and value; several values repeat the name. */
function writeSingles(properties: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const rows = [...properties].flatMap(([name, values]) => values.map((value) => [name, value]))
  return [String(rows.length), ...rows.flat()]
}

/** Reads the old layout, one value per property. */
function readSingles(reader: FlatReader): readonly (readonly [string, readonly string[]])[] {
  const number = reader.count('number of properties')
  return Array.from({ length: number }, () => [reader.next('property name'), reader.values(1, 'value')] as const)
}
