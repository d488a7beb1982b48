// Interface of the admin device that every server has (Tango class DServer), with the descriptions of native servers.

import { defineInterface } from '../types/device-spec.ts'

const POLLED = 'Lg[0]=Upd period. Str[0]=Device name. Str[1]=Object type. Str[2]=Object name'
const TARGETS = 'Str[i]=Device-name. Str[i+1]=Target-type::Target-name'
const SUBSCRIPTION = `Event consumer wants to subscribe to.
device name, attribute/pipe name, action ("subscribe"), event name, <Tango client IDL version>"
event name can take the following values:
    "change",
    "quality",
    "periodic",
    "archive",
    "user_event",
    "attr_conf",
    "data_ready",
    "intr_change",
    "pipe"
"info" can also be used as single parameter to retrieve information about the heartbeat and event pub endpoints.`
const SUBSCRIBED = `Str[0] = Heartbeat pub endpoint - Str[1] = Event pub endpoint
...
Str[n] = Alternate Heartbeat pub endpoint - Str[n+1] = Alternate Event pub endpoint
Str[n+1] = event name used by this server as zmq topic to send events
Str[n+2] = channel name used by this server to send heartbeat events
Lg[0] = Tango lib release - Lg[1] = Device IDL release
Lg[2] = Subscriber HWM - Lg[3] = Multicast rate
Lg[4] = Multicast IVL - Lg[5] = ZMQ release`
const CONFIRMED =
  'Str[0] = dev1 name, Str[1] = att1 name, Str[2] = event name, Str[3] = dev2 name, Str[4] = att2 name, Str[5] = event name,...'

/** Commands of the admin device. Most pass its queue, so that a device that restarts slowly holds up nobody. */
export const adminInterface = defineInterface({
  class: 'DServer',
  doc: 'A device server device !!',
  commands: {
    addLoggingTarget: { in: 'DevVarStringArray', inDoc: TARGETS },
    addObjPolling: { in: 'DevVarLongStringArray', inDoc: POLLED },
    devLockStatus: {
      in: 'DevString',
      out: 'DevVarLongStringArray',
      inDoc: 'Device name',
      outDoc: 'Device locking status',
      urgent: true,
    },
    devPollStatus: {
      in: 'DevString',
      out: 'DevVarStringArray',
      inDoc: 'Device name',
      outDoc: 'Device polling status',
      urgent: true,
    },
    devRestart: { in: 'DevString', inDoc: 'Device name' },
    eventConfirmSubscription: { in: 'DevVarStringArray', inDoc: CONFIRMED, urgent: true },
    eventSubscriptionChange: {
      in: 'DevVarStringArray',
      out: 'DevLong',
      inDoc: 'Event consumer wants to subscribe to',
      outDoc: 'Tango lib release',
      urgent: true,
    },
    getLoggingLevel: {
      in: 'DevVarStringArray',
      out: 'DevVarLongStringArray',
      inDoc: 'Device list',
      outDoc: 'Lg[i]=Logging Level. Str[i]=Device name.',
      urgent: true,
    },
    getLoggingTarget: {
      in: 'DevString',
      out: 'DevVarStringArray',
      inDoc: 'Device name',
      outDoc: 'Logging target list',
      urgent: true,
    },
    kill: { urgent: true },
    lockDevice: { in: 'DevVarLongStringArray', inDoc: 'Str[0] = Device name. Lg[0] = Lock validity', urgent: true },
    polledDevice: { out: 'DevVarStringArray', outDoc: 'Polled device name list', urgent: true },
    queryClass: { out: 'DevVarStringArray', outDoc: 'Device server class(es) list', urgent: true },
    queryDevice: { out: 'DevVarStringArray', outDoc: 'Device server device(s) list', urgent: true },
    querySubDevice: { out: 'DevVarStringArray', outDoc: 'Device server sub device(s) list', urgent: true },
    queryWizardClassProperty: {
      in: 'DevString',
      out: 'DevVarStringArray',
      inDoc: 'Class name',
      outDoc: 'Class property list (name - description and default value)',
      urgent: true,
    },
    queryWizardDevProperty: {
      in: 'DevString',
      out: 'DevVarStringArray',
      inDoc: 'Class name',
      outDoc: 'Device property list (name - description and default value)',
      urgent: true,
    },
    reLockDevices: { in: 'DevVarStringArray', inDoc: 'Device(s) name', urgent: true },
    remObjPolling: {
      in: 'DevVarStringArray',
      inDoc: 'Str[0]=Device name. Str[1]=Object type. Str[2]=Object name',
    },
    removeLoggingTarget: { in: 'DevVarStringArray', inDoc: TARGETS },
    restartServer: {},
    setLoggingLevel: {
      in: 'DevVarLongStringArray',
      inDoc: 'Lg[i]=Logging Level. Str[i]=Device name.',
      urgent: true,
    },
    startLogging: { urgent: true },
    startPolling: { urgent: true },
    stopLogging: { urgent: true },
    stopPolling: { urgent: true },
    unLockDevice: {
      in: 'DevVarLongStringArray',
      out: 'DevLong',
      inDoc: 'Str[x] = Device name(s). Lg[0] = Force flag',
      outDoc: 'Device global lock counter',
      urgent: true,
    },
    updObjPollingPeriod: { in: 'DevVarLongStringArray', inDoc: POLLED },
    zmqEventSubscriptionChange: {
      in: 'DevVarStringArray',
      out: 'DevVarLongStringArray',
      inDoc: SUBSCRIPTION,
      outDoc: SUBSCRIBED,
      urgent: true,
    },
  },
})
