// The databases that section `database` compares, each with the same large content, filled past the device.

import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { openStore } from '#db-config'
import { silentLogger, TangoProcess } from '#tango'
import { CLI } from '../support/facility.ts'
import { freePort } from '../support/free-port.ts'
import { startNativeTango } from '../support/native-tango.ts'
import { memoryOf, processTree } from '../support/processes.ts'
import { within } from '../support/waiting.ts'
import { ready, stop } from './server-program.ts'

/** Devices of the content; those of the two servers below are among them. */
export const DEVICES = 20_000
/** Properties of each device: of the device itself, and of its attributes. */
export const PROPERTIES = { device: 8, attribute: 2 } as const
/** Servers whose start is measured, with their number of devices. */
export const SERVERS = { 'Big/thousand': 1000, 'Big/hundred': 100 } as const

const READY_MS = 120_000
const INSERT_ROWS = 500

/** A database under test. */
export interface Contender {
  readonly name: string
  readonly tangoHost: string
  readonly client: TangoProcess
  /** Resident memory of its processes, MiB. */
  memory(): { readonly server: number; readonly engine: number }
  stop(): Promise<void>
}

/** Device number `i`. */
export function deviceName(i: number): string {
  return `d${i % 20}/fam${i % 50}/m${i}`
}

/** Server of device number `i`. */
function serverName(i: number): string {
  if (i < SERVERS['Big/thousand']) return 'Big/thousand'
  if (i < SERVERS['Big/thousand'] + SERVERS['Big/hundred']) return 'Big/hundred'
  return `Small/${Math.floor(i / 50)}`
}

/** DataBaseds on MariaDB. */
export async function nativeContender(): Promise<Contender> {
  const native = await startNativeTango()
  fillMariaDb(native.socket)
  const client = await connect(native.tangoHost)
  const folder = dirname(native.socket)
  return {
    name: 'native',
    tangoHost: native.tangoHost,
    client,
    memory: () => ({ server: rss(pidIn(folder, 'database')), engine: rss(pidIn(folder, 'mariadb')) }),
    stop: async () => {
      await client.close()
      await native.stop()
    },
  }
}

/** Ours on a file. */
export async function fileContender(folder: string): Promise<Contender> {
  const data = join(folder, 'bandoneon-data')
  mkdirSync(data)
  fillFile(join(data, 'tango.sqlite'))
  const server = await serve(['DataBaseds', '2'], folder)
  return {
    ...server,
    name: 'ours on a file',
    memory: () => ({ server: rssTree(server.pid), engine: 0 }),
  }
}

/** Ours on a MariaDB with the native tables; a native server idles beside it. */
export async function mariaContender(folder: string): Promise<Contender> {
  const native = await startNativeTango()
  try {
    fillMariaDb(native.socket)
    const url = `mysql://tango:tango@localhost/tango?socket=${encodeURIComponent(native.socket)}`
    const server = await serve(['DataBaseds', '3', '--database', url], folder)
    return {
      ...server,
      name: 'ours on MariaDB',
      memory: () => ({ server: rssTree(server.pid), engine: rss(pidIn(dirname(native.socket), 'mariadb')) }),
      stop: async () => {
        await server.stop()
        await native.stop()
      },
    }
  } catch (error) {
    await native.stop()
    throw error
  }
}

async function serve(
  words: readonly string[],
  cwd: string,
): Promise<{ pid: number; tangoHost: string; client: TangoProcess; stop(): Promise<void> }> {
  const tangoHost = `127.0.0.1:${await freePort()}`
  const env = { ...process.env, TANGO_HOST: tangoHost }
  const child = spawn(process.execPath, [CLI, 'serve', ...words], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  await within(`the ready line of ${words.join(' ')}`, ready(child, words.join(' ')), READY_MS)
  const client = await connect(tangoHost)
  return {
    pid: child.pid ?? 0,
    tangoHost,
    client,
    stop: async () => {
      await client.close()
      await stop(child)
    },
  }
}

function connect(tangoHost: string): Promise<TangoProcess> {
  return TangoProcess.create({ tangoHost, listen: false, log: silentLogger() })
}

function fillFile(path: string): void {
  const store = openStore(path)
  store.transaction(() => {
    for (const server of serverNames()) store.devices.define({ name: `dserver/${server}`, server, class: 'DServer' })
    for (let i = 0; i < DEVICES; i += 1) {
      const owner = deviceName(i)
      store.devices.define({ name: owner, server: serverName(i), class: 'Motor', alias: `alias${i}` })
      store.properties.putAll({ scope: 'device', owner }, new Map(deviceProperties(i).map(([n, v]) => [n, [v]])))
      for (const [member, value] of attributeProperties(i))
        store.properties.putAll({ scope: 'deviceAttribute', owner, member }, new Map([['unit', [value]]]))
    }
  })
  store.close()
}

function fillMariaDb(socket: string): void {
  const devices: string[] = []
  const properties: string[] = []
  const attributes: string[] = []
  const device = (name: string, server: string, deviceClass: string, alias: string): void => {
    const [domain, family, member] = name.split('/')
    devices.push(
      `('${name}',${alias},'${domain}','${family}','${member}',0,'nada','nada','${server}',0,'${deviceClass}','nada','nada')`,
    )
  }
  for (const server of serverNames()) device(`dserver/${server}`, server, 'DServer', 'NULL')
  for (let i = 0; i < DEVICES; i += 1) {
    const name = deviceName(i)
    device(name, serverName(i), 'Motor', `'alias${i}'`)
    for (const [property, value] of deviceProperties(i)) properties.push(`('${name}','${property}',1,'${value}',NOW())`)
    for (const [attribute, value] of attributeProperties(i))
      attributes.push(`('${name}','${attribute}','unit',1,'${value}',NOW())`)
  }
  const text = [
    ...inserts('device (name,alias,domain,family,member,exported,ior,host,server,pid,class,version,comment)', devices),
    ...inserts('property_device (device,name,count,value,updated)', properties),
    ...inserts('property_attribute_device (device,attribute,name,count,value,updated)', attributes),
  ].join('\n')
  execFileSync('mariadb', [`--socket=${socket}`, '--user=root', 'tango'], { input: text })
}

function* inserts(into: string, rows: readonly string[]): Generator<string> {
  for (let at = 0; at < rows.length; at += INSERT_ROWS)
    yield `INSERT INTO ${into} VALUES ${rows.slice(at, at + INSERT_ROWS).join(',')};`
}

function serverNames(): readonly string[] {
  return [...new Set(Array.from({ length: DEVICES }, (_, i) => serverName(i)))]
}

function deviceProperties(i: number): readonly (readonly [string, string])[] {
  return Array.from({ length: PROPERTIES.device }, (_, p) => [`property${p}`, `value ${p} of device ${i}`] as const)
}

function attributeProperties(i: number): readonly (readonly [string, string])[] {
  return Array.from({ length: PROPERTIES.attribute }, (_, p) => [`attribute${p}`, `mm${i}`] as const)
}

function pidIn(folder: string, name: string): number {
  return Number(readFileSync(join(folder, `${name}.pid`), 'utf8'))
}

function rss(pid: number): number {
  return memoryOf([pid]).rss
}

function rssTree(pid: number): number {
  return memoryOf(processTree(pid).map((entry) => entry.pid)).rss
}
