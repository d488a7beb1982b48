// Tango's access control service: class `TangoAccessControl`. Command names and argument layouts are Tango's own.

import { defineInterface } from '#tango/pure'

/** Interface of the access control service, fixed by Tango: clients call it without reading this. */
export const tangoAccessControl = defineInterface({
  class: 'TangoAccessControl',
  doc: 'Which users may write to which devices from which machines. Clients ask it and obey.',
  attributes: {},
  commands: {
    addAddressForUser: {
      in: 'DevVarStringArray',
      inDoc: 'user, address (10.1.*.*)',
      doc: 'Allows a user to write from a machine or a network.',
    },
    addDeviceForUser: {
      in: 'DevVarStringArray',
      inDoc: 'user, device (*/*/*), read or write',
      doc: 'Gives a user a right to devices.',
    },
    cloneUser: {
      in: 'DevVarStringArray',
      inDoc: 'user, other user',
      doc: 'Gives another user exactly the rules of a user.',
    },
    getAccess: {
      in: 'DevVarStringArray',
      out: 'DevString',
      inDoc: 'user, IP address, device',
      outDoc: 'read or write',
      doc: 'What a user may do with a device from a machine.',
    },
    getAccessForMultiIP: {
      name: 'GetAccessForMultiIP',
      in: 'DevVarStringArray',
      out: 'DevString',
      inDoc: 'user, device, IP addresses',
      outDoc: 'read or write',
      doc: 'What a user may do with a device from a machine with several addresses.',
    },
    getAddressByUser: {
      in: 'DevString',
      out: 'DevVarStringArray',
      inDoc: 'user',
      outDoc: 'addresses',
      doc: 'Addresses from which a user may write.',
    },
    getAllowedCommandClassList: {
      out: 'DevVarStringArray',
      outDoc: 'classes',
      doc: 'Classes with commands that may be executed with the right to read.',
    },
    getAllowedCommands: {
      in: 'DevString',
      out: 'DevVarStringArray',
      inDoc: 'class or device',
      outDoc: 'commands',
      doc: 'Commands that may be executed with the right to read.',
    },
    getDeviceByUser: {
      in: 'DevString',
      out: 'DevVarStringArray',
      inDoc: 'user',
      outDoc: 'device and right, in turns',
      doc: 'Devices of a user.',
    },
    getDeviceClass: {
      in: 'DevString',
      out: 'DevString',
      inDoc: 'device',
      outDoc: 'class',
      doc: 'Class of a device.',
    },
    getUsers: { out: 'DevVarStringArray', outDoc: 'users', doc: 'Users with rules.' },
    registerService: { doc: 'Makes clients ask this service: turns access control on.' },
    removeAddressForUser: {
      in: 'DevVarStringArray',
      inDoc: 'user, address',
      doc: 'Removes an address of a user.',
    },
    removeDeviceForUser: {
      in: 'DevVarStringArray',
      inDoc: 'user, device, right',
      doc: 'Removes a right of a user.',
    },
    removeUser: { in: 'DevString', inDoc: 'user', doc: 'Removes all rules of a user.' },
    unregisterService: { doc: 'Clients ask nobody any more: turns access control off.' },
  },
  properties: {},
})
