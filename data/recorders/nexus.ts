// Recorder `nexus`: one NeXus/HDF5 file per scan, readable while it grows, and a master file whose entries link to the
// files of the scans, so that no file ever has two writers.

import { link, open, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import {
  addToMaster,
  defineRecorder,
  type H5File,
  type NexusCreator,
  type NexusLayout,
  nexusBlocks,
  nexusEnd,
  nexusTree,
  type RecorderContext,
  type ScanStart,
} from 'bandoneon/data'

interface NexusFile {
  readonly context: RecorderContext
  readonly scan: ScanStart
  readonly layout: NexusLayout
  readonly h5: H5File
  /** Where it is written until readers may see it. */
  readonly draft: string
  path: string
  /** An incomplete file of a former attempt has the name. */
  readonly exists: boolean
  /** The draft has got its name. */
  published: boolean
}

/** A file that replaces an incomplete one of a former attempt takes its place after so many ms or at the end. */
const REPLACE_AFTER_MS = 1000

export default defineRecorder<NexusFile & { readonly begun: number }>({
  doc: 'NeXus files: one per scan, and a master file with links.',

  async start(scan, context) {
    if (scan.file === undefined) return undefined
    const { path, exists } = await context.claim(scan.file)
    // a draft first: whoever sees the file under its name can read it, even if this process dies at once
    const draft = join(dirname(path), `.${basename(path)}.draft`)
    const creator = programOf()
    const layout = nexusTree(scan, creator, basename(path))
    const h5 = await context.hdf5.create(draft, layout.root)
    const file = { context, scan, layout, h5, draft, path, exists, published: false, begun: performance.now() }
    if (!exists) await publish(file)
    if (scan.master !== undefined) {
      const target = { file: relative(dirname(scan.master), file.path), path: `/${layout.entry}` }
      const master = await addToMaster(context.hdf5, {
        master: scan.master,
        entry: layout.entry,
        target,
        creator,
        time: scan.time,
      })
      if (master.path !== scan.master || master.entry !== layout.entry) {
        context.log.warn('the scan is linked under another name', {
          wanted: scan.master,
          file: master.path,
          entry: master.entry,
        })
      }
    }
    return file
  },

  async points(file, points) {
    const { cut } = await file.h5.append(points.first, nexusBlocks(file.layout, points))
    if (cut !== undefined)
      file.context.log.warn('texts too long for the file were cut', { file: file.path, texts: cut })
    if (file.published || performance.now() - file.begun < REPLACE_AFTER_MS) return
    await file.h5.flush()
    await publish(file)
  },

  async end(file, end) {
    await file.h5.merge(nexusEnd(file.scan, end))
    await file.h5.close()
    if (!file.published) await publish(file)
    return file.path
  },

  async abandon({ h5, draft, published, context }) {
    await h5.close().catch((error: unknown) => {
      context.log.warn('the file is left as it was flushed last', { draft, error: String(error) })
    })
    if (!published) await rm(draft, { force: true })
  },
})

/** Gives the draft its name; a file that somebody else has made meanwhile is never replaced. */
async function publish(file: NexusFile): Promise<void> {
  const { draft, context } = file
  while (!file.published) {
    if (file.exists) await rename(draft, file.path)
    else {
      try {
        await link(draft, file.path)
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
        file.path = (await context.claim(file.path, file.path)).path
        continue
      }
      await rm(draft)
    }
    file.published = true
  }
  await syncFolder(dirname(file.path))
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function programOf(): NexusCreator {
  const manifest: unknown = createRequire(import.meta.url)('bandoneon/package.json')
  const known = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return { name: 'bandoneon', version: known ? String(manifest.version) : '' }
}
