// Finds and imports files by the name of what is in them: device classes, drivers, macros. `Motor` is `motor.js`,
// `CTExpChannel` is `ct-exp-channel.js`. The only place that imports by a path made at run time.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, realpath, rename, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir, userInfo } from 'node:os'
import { basename, dirname, extname, join, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { devFailed } from '../errors/dev-failed.ts'

const ENDINGS = ['.js', '.mjs', '.ts']

/**
 * Path of the file for a name, in the first folder that has one.
 * @param name compared without case, dashes, underscores and blanks
 * @param folders absolute paths; missing ones are skipped
 * @returns `undefined` when no folder has it; where a folder has the source and its compiled form, the latter
 */
export async function findClassFile(name: string, folders: readonly string[]): Promise<string | undefined> {
  const wanted = plain(name)
  for (const folder of folders) {
    const files = await pluginFiles(folder)
    const found = files.filter((file) => plain(stem(file)) === wanted)
    const best = ENDINGS.map((ending) => found.find((file) => file.endsWith(ending))).find((file) => file !== undefined)
    if (best !== undefined) return best
  }
  return undefined
}

/** All files of a folder that can be imported, sorted; without declarations, tests and pure `*-protocol` parts. */
export async function pluginFiles(folder: string): Promise<string[]> {
  let names: string[]
  try {
    names = await readdir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  return names
    .filter((name) => ENDINGS.includes(extname(name)) && !/\.d\.ts$|\.test\.|\.worker\.|-protocol\.\w+$/.test(name))
    .sort()
    .map((name) => join(folder, name))
}

/** Options of {@link importModule}. */
export interface ImportOptions {
  /** Read the file again when it has changed since it was imported. */
  readonly fresh?: boolean
}

/**
 * Imports a file. TypeScript outside this installation is bundled first, with `bandoneon/...` resolved to this
 * installation, so that the file needs no packages beside it.
 * @throws DevFailed `API_ClassNotFound` with the problems of the file
 */
export async function importModule(
  path: string,
  options: ImportOptions = {},
): Promise<Readonly<Record<string, unknown>>> {
  const file = await realpath(path)
  const ours = file.startsWith(packageRoot() + sep)
  const runnable = file.endsWith('.ts') && !ours ? await bundled(file) : file
  const url = pathToFileURL(runnable)
  if (options.fresh === true && runnable === file) url.searchParams.set('at', String((await stat(file)).mtimeMs))
  try {
    return await import(url.href)
  } catch (error) {
    throw devFailed('API_ClassNotFound', `${path} cannot be imported`, { cause: error, origin: 'importModule' })
  }
}

/**
 * Imports a file and returns its default export.
 * @throws DevFailed `API_ClassNotFound`
 */
export async function importDefault(path: string, options: ImportOptions = {}): Promise<unknown> {
  const module = await importModule(path, options)
  if (module.default === undefined) throw devFailed('API_ClassNotFound', `${path} has no default export`)
  return module.default
}

/** A name without case and separators. */
function plain(name: string): string {
  return name.replace(/[-_\s]/g, '').toLowerCase()
}

function stem(file: string): string {
  return basename(file, extname(file))
}

/** Folder of the package that this file belongs to. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder)
    if (parent === folder) throw new Error('unreachable: no package.json above the program')
    folder = parent
  }
  return folder
}

/** Bundles a TypeScript file into the folder of the user's temporary modules, named after its contents. */
async function bundled(file: string): Promise<string> {
  const { build } = await import('esbuild')
  const require = createRequire(join(packageRoot(), 'package.json'))
  let text: string
  try {
    const result = await build({
      entryPoints: [file],
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: 'inline',
      write: false,
      logLevel: 'silent',
      plugins: [
        {
          name: 'bandoneon',
          setup(setup) {
            setup.onResolve({ filter: /^bandoneon(\/|$)/ }, ({ path }) => ({
              path: pathToFileURL(require.resolve(path)).href,
              external: true,
            }))
          },
        },
      ],
    })
    text = result.outputFiles[0]?.text ?? ''
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    throw devFailed('API_ClassNotFound', `${file} cannot be compiled: ${what}`, { origin: 'importModule' })
  }
  const folder = resolve(tmpdir(), `bandoneon-modules-${userInfo().uid}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = await stat(folder)
  if (uid !== userInfo().uid || (mode & 0o022) !== 0) {
    // somebody else could put code there
    throw devFailed('API_ClassNotFound', `${folder} must belong to you alone; remove it and try again`)
  }
  const output = join(folder, `${stem(file)}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.mjs`)
  if (!existsSync(output)) {
    const partial = `${output}.${process.pid}`
    await writeFile(partial, text, { mode: 0o600 })
    await rename(partial, output)
  }
  return output
}
