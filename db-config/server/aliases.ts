// Commands of the Database device about aliases of devices and attributes.

import { devFailed } from '#tango/pure'
import type { Store } from '../store/store.ts'
import { type DatabaseHandlers, deviceName, fitting, needArguments, origin, wrongArguments } from './handlers.ts'

/** Handlers over a store. */
export function aliasCommands(store: Store) {
  return {
    dbPutDeviceAlias(list) {
      needArguments(list, 2, 'device, alias', 'db_put_device_alias')
      const [name = '', alias = ''] = list
      if (/[/ ]/.test(alias)) {
        throw wrongArguments(
          "Wrong alias info for device!. Characters '/',' ' forbidden in alias",
          'db_put_device_alias',
        )
      }
      fitting('db_put_device_alias', [alias])
      store.transaction(() => {
        const holder = store.devices.byAlias(alias)
        if (alias !== '' && holder !== undefined && !sameName(holder.name, name)) {
          throw taken(`alias ${alias} already exists !`, 'db_put_device_alias')
        }
        store.devices.setAlias(name, alias === '' ? undefined : alias)
      })
    },

    dbGetAliasDevice(alias) {
      const [device] = store.devices.list({ alias })
      if (device !== undefined) return device.name
      throw devFailed('DB_DeviceNotDefined', `No device found for alias '${alias}'`, {
        origin: origin('db_get_alias_device'),
      })
    },

    dbGetDeviceAlias(name) {
      const alias = store.devices.get(deviceName(name, 'db_get_device_alias'))?.alias
      if (alias !== undefined) return alias
      throw devFailed('DB_AliasNotDefined', `No alias found for device '${name}'`, {
        origin: origin('db_get_device_alias'),
      })
    },

    dbGetDeviceAliasList: (alias) => store.devices.distinct('alias', { alias }),

    dbDeleteDeviceAlias(alias) {
      store.transaction(() => {
        const device = store.devices.byAlias(alias)
        if (device !== undefined) store.devices.setAlias(device.name, undefined)
      })
    },

    dbPutAttributeAlias(list) {
      needArguments(list, 2, 'device/attribute, alias', 'db_put_attribute_alias')
      const [attribute = '', alias = ''] = list
      if (/[/ ]/.test(alias)) {
        throw wrongArguments(
          "Wrong alias for attribute!. Characters '/',' ' forbidden in alias",
          'db_put_attribute_alias',
        )
      }
      store.transaction(() => {
        const holder = store.attributeAliases.attributeOf(alias)
        if (holder !== undefined && !sameName(holder, attribute)) {
          throw taken(`alias ${alias} already exists !`, 'db_put_attribute_alias')
        }
        if (attribute.split('/').length !== 4) {
          throw taken(`attribute name ${attribute} has bad syntax, must have 3 / in it`, 'db_put_attribute_alias')
        }
        fitting('db_put_attribute_alias', [attribute, alias])
        store.attributeAliases.put(attribute, alias)
      })
    },

    dbGetAttributeAlias: (alias) => attributeOf(alias, 'db_get_attribute_alias'),
    dbGetAliasAttribute: (alias) => attributeOf(alias, 'db_get_alias_attribute'),

    dbGetAttributeAlias2(attribute) {
      const alias = store.attributeAliases.aliasOf(attribute)
      if (alias !== undefined) return alias
      throw taken(`No alias found for attribute  '${attribute}'`, 'db_get_attribute_alias2')
    },

    dbGetAttributeAliasList: (pattern) => store.attributeAliases.list(pattern),

    dbDeleteAttributeAlias(alias) {
      store.attributeAliases.delete(alias)
    },
  } satisfies Partial<DatabaseHandlers>

  function attributeOf(alias: string, command: string): string {
    const attribute = store.attributeAliases.attributeOf(alias)
    if (attribute !== undefined) return attribute
    throw taken(`No attribute found for alias  '${alias}'`, command)
  }
}

/** Alias errors carry the reason that native clients know, though no SQL has failed. */
function taken(desc: string, command: string): Error {
  return devFailed('DB_SQLError', desc, { origin: origin(command) })
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
