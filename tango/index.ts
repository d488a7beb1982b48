// The door to the Tango core for code that runs on Node: clients, device servers, and all of pure.ts.

export type {
  DeviceRecord,
  ExportedDevice,
  ImportedDevice,
  PropertyHistory,
  ServerInfo,
} from './client/database.ts'
export { DatabaseClient } from './client/database.ts'
export type { DeviceAddress, HostPort } from './client/device-name.ts'
export { parseAttributeName, parseDeviceName, parseHostPort, parseTangoHost } from './client/device-name.ts'
export { DeviceProxy } from './client/device-proxy.ts'
export type { Properties, PropertyRecord } from './client/property-layout.ts'
export type {
  AttributeConfig,
  CommandInfo,
  CommandOptions,
  DeviceInfo,
  ReadSource,
} from './client/proxy-types.ts'
export type { CachedClass, CachedDevice, CachedImport, ServerCache } from './client/server-cache.ts'
export type { Clock, RunOptions, VirtualClockOptions } from './clock.ts'
export { every, systemClock, VirtualClock } from './clock.ts'
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
export { SystemException } from './orb/system-exception.ts'
export type { TangoProcessOptions } from './process.ts'
export { TangoProcess } from './process.ts'
export * from './pure.ts'
export type {
  AttributeHandlers,
  AttributeLimits,
  DeviceClass,
  DeviceContext,
  DeviceTimer,
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
export type { ServerArguments } from './server/server-args.ts'
export { parseServerArguments, SERVER_USAGE } from './server/server-args.ts'
export { workerUrl } from './worker-url.ts'
