// The door to the Tango core for code that runs on Node: clients, device servers, and all of pure.ts.

export type { Access, AccessRight } from './client/access-control.ts'
export { AttributeProxy } from './client/attribute-proxy.ts'
export type {
  DeviceRecord,
  ExportedDevice,
  HostedServer,
  ImportedDevice,
  ServerInfo,
  Service,
} from './client/database.ts'
export { DatabaseClient } from './client/database.ts'
export type { MemberProperties, PropertyHistory } from './client/database-properties.ts'
export type { DeviceAddress, HostPort } from './client/device-name.ts'
export { parseAttributeName, parseDeviceName, parseHostPort, parseTangoHost } from './client/device-name.ts'
export { DeviceProxy } from './client/device-proxy.ts'
export type { GroupOptions, GroupReply } from './client/group.ts'
export { Group } from './client/group.ts'
export type { AttributeRecord, CommandRecord } from './client/history.ts'
export type { LockControl, LockStatus } from './client/lock-control.ts'
export type { LoggingControl, LoggingLevel } from './client/logging-control.ts'
export { LOGGING_LEVELS } from './client/logging-control.ts'
export type { PipeControl } from './client/pipe-control.ts'
export type { PolledKind, PolledObject, PollingControl } from './client/polling-control.ts'
export type { PropertyControl } from './client/property-control.ts'
export type { Properties, PropertyRecord } from './client/property-layout.ts'
export type {
  AttributeConfig,
  CommandInfo,
  CommandOptions,
  DeviceInfo,
  PipeInfo,
  ReadSource,
  Reconnection,
} from './client/proxy-types.ts'
export type { CachedClass, CachedDevice, CachedImport, ServerCache } from './client/server-cache.ts'
export { tangorcFiles, tangoVariable } from './client/tango-environment.ts'
export type { Clock, RunOptions, VirtualClockOptions } from './clock.ts'
export { every, systemClock, VirtualClock } from './clock.ts'
export type { EventQueueOptions } from './events/event-stream.ts'
export { EventStream } from './events/event-stream.ts'
export type {
  EventOf,
  EventType,
  InterfaceChange,
  SubscribeOptions,
  Subscription,
  TangoEvent,
} from './events/event-types.ts'
export { EVENT_TYPES } from './events/event-types.ts'
export type { Logger, LoggerOptions, LogLevel, LogRecord, LogSink } from './log.ts'
export { createLogger, formatLogRecord, LOG_LEVELS, silentLogger } from './log.ts'
export type { ServerLimits } from './orb/server-limits.ts'
export { DEFAULT_LIMITS } from './orb/server-limits.ts'
export { SystemException } from './orb/system-exception.ts'
export type { TangoProcessOptions } from './process.ts'
export { TangoProcess } from './process.ts'
export * from './pure.ts'
export type {
  AttributeChanges,
  AttributeHandlers,
  AttributeLimits,
  CommandMethod,
  DeviceClass,
  DeviceContext,
  DeviceTimer,
  OwnPolling,
  PollInput,
  SetStateOptions,
} from './server/device.ts'
export { Device, deviceClass } from './server/device.ts'
export type { DeviceDeclaration, StartServerOptions } from './server/device-server.ts'
export { DeviceServer } from './server/device-server.ts'
export type { ImportOptions } from './server/plugins.ts'
export { findClassFile, importDefault, importModule, pluginFiles } from './server/plugins.ts'
export type { PropertyLines, TypedProperties } from './server/properties.ts'
export { typedProperties } from './server/properties.ts'
export { readResourceFile } from './server/resource-file.ts'
export { resourceWriter } from './server/resource-writer.ts'
export type { ServerArguments } from './server/server-args.ts'
export { parseServerArguments, SERVER_USAGE } from './server/server-args.ts'
export { parseReference } from './wire/ior.ts'
export { workerUrl } from './worker-url.ts'
