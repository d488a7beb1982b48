// Tables of the database in SQLite's words. Names and columns are those of the native database, because clients (Jive)
// send SELECTs over them; every name column compares without regard to case, as MySQL does.

import { ACCESS_TABLES } from './access-table.ts'
import type { Scope } from './store.ts'

/** Version of the schema, kept in `user_version`. Raise it and add a step to MIGRATIONS for every change. */
export const SCHEMA_VERSION = 2

/** How the properties of one scope are stored. */
export interface PropertyLayout {
  readonly table: string
  readonly history: string
  readonly owner: 'object' | 'class' | 'device'
  readonly member: 'attribute' | 'pipe' | undefined
}

/** The property tables. */
export const PROPERTY_LAYOUTS: Readonly<Record<Scope, PropertyLayout>> = {
  object: layout('property', 'object', undefined),
  class: layout('property_class', 'class', undefined),
  device: layout('property_device', 'device', undefined),
  classAttribute: layout('property_attribute_class', 'class', 'attribute'),
  deviceAttribute: layout('property_attribute_device', 'device', 'attribute'),
  classPipe: layout('property_pipe_class', 'class', 'pipe'),
  devicePipe: layout('property_pipe_device', 'device', 'pipe'),
}

function layout(table: string, owner: PropertyLayout['owner'], member: PropertyLayout['member']): PropertyLayout {
  return { table, history: `${table}_hist`, owner, member }
}

const NAME = "TEXT NOT NULL COLLATE NOCASE DEFAULT ''"
const STAMPS = "updated TEXT, accessed TEXT DEFAULT '2000-01-01 00:00:00', comment TEXT"

function propertyTables({ table, history, owner, member }: PropertyLayout): string {
  const key = member === undefined ? owner : `${owner}, ${member}`
  const columns = member === undefined ? `${owner} ${NAME}` : `${owner} ${NAME}, ${member} ${NAME}`
  return `
    CREATE TABLE ${table} (${columns}, name ${NAME}, count INTEGER NOT NULL, value TEXT, ${STAMPS},
      PRIMARY KEY (${key}, name, count)) WITHOUT ROWID;
    CREATE TABLE ${history} (id INTEGER NOT NULL, date TEXT NOT NULL, ${columns}, name ${NAME}, count INTEGER NOT NULL,
      value TEXT);
    CREATE INDEX ${history}_id ON ${history} (id);
    CREATE INDEX ${history}_name ON ${history} (${key}, name);`
}

const FIRST = `
  CREATE TABLE device (name ${NAME} PRIMARY KEY, alias TEXT COLLATE NOCASE, domain ${NAME}, family ${NAME},
    member ${NAME}, exported INTEGER NOT NULL DEFAULT 0, ior TEXT, host TEXT NOT NULL COLLATE NOCASE DEFAULT 'nada',
    server ${NAME}, pid INTEGER DEFAULT 0, class ${NAME}, version TEXT NOT NULL DEFAULT '0', started TEXT,
    stopped TEXT, comment TEXT);
  CREATE INDEX device_alias ON device (alias);
  CREATE INDEX device_server ON device (server, class);
  CREATE TABLE server (name ${NAME} PRIMARY KEY, host ${NAME}, mode INTEGER DEFAULT 0, level INTEGER DEFAULT 0);
  CREATE TABLE attribute_alias (alias ${NAME} PRIMARY KEY, name ${NAME} UNIQUE, device ${NAME}, attribute ${NAME},
    ${STAMPS});
  CREATE TABLE event (name ${NAME} PRIMARY KEY, exported INTEGER NOT NULL DEFAULT 0, ior TEXT, host ${NAME},
    server ${NAME}, pid INTEGER, version TEXT, started TEXT, stopped TEXT);
  ${Object.values(PROPERTY_LAYOUTS).map(propertyTables).join('')}`

/** Statements that lead from version `index` to `index + 1`. */
export const MIGRATIONS: readonly string[] = [FIRST, ACCESS_TABLES]
