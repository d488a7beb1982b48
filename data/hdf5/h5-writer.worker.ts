// The only user of h5wasm: writes HDF5 files in a thread of its own, because every call blocks. Calls that fail inside
// the library leave it in an unknown state, so the first error is reported and the thread is then ended by its owner.

import { parentPort } from 'node:worker_threads'
import { Dataset, File, Group, Module, ready } from 'h5wasm/node'
import { type H5Attributes, type H5Cells, type H5Group, type H5Node, type H5Value, STRING_BYTES } from './h5-tree.ts'
import type { WriterAnswer, WriterReply, WriterRequest } from './writer-protocol.ts'

/** Rows per chunk: numbers 8 KiB. Texts are long and compressed. */
const CHUNK_ROWS = 1024
const STRING_CHUNK_ROWS = 16

/** A file is flushed after so many rows or so much time, whichever comes first. */
const FLUSH_ROWS = 100
const FLUSH_MS = 1000

interface OpenFile {
  readonly file: File
  /** Rows per column, by path. */
  readonly lengths: Map<string, number>
  unflushed: number
  flushed: number
  timer: NodeJS.Timeout | undefined
}

const port = parentPort
if (port === null) throw new Error('unreachable: this file is a worker')
const files = new Map<number, OpenFile>()

await ready
// without this the library prints errors and goes on: a full disk would go unnoticed
Module.activate_throwing_error_handler()

port.on('message', ({ id, request }: { id: number; request: WriterRequest }) => {
  try {
    reply({ id, kind: 'done', value: perform(request) })
  } catch (error) {
    reply({ id, kind: 'failed', message: messageOf(error) })
  }
})

function reply(message: WriterReply): void {
  port?.postMessage(message)
}

function perform(request: WriterRequest): WriterAnswer {
  switch (request.op) {
    case 'create': {
      const file = new File(request.path, 'w')
      const opened: OpenFile = { file, lengths: new Map(), unflushed: 0, flushed: performance.now(), timer: undefined }
      files.set(request.file, opened)
      writeGroup(opened, '', request.root)
      flush(opened)
      return {}
    }
    case 'append':
      return append(openFile(request.file), request.first, request.blocks)
    case 'merge':
      writeGroup(openFile(request.file), '', request.root)
      return {}
    case 'flush':
      flush(openFile(request.file))
      return {}
    case 'close': {
      const opened = openFile(request.file)
      flush(opened)
      opened.file.close()
      files.delete(request.file)
      return {}
    }
    case 'link':
      return link(request)
  }
}

function openFile(number: number): OpenFile {
  const opened = files.get(number)
  if (opened === undefined) throw new Error(`file ${number} is not open`)
  return opened
}

function flush(opened: OpenFile): void {
  clearTimeout(opened.timer)
  opened.timer = undefined
  check(Module.flush(opened.file.file_id), 'flush')
  opened.unflushed = 0
  opened.flushed = performance.now()
}

function append(
  opened: OpenFile,
  first: number,
  blocks: readonly { readonly path: string; readonly values: H5Cells }[],
): WriterAnswer {
  let cut = 0
  let added = 0
  for (const { path, values } of blocks) {
    const length = opened.lengths.get(path)
    if (length === undefined) throw new Error(`${path} is no column`)
    if (first > length) throw new Error(`${path}: rows ${length} to ${first - 1} are missing`)
    const fresh = values.slice(length - first) // rows that are there already are not written twice
    if (fresh.length === 0) continue
    const end = length + fresh.length
    const dataset = datasetAt(opened.file, path)
    check(dataset.resize([end]), `extend ${path}`)
    dataset.write_slice([[length, end]], fresh)
    opened.lengths.set(path, end)
    added = Math.max(added, fresh.length)
    if (Array.isArray(fresh)) cut += fresh.filter((text) => Buffer.byteLength(text) > STRING_BYTES).length
  }
  opened.unflushed += added
  if (opened.unflushed >= FLUSH_ROWS || performance.now() - opened.flushed >= FLUSH_MS) flush(opened)
  else if (opened.unflushed > 0) opened.timer ??= setTimeout(() => flushByTimer(opened), FLUSH_MS)
  return cut === 0 ? {} : { cut }
}

function flushByTimer(opened: OpenFile): void {
  try {
    flush(opened)
  } catch (error) {
    reply({ kind: 'broken', message: messageOf(error) })
  }
}

function writeGroup(opened: OpenFile, path: string, { attributes = {}, children }: H5Group): void {
  const group = groupAt(opened.file, path)
  writeAttributes(group, attributes)
  const there = new Set(group.keys())
  for (const [name, node] of Object.entries(children)) writeNode(opened, group, path, name, node, there.has(name))
}

function writeNode(opened: OpenFile, group: Group, parent: string, name: string, node: H5Node, exists: boolean): void {
  const path = `${parent}/${name}`
  switch (node.kind) {
    case 'group':
      if (!exists) group.create_group(name)
      writeGroup(opened, path, node)
      return
    case 'fixed':
      if (exists) replaceText(opened.file, path, node.value, node.width)
      else writeAttributes(createFixed(group, name, node.value, node.width), node.attributes ?? {})
      return
    case 'column':
      if (exists) throw new Error(`${path} exists`)
      writeAttributes(createColumn(group, name, node.dtype), node.attributes ?? {})
      opened.lengths.set(path, 0)
      return
    case 'link':
      if (exists) throw new Error(`${path} exists`)
      check(group.create_soft_link(node.target, name), `link ${path}`)
  }
}

function createFixed(group: Group, name: string, value: H5Value, width: number | undefined): Dataset {
  if (typeof value === 'number') return group.create_dataset({ name, data: [value], shape: [], dtype: '<d' })
  if (typeof value === 'string') {
    return group.create_dataset(width === undefined ? { name, data: value } : { name, data: value, dtype: `S${width}` })
  }
  if ('int' in value) return group.create_dataset({ name, data: [value.int], shape: [], dtype: '<q' })
  if ('ints' in value) return group.create_dataset({ name, data: [...value.ints], dtype: '<q' })
  return group.create_dataset({ name, data: [...value] })
}

function createColumn(group: Group, name: string, dtype: 'float64' | 'int64' | 'string'): Dataset {
  const growing = { name, shape: [0], maxshape: [null] }
  switch (dtype) {
    case 'float64':
      return group.create_dataset({ ...growing, data: new Float64Array(0), dtype: '<d', chunks: [CHUNK_ROWS] })
    case 'int64':
      return group.create_dataset({ ...growing, data: new BigInt64Array(0), dtype: '<q', chunks: [CHUNK_ROWS] })
    case 'string':
      return group.create_dataset({
        ...growing,
        data: [],
        dtype: `S${STRING_BYTES}`,
        chunks: [STRING_CHUNK_ROWS],
        compression: 1,
      })
  }
}

/** Writes a text of fixed width again; `write_slice` cannot write scalars. */
function replaceText(file: File, path: string, value: H5Value, width: number | undefined): void {
  if (typeof value !== 'string' || width === undefined) throw new Error(`${path} exists and cannot be replaced`)
  const bytes = new Uint8Array(width)
  new TextEncoder().encodeInto(value, bytes)
  const pointer = Module._malloc(width)
  Module.HEAPU8.set(bytes, pointer)
  check(Module.set_dataset_data(file.file_id, path, null, null, null, BigInt(pointer)), `write ${path}`)
  Module._free(pointer)
}

function writeAttributes(object: Group | Dataset, attributes: H5Attributes): void {
  const there = Object.keys(attributes).length === 0 ? {} : object.attrs
  for (const [name, value] of Object.entries(attributes)) {
    if (name in there) check(object.delete_attribute(name), `delete attribute ${name}`)
    if (typeof value === 'number') object.create_attribute(name, [value], [], '<d')
    else if (typeof value === 'string') object.create_attribute(name, value)
    else if ('int' in value) object.create_attribute(name, [value.int], [], '<q')
    else if ('ints' in value) object.create_attribute(name, [...value.ints], null, '<q')
    else object.create_attribute(name, [...value])
  }
}

function link({ path, isNew, name, target, attributes, mark }: WriterRequest & { op: 'link' }): WriterAnswer {
  const file = new File(path, isNew ? 'w' : 'a')
  let linked: string | undefined
  if (isNew || file.attrs[mark.attribute]?.value === mark.value) {
    const there = new Set(file.keys())
    linked = name
    for (let n = 2; there.has(linked) && !pointsTo(file, linked, target); n += 1) linked = `${name}_${n}`
    if (!there.has(linked)) check(file.create_external_link(target.file, target.path, linked), `link ${linked}`)
    writeAttributes(file, { ...attributes, default: linked })
  }
  check(Module.flush(file.file_id), 'flush')
  file.close()
  return linked === undefined ? {} : { link: linked }
}

function pointsTo(file: File, name: string, target: { readonly file: string; readonly path: string }): boolean {
  // not get_type: it would follow the link and open the other file
  const found = file.get_external_link(`/${name}`)
  return found.filename === target.file && found.obj_path === target.path
}

function groupAt(file: File, path: string): Group {
  const found = path === '' ? file : file.get(path)
  if (!(found instanceof Group)) throw new Error(`${path} is no group`)
  return found
}

function datasetAt(file: File, path: string): Dataset {
  const found = file.get(path)
  if (!(found instanceof Dataset)) throw new Error(`${path} is no dataset`)
  return found
}

function check(status: number, what: string): void {
  if (status < 0) throw new Error(`HDF5 could not ${what}`)
}

/** The library's error stack is long; its innermost reason is what a person needs. */
function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  const reason = /error message = '([^']+)'/.exec(text)?.[1] ?? /#000: .*?: ([^\n]+)/.exec(text)?.[1]
  return reason ?? text
}
