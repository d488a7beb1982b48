// Commands of the access control service over a store. What they answer, in which order and with which errors is what
// the native class does.

import type { tangoAccessControl } from '#interfaces/tango-access-control'
import { type CommandArgument, type CommandResult, devFailed } from '#tango/pure'
import type { Store } from '../store/store.ts'
import { allowedCommands, defineAllowedCommands } from './allowed-commands.ts'
import { type AccessQuestion, type AccessRules, nativeAccessOf } from './rights.ts'

type Commands = (typeof tangoAccessControl)['commands']
// biome-ignore lint/suspicious/noConfusingVoidType: it is a return type, chosen by a condition
type Returned<Result> = Result extends undefined ? void : Result

/** One function per command of the service. */
export type AccessControlHandlers = {
  readonly [K in keyof Commands]: (argument: CommandArgument<Commands[K]>) => Returned<CommandResult<Commands[K]>>
}

/** Free object and property with the services of a control system. */
const CONTROL_SYSTEM = { scope: 'object', owner: 'CtrlSystem' } as const
const SERVICES = 'Services'

/** How clients find the service; its device follows. */
const SERVICE = 'AccessControl/tango'

/**
 * Handlers over a store.
 * @param device name of the device, `sys/access_control/1`
 */
export function accessControlCommands(store: Store, device: string): AccessControlHandlers {
  const { access } = store
  return {
    getUsers: () => access.users(),
    getAddressByUser: (user) => access.addresses([user]).map(({ address }) => address),
    getDeviceByUser: (user) => access.devices([user]).flatMap((rule) => [rule.device, rule.rights]),

    getAccess(list) {
      const [user = '', address = '', name = ''] = need(list, 3, 'get_access')
      return answer({ user, addresses: [address], device: name })
    },

    getAccessForMultiIP(list) {
      const [user = '', name = '', ...addresses] = need(list, 3, 'get_access')
      return answer({ user, addresses, device: name })
    },

    addAddressForUser(list) {
      const [user = '', address = ''] = need(list, 2, 'add_address_for_user')
      if (!store.transaction(() => access.addAddress({ user, address }))) throw exists('add_address_for_user')
    },

    addDeviceForUser(list) {
      const [user = '', name = '', rights = ''] = need(list, 3, 'ac_add_device_for_user')
      const rule = { user, device: name, rights }
      if (!store.transaction(() => access.addDevice(rule))) throw exists('ac_add_device_for_user')
    },

    removeAddressForUser(list) {
      const [user = '', address = ''] = need(list, 2, 'remove_address_for_user')
      access.removeAddress({ user, address })
    },

    removeDeviceForUser(list) {
      const [user = '', name = '', rights = ''] = need(list, 3, 'remove_device_for_user')
      access.removeDevice({ user, device: name, rights })
    },

    removeUser(user) {
      store.transaction(() => access.removeUser(user))
    },

    cloneUser(list) {
      const [from = '', to = ''] = need(list, 2, 'clone_user')
      // the native service deletes a user that is cloned onto itself
      if (from.toLowerCase() === to.toLowerCase()) return
      store.transaction(() => {
        access.removeUser(to)
        for (const { address } of access.addresses([from])) access.addAddress({ user: to, address })
        for (const rule of access.devices([from])) access.addDevice({ ...rule, user: to })
      })
    },

    getAllowedCommandClassList: () =>
      store.properties.owners('class', '*').filter((owner) => allowedCommands(store, owner).length > 0),

    getAllowedCommands(asked) {
      const owner = asked.includes('/') ? classOf(asked) : asked
      return ['State', 'Status', ...allowedCommands(store, owner)]
    },

    getDeviceClass: classOf,

    registerService() {
      store.transaction(() => {
        defineAllowedCommands(store)
        const lines = services()
        const at = lines.findIndex(isOwn)
        const own = `${SERVICE}:${device}`
        store.properties.put(CONTROL_SYSTEM, SERVICES, at < 0 ? [...lines, own] : lines.with(at, own))
      })
    },

    unregisterService() {
      store.transaction(() => {
        const others = services().filter((line) => !isOwn(line))
        if (others.length > 0) store.properties.put(CONTROL_SYSTEM, SERVICES, others)
        else store.properties.delete(CONTROL_SYSTEM, SERVICES)
      })
    },
  }

  function answer(question: AccessQuestion): string {
    return nativeAccessOf(accessRules(store, question.user), question)
  }

  function classOf(name: string): string {
    const row = store.devices.get(name)
    if (row !== undefined) return row.class
    throw failed('AC_IncorrectArguments', `Class not found for ${name}`, 'get_device_class')
  }

  function services(): readonly string[] {
    return store.properties.get(CONTROL_SYSTEM, SERVICES)
  }
}

/** The rules that decide about a user: those of the user and those of everybody. */
export function accessRules(store: Store, user: string): AccessRules {
  const users = user === '*' ? ['*'] : [user, '*']
  return { addresses: store.access.addresses(users), devices: store.access.devices(users) }
}

function isOwn(service: string): boolean {
  return service.toLowerCase().startsWith(`${SERVICE}:`.toLowerCase())
}

function need(list: readonly string[], count: number, method: string): readonly string[] {
  if (list.length >= count) return list
  throw failed('AC_IncorrectArguments', `Needs at least ${count} input arguments`, method)
}

function exists(method: string): Error {
  return failed('AC_AlreadyExists', 'This record already exists in database', method)
}

function failed(reason: string, desc: string, method: string): Error {
  return devFailed(reason, desc, { origin: `AccessControl::${method}()` })
}
