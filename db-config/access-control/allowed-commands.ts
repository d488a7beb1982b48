// Commands that users with the right to read may execute: class property `AllowedAccessCmd`, as native tools edit it.

import type { Store } from '../store/store.ts'

const ALLOWED = 'AllowedAccessCmd'

/**
 * What access control needs to begin with: without these a user who may only read could neither browse the database nor
 * subscribe to events. Commands of the database, of the admin device and so on that change nothing.
 */
const DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  BeamlineConfiguration: ['Check', 'Diff', 'Dump', 'GetDocuments', 'History', 'Plan', 'Schema'],
  DataBase: [
    'DbGetAliasAttribute',
    'DbGetAliasDevice',
    'DbGetAttributeAlias',
    'DbGetAttributeAlias2',
    'DbGetAttributeAliasList',
    'DbGetCSDbServerList',
    'DbGetClassAttributeList',
    'DbGetClassAttributeProperty',
    'DbGetClassAttributeProperty2',
    'DbGetClassAttributePropertyHist',
    'DbGetClassForDevice',
    'DbGetClassInheritanceForDevice',
    'DbGetClassList',
    'DbGetClassPipeList',
    'DbGetClassPipeProperty',
    'DbGetClassPipePropertyHist',
    'DbGetClassProperty',
    'DbGetClassPropertyHist',
    'DbGetClassPropertyList',
    'DbGetDataForServerCache',
    'DbGetDeviceAlias',
    'DbGetDeviceAliasList',
    'DbGetDeviceAttributeList',
    'DbGetDeviceAttributeProperty',
    'DbGetDeviceAttributeProperty2',
    'DbGetDeviceAttributePropertyHist',
    'DbGetDeviceClassList',
    'DbGetDeviceDomainList',
    'DbGetDeviceExportedList',
    'DbGetDeviceFamilyList',
    'DbGetDeviceInfo',
    'DbGetDeviceList',
    'DbGetDeviceMemberList',
    'DbGetDevicePipeList',
    'DbGetDevicePipeProperty',
    'DbGetDevicePipePropertyHist',
    'DbGetDeviceProperty',
    'DbGetDevicePropertyHist',
    'DbGetDevicePropertyList',
    'DbGetDeviceServerClassList',
    'DbGetDeviceWideList',
    'DbGetExportdDeviceListForClass',
    'DbGetForwardedAttributeListForDevice',
    'DbGetHostList',
    'DbGetHostServerList',
    'DbGetHostServersInfo',
    'DbGetInstanceNameList',
    'DbGetObjectList',
    'DbGetProperty',
    'DbGetPropertyHist',
    'DbGetPropertyList',
    'DbGetServerInfo',
    'DbGetServerList',
    'DbGetServerNameList',
    'DbImportDevice',
    'DbImportEvent',
    'DbInfo',
    'DbMySqlSelect',
  ],
  DServer: [
    'DevPollStatus',
    'EventConfirmSubscription',
    'EventSubscriptionChange',
    'GetLoggingLevel',
    'GetLoggingTarget',
    'QueryClass',
    'QueryDevice',
    'QuerySubDevice',
    'QueryWizardClassProperty',
    'QueryWizardDevProperty',
    'ZMQEventSubscriptionChange',
  ],
  Starter: ['DevGetRunningServers', 'DevGetStopServers', 'DevReadLog', 'UpdateServersInfo'],
  TangoAccessControl: [
    'GetAccess',
    'GetAccessForMultiIP',
    'GetAddressByUser',
    'GetAllowedCommandClassList',
    'GetAllowedCommands',
    'GetDeviceByUser',
    'GetDeviceClass',
    'GetUsers',
  ],
}

/** Allowed commands of a class, sorted. */
export function allowedCommands(store: Store, owner: string): readonly string[] {
  return [...store.properties.get({ scope: 'class', owner }, ALLOWED)].sort(byName)
}

/** Stores the defaults of the classes that have no allowed commands. */
export function defineAllowedCommands(store: Store): void {
  for (const [owner, commands] of Object.entries(DEFAULTS)) {
    const place = { scope: 'class', owner } as const
    if (store.properties.get(place, ALLOWED).length === 0) store.properties.put(place, ALLOWED, commands)
  }
}

/** The order of the native database: without regard to case, `_` behind the letters. */
function byName(a: string, b: string): number {
  const [x, y] = [a.toUpperCase(), b.toUpperCase()]
  return x < y ? -1 : x > y ? 1 : 0
}
