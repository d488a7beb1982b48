// The device through which a computer's servers are started and stopped; names of Tango's class Starter, which Astor uses.

import { defineInterface } from '#tango/pure'

const servers = { type: 'DevString', format: 'spectrum', max: [1024], pushes: 'unfiltered' } as const

/**
 * Class `Starter`. ON: all controlled servers run; MOVING: some are starting; ALARM: some do not run, or one runs twice;
 * OFF: none runs; STANDBY: one has been starting for too long.
 */
export const starter = defineInterface({
  class: 'Starter',
  doc: 'Starts, stops and watches the servers of one computer.',
  attributes: {
    notifdState: {
      type: 'DevState',
      label: 'Notifd State',
      pushes: 'unfiltered',
      doc: 'Always ON: events need no daemon.',
    },
    hostState: { type: 'DevShort', pushes: 'unfiltered', doc: 'State as a number.' },
    runningServers: { ...servers, doc: 'Servers that answer.' },
    stoppedServers: { ...servers, label: 'All Stopped Servers', doc: 'Servers that do not answer.' },
    servers: {
      ...servers,
      doc: 'One line per server, fields separated by tabs: name, state, 1 if controlled, run level, number of processes.',
    },
    resources: {
      ...servers,
      doc: 'One line per process, fields separated by tabs: name, process id, processor use in percent of one core, resident memory in MiB, its servers separated by commas.',
    },
  },
  commands: {
    devStart: { in: 'DevString', inDoc: 'Server/instance', longRunning: true, doc: 'Starts a server.' },
    devStop: { in: 'DevString', inDoc: 'Server/instance', longRunning: true, doc: 'Stops a server.' },
    devStartAll: {
      in: 'DevShort',
      inDoc: 'run level',
      longRunning: true,
      doc: 'Starts the controlled servers of a level.',
    },
    devStopAll: {
      in: 'DevShort',
      inDoc: 'run level',
      longRunning: true,
      doc: 'Stops the controlled servers of a level.',
    },
    devGetRunningServers: {
      in: 'DevBoolean',
      out: 'DevVarStringArray',
      inDoc: 'true: all servers, false: the controlled ones',
      outDoc: 'names of those that answer',
    },
    devGetStopServers: {
      in: 'DevBoolean',
      out: 'DevVarStringArray',
      inDoc: 'true: all servers, false: the controlled ones',
      outDoc: 'names of those that do not answer',
    },
    devReadLog: {
      in: 'DevString',
      out: 'ConstDevString',
      inDoc: 'Server/instance; Starter for what this device did; Statistics for starts and failures',
      outDoc: 'path, time and end of the log',
      longRunning: true,
    },
    hardKillServer: {
      in: 'DevString',
      inDoc: 'Server/instance',
      longRunning: true,
      doc: 'Kills the process of a server.',
    },
    notifyDaemonState: { out: 'DevState', outDoc: 'ON', doc: 'State of the notification daemon, which nobody needs.' },
    resetStatistics: { level: 'EXPERT', longRunning: true, doc: 'Begins the statistics anew.' },
    updateServersInfo: { doc: 'Reads the list of servers from the database again.' },
  },
  properties: {
    autoRestartDuration: {
      type: 'DevLong',
      default: 0,
      unit: 'min',
      minValue: 0,
      doc: 'Above 0: a server that ended is started again only if it had run for longer. 0: see RestartFailed.',
    },
    interStartupLevelWait: {
      type: 'DevLong',
      default: 1,
      unit: 's',
      minValue: 0,
      doc: 'Pause between two run levels.',
    },
    keepLogFiles: {
      type: 'DevLong',
      default: 3,
      minValue: 1,
      doc: 'Logs kept of each server, the present one included.',
    },
    logFileHome: { type: 'DevString', doc: 'The logs are in its folder ds.log; in the data folder when absent.' },
    serverStartupTimeout: {
      type: 'DevLong',
      default: 5,
      unit: 's',
      minValue: 1,
      doc: 'How long the next server of a level waits until one answers.',
    },
    startDsPath: { type: 'DevVarStringArray', doc: 'Folders of executables; /usr/lib/tango when absent.' },
    startServersAtStartup: { type: 'DevBoolean', default: true, doc: 'Start the controlled servers, level by level.' },
    useEvents: { type: 'DevLong', default: 0, doc: 'Has no effect: events need no daemon.' },
    waitForDriverStartup: { type: 'DevLong', default: 0, unit: 's', minValue: 0, doc: 'Pause before the first level.' },
    movingMaxDuration: {
      type: 'DevLong',
      default: 120,
      unit: 's',
      minValue: 0,
      doc: 'A server that takes longer to answer turns MOVING into STANDBY.',
    },
    restartFailed: {
      type: 'DevBoolean',
      default: true,
      doc: 'A controlled server that crashed is started again after a pause that grows each time.',
    },
    nbStartupLevels: { type: 'DevLong', default: 5, minValue: 0, doc: 'Run levels that are started by themselves.' },
    readInfoDbPeriod: {
      type: 'DevLong',
      default: 10,
      unit: 's',
      minValue: 1,
      doc: 'How often the list of servers is read.',
    },
    stopServersAtShutdown: {
      type: 'DevBoolean',
      doc: 'Whether the servers that this device started, or would have started, end with it. Absent: with bandoneon start they do, with bandoneon serve they go on.',
    },
  },
})
