// Where our database may answer otherwise than the native one, and why. Everything else is a defect.
import type { Allowed } from './database-differential.ts'

/** Answer of a native server that has read beyond the end of a list. */
const BEYOND = /"API_CorbaException"/
const REFUSED = /DB_IncorrectArguments/

/** Differences over any storage. */
const ALWAYS: readonly Allowed[] = [
  {
    steps: /./,
    native: BEYOND,
    ours: REFUSED,
    why: 'a list that is too short is refused with a reason; the native server reads beyond its end',
  },
  {
    steps: /^odd: DbDelete(Class|Device|)Property \[\]$/,
    native: /^null$/,
    ours: REFUSED,
    why: 'deleting nothing of nothing is refused; the native server says nothing',
  },
  {
    steps: /^(refused, |odd: DbPut.*Property2? \["(x", "y|", ")"\]$)/,
    why: 'counts that are no numbers, and names empty or with a *, are refused; the native server ignores them or stores what cannot be read again',
  },
  {
    steps: /^bad name: /,
    why: 'a new device needs three fields that are not empty; the native server accepts others, which no client reaches',
  },
  {
    steps: /^half a server: /,
    why: 'a list of devices with one that is wrong is refused as a whole; the native server defines those before it',
  },
  {
    steps: /^empty alias: /,
    why: 'an empty alias is none; in the native database it is the alias of one device',
  },
  {
    steps: /^renamed server: /,
    why: 'the start-up record of a server is renamed with it; the native server leaves it behind',
  },
  {
    steps: /^export: DbGetDeviceInfo "FIRST"$/,
    why: 'an alias does not change the time of the start',
  },
  {
    steps: /^LIKE: /,
    why: 'a name with _ or % is that name; the native server forgets to escape them in some commands and reaches other devices',
  },
  {
    steps: /^text, escaped: /,
    why: 'a backslash before a quote is kept; the native server takes it for an escape by its client',
  },
  {
    steps: /^name, SQL: /,
    why: 'quotes and backslashes in names are characters; in the native server they end or change the SQL statement',
  },
]

/** A native server that takes its client's octets for UTF-8. */
const LATIN1: readonly Allowed[] = [
  {
    steps: /^(text, latin1|name, latin1|latin1): /,
    native: /DB_SQLError|"0"|^\[\]$/,
    why: 'characters beyond ASCII are kept; a native server whose connection to MariaDB is UTF-8 refuses them',
  },
]

/** Differences of ours on SQLite. */
export const ON_SQLITE: readonly Allowed[] = [
  ...ALWAYS,
  ...LATIN1,
  {
    steps: /^length: (DbPutDeviceProperty )?value of (65536|100000)/,
    why: 'a value may be longer than 64 KiB',
  },
  {
    steps: /^select: SELECT (SUBSTRING_INDEX|DATE_FORMAT)/,
    ours: /DB_SQLError/,
    why: 'functions that only MySQL has are refused; no known client uses them',
  },
]

/** Differences of ours on MariaDB. */
export const ON_MARIADB: readonly Allowed[] = [
  ...ALWAYS,
  ...LATIN1,
  {
    steps: /^length: value of (65536|100000) read$/,
    why: 'what cannot be written leaves the value as it was; the native server has removed it by then',
  },
]
