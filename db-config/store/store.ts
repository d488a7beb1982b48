// What the Database device and the beamline configuration need from a storage: devices, properties with history,
// aliases, server records. Synchronous and transactional; names compare without regard to case, as in Tango.

/** Where properties hang: on a free object, a class, a device, or on an attribute or pipe of a class or device. */
export type Scope = 'object' | 'class' | 'device' | 'classAttribute' | 'deviceAttribute' | 'classPipe' | 'devicePipe'

/** One holder of properties; `member` is the attribute or pipe, and absent in the first three scopes. */
export interface Place {
  readonly scope: Scope
  readonly owner: string
  readonly member?: string
}

/** One row of table `device`. */
export interface DeviceRow {
  readonly name: string
  readonly alias: string | undefined
  /** `executable/instance` */
  readonly server: string
  readonly class: string
  readonly exported: boolean
  readonly ior: string
  readonly host: string
  /** IDL level as text. */
  readonly version: string
  readonly pid: number | undefined
  /** Local time `YYYY-MM-DD HH:MM:SS`. */
  readonly started: string | undefined
  readonly stopped: string | undefined
}

/** Which devices; absent members do not restrict. All but `exported` are patterns where `*` stands for any text. */
export interface DeviceFilter {
  readonly name?: string
  readonly server?: string
  readonly class?: string
  readonly host?: string
  readonly alias?: string
  /** Pattern that the name or the alias fulfils. */
  readonly nameOrAlias?: string
  readonly exported?: boolean
}

/** Columns of which the distinct values can be listed. */
export type DeviceColumn = 'name' | 'alias' | 'server' | 'class' | 'host' | 'domain' | 'family' | 'member'

/** What a starting server tells about one device. */
export interface Export {
  readonly ior: string
  readonly host: string
  readonly pid: number
  readonly version: string
}

/** Device definitions. */
export interface DeviceTable {
  get(name: string): DeviceRow | undefined
  byAlias(alias: string): DeviceRow | undefined
  /** Sorted by name. */
  list(filter: DeviceFilter): readonly DeviceRow[]
  /** Distinct values of a column, sorted; NULLs left out. */
  distinct(column: DeviceColumn, filter: DeviceFilter): readonly string[]
  /** Defines a device anew: what was known of its export is forgotten. Without `alias` the present one goes too. */
  define(device: { name: string; server: string; class: string; alias?: string | undefined }): void
  /** Does nothing when the device is not defined. */
  export(name: string, data: Export): void
  /** Marks devices stopped; the last reference stays readable. */
  unexport(filter: { readonly name: string } | { readonly server: string }): void
  /** Sets or, with `undefined`, removes the alias. */
  setAlias(name: string, alias: string | undefined): void
  /** Renames a server in all its devices and renames its admin device; its properties move along. */
  renameServer(from: string, to: string): void
  /** Removes definitions only; properties are the caller's. */
  delete(filter: { readonly name: string } | { readonly server: string }): void
  count(): { readonly defined: number; readonly exported: number; readonly servers: number; readonly serversUp: number }
}

/** One row of table `server`: how a start-up tool treats it. */
export interface ServerRow {
  readonly name: string
  readonly host: string
  readonly mode: number
  readonly level: number
}

/** Start-up records of servers. */
export interface ServerTable {
  get(name: string): ServerRow | undefined
  put(row: ServerRow): void
  setHost(name: string, host: string): void
  rename(from: string, to: string): void
  delete(name: string): void
}

/** Attribute aliases: one alias per attribute (`device/attribute`), one attribute per alias. */
export interface AttributeAliasTable {
  attributeOf(alias: string): string | undefined
  aliasOf(attribute: string): string | undefined
  list(pattern: string): readonly string[]
  put(attribute: string, alias: string): void
  delete(alias: string): void
  /** Removes all aliases of a device's attributes. */
  deleteDevice(device: string): void
}

/** One row of table `event` (channels of the former notification service). */
export interface EventRow extends Export {
  readonly name: string
  readonly exported: boolean
}

/** Event channels; still asked for by every starting native server. */
export interface EventTable {
  get(name: string): EventRow | undefined
  export(name: string, data: Export): void
  unexport(name: string): void
}

/** One change of a property; a deletion has no values. */
export interface HistoryEntry {
  readonly member: string | undefined
  readonly name: string
  /** Local time `YYYY-MM-DD HH:MM:SS`. */
  readonly date: string
  readonly values: readonly string[]
}

/** Properties of all scopes. A property without values does not exist. */
export interface PropertyTable {
  /** Values of one property, in order; empty when it does not exist. */
  get(place: Place, name: string): readonly string[]
  /** Values of all properties of which the name fits, one after another. */
  merged(place: Place, pattern: string): readonly string[]
  /**
   * What {@link PropertyTable.get} gives of each name, or {@link PropertyTable.merged} of each name with a `*` if those are
   * patterns; in one message where the database is elsewhere.
   */
  getEach(
    place: Place,
    names: readonly string[],
    options: { readonly patterns: boolean },
  ): readonly (readonly string[])[]
  /** All properties of a place, sorted by name. */
  all(place: Place): ReadonlyMap<string, readonly string[]>
  /** What {@link PropertyTable.all} gives of many places, in one message where the database is elsewhere. */
  allEach(places: readonly Place[]): readonly ReadonlyMap<string, readonly string[]>[]
  /** All properties of all members of an owner, sorted by member, then by name. */
  members(scope: Scope, owner: string): ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>
  /** What {@link PropertyTable.all} gives of many owners, in their order. */
  allOf(scope: Scope, owners: readonly string[]): readonly ReadonlyMap<string, readonly string[]>[]
  /** What {@link PropertyTable.members} gives of many owners, in their order. */
  membersOf(
    scope: Scope,
    owners: readonly string[],
  ): readonly ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>[]
  names(place: Place, pattern: string): readonly string[]
  /** Attributes or pipes that have properties. */
  memberNames(scope: Scope, owner: string, pattern: string): readonly string[]
  owners(scope: Scope, pattern: string): readonly string[]
  /** Replaces the values and notes it in the history (not of memorized set points, `__value`). */
  put(place: Place, name: string, values: readonly string[]): void
  /** Does {@link PropertyTable.put} for each property; fast where nothing was stored before. */
  putAll(place: Place, properties: ReadonlyMap<string, readonly string[]>): void
  /** Deletes the properties of which the name fits and notes it in the history. */
  delete(place: Place, pattern: string): void
  /** Deletes everything of an owner, or of one of its members, without history. */
  drop(scope: Scope, owner: string, member?: string): void
  /** Oldest first. `place.member` and `pattern` are patterns. */
  history(place: Place, pattern: string): readonly HistoryEntry[]
  /** Places of which property `name` has a value that fits the pattern. */
  find(scope: Scope, name: string, valuePattern: string): readonly (Place & { readonly value: string })[]
  count(scope: Scope): { readonly rows: number; readonly history: number }
}

/** From where a user may do more than read: an address, or one with `*` for its last bytes. User `*` is everybody else. */
export interface AccessAddress {
  readonly user: string
  readonly address: string
}

/** What a user may do with devices; each of the three fields of the name may hold `*`. */
export interface AccessDevice {
  readonly user: string
  readonly device: string
  /** `read` or `write`. */
  readonly rights: string
}

/** Rules of access control. */
export interface AccessTable {
  /** Users with addresses, sorted, then those with devices only. */
  users(): readonly string[]
  /** Rules of some users, sorted by address. */
  addresses(users: readonly string[]): readonly AccessAddress[]
  /** Rules of some users, sorted by device. */
  devices(users: readonly string[]): readonly AccessDevice[]
  /** @returns false when there is such a rule */
  addAddress(rule: AccessAddress): boolean
  /** @returns false when there is such a rule */
  addDevice(rule: AccessDevice): boolean
  removeAddress(rule: AccessAddress): void
  removeDevice(rule: AccessDevice): void
  /** Removes all rules of a user. */
  removeUser(user: string): void
}

/** Rows of a query; `undefined` is NULL. */
export interface Selection {
  readonly columns: number
  readonly rows: readonly (readonly (string | undefined)[])[]
}

/** A Tango database's storage. What a call has written survives the end of the process, however it ends. */
export interface Store {
  readonly devices: DeviceTable
  readonly servers: ServerTable
  readonly attributeAliases: AttributeAliasTable
  readonly events: EventTable
  readonly properties: PropertyTable
  readonly access: AccessTable
  /**
   * All or nothing: what `work` throws undoes its writes. May be nested. When other writers of the same database are in
   * the way, `work` is done anew from its beginning, so it must keep nothing from an earlier run.
   */
  transaction<T>(work: () => T): T
  /**
   * Runs one SELECT in MySQL's spelling over the native tables, read-only.
   * @throws DevFailed `DB_SQLError` with the query and what is wrong with it
   */
  select(query: string): Selection
  /**
   * Copies the database, as it is now, to a file while it is in use; absent where the database has backups of its own.
   * @param target file that does not exist yet; absent: a new one in `backups` beside the database
   * @returns path of the complete, checked file
   */
  backup?(target?: string): Promise<string>
  /** The present, seconds since 1970. */
  now(): number
  /** Idempotent. */
  close(): void
}
