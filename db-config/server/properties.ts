// Commands of the Database device about properties of free objects, classes and devices.

import type { Store } from '../store/store.ts'
import { isPattern } from '../store/wildcard.ts'
import {
  type DatabaseHandlers,
  FlatReader,
  fitting,
  needArguments,
  needExactly,
  propertyCommand,
  wrongArguments,
} from './handlers.ts'

type PlainScope = 'object' | 'class' | 'device'

/** Handlers over a store. */
export function propertyCommands(store: Store) {
  return {
    dbPutProperty: put('object'),
    dbGetProperty: get('object'),
    dbDeleteProperty: remove('object'),
    dbGetPropertyList: list('object'),
    dbGetPropertyHist: history('object'),
    dbGetObjectList: (pattern) => store.properties.owners('object', pattern),

    dbPutClassProperty: put('class'),
    dbGetClassProperty: get('class'),
    dbDeleteClassProperty: remove('class'),
    // the argument is a class, never a pattern
    dbGetClassPropertyList: (owner) => store.properties.names({ scope: 'class', owner }, '*'),
    dbGetClassPropertyHist: history('class'),

    dbPutDeviceProperty: put('device'),
    dbGetDeviceProperty: get('device'),
    dbDeleteDeviceProperty: remove('device'),
    dbGetDevicePropertyList: list('device'),
    dbGetDevicePropertyHist: history('device'),
  } satisfies Partial<DatabaseHandlers>

  function put(scope: PlainScope): (list: readonly string[]) => void {
    return (list) => {
      const reader = new FlatReader(list, propertyCommand('Put', scope))
      const place = { scope, owner: reader.next(scope) }
      // everything is read before anything is written
      const properties = readProperties(reader)
      const names = [place.owner, ...properties.map(([name]) => name)]
      fitting(scope === 'object' ? 'db_put_property' : `db_put_${scope}_property`, names)
      store.transaction(() => {
        for (const [name, values] of properties) store.properties.put(place, name, values)
      })
    }
  }

  function get(scope: PlainScope): (list: readonly string[]) => readonly string[] {
    return (list) => {
      needArguments(
        list,
        scope === 'device' ? 2 : 1,
        `${scope}, property names`,
        scope === 'device' ? 'GetDeviceProperty' : propertyCommand('Get', scope),
      )
      const [owner = '', ...names] = list
      const found = store.properties.getEach({ scope, owner }, names, { patterns: scope !== 'class' })
      return [owner, String(names.length), ...names.flatMap((name, i) => answer(scope, name, found[i] ?? []))]
    }
  }

  /** Name as asked, number of values, values; clients skip one element after the 0 of a missing property, but not for classes. */
  function answer(scope: PlainScope, name: string, values: readonly string[]): readonly string[] {
    if (values.length > 0) return [name, String(values.length), ...values]
    return scope === 'class' ? [name, '0'] : [name, '0', ' ']
  }

  function remove(scope: PlainScope): (list: readonly string[]) => void {
    return (list) => {
      needArguments(list, 1, `${scope}, property names`, propertyCommand('Delete', scope))
      const [owner = '', ...patterns] = list
      store.transaction(() => {
        for (const pattern of patterns) store.properties.delete({ scope, owner }, pattern)
      })
    }
  }

  function list(scope: PlainScope): (list: readonly string[]) => readonly string[] {
    return (list) => {
      if (scope === 'object') needExactly(list, 2, 'object, pattern', 'GetPropertyList')
      needArguments(list, 2, `${scope}, pattern`, propertyCommand('Get', scope, 'PropertyList'))
      const [owner = '', pattern = '*'] = list
      return store.properties.names({ scope, owner }, pattern)
    }
  }

  function history(scope: PlainScope): (list: readonly string[]) => readonly string[] {
    return (list) => {
      const where = scope === 'device' ? 'GetDevicePropertyHist' : propertyCommand('Get', scope, 'PropertyHist')
      needExactly(list, 2, `${scope}, property`, where)
      const [owner = '', pattern = '*'] = list
      return store.properties
        .history({ scope, owner }, pattern)
        .flatMap(({ name, date, values }) => [name, date, String(values.length), ...values])
    }
  }
}

/** Reads a number of properties and, of each, name, number of values, values. */
export function readProperties(reader: FlatReader): readonly (readonly [string, readonly string[]])[] {
  const number = reader.count('number of properties')
  return Array.from({ length: number }, () => {
    const name = reader.next('property name')
    if (name === '' || isPattern(name)) throw wrongArguments(`'${name}' is no property name`, reader.command)
    return [name, reader.values(reader.count(`number of values of ${name}`), `value of ${name}`)] as const
  })
}
