// The macros: found in folders, imported, described for clients. A file that fails is kept with its error, and the
// macros of the others work.

import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { devFailed, importModule, toDevFailed } from '#tango'
import type { Macro } from './macro.ts'
import { didYouMean } from './nearest.ts'
import { describeParameters } from './parameters.ts'

/** A macro and where it comes from. */
export interface LibraryMacro {
  readonly name: string
  readonly macro: Macro
  /** Path of its file. */
  readonly file: string
}

/** One file with macros. */
export interface LibraryFile {
  /** File name without its ending. */
  readonly module: string
  readonly file: string
  readonly macros: readonly LibraryMacro[]
  /** Why the file could not be imported. */
  readonly error: string | undefined
}

/** Folder of the macros that come with the installation. */
export const STANDARD_MACROS = fileURLToPath(new URL('./macros', import.meta.url))

const ENDINGS = ['.js', '.mjs', '.ts']

/** Macros by name. Files of earlier folders win over later ones. */
export class MacroLibrary {
  readonly #folders: readonly string[]
  #files: readonly LibraryFile[] = []
  #macros = new Map<string, LibraryMacro>()

  /** @param macroPath folders searched before the standard macros */
  constructor(macroPath: readonly string[] = []) {
    this.#folders = [...macroPath, STANDARD_MACROS]
  }

  /** Files that were found, those with errors too. */
  get files(): readonly LibraryFile[] {
    return this.#files
  }

  /** All macros, sorted by name. */
  all(): readonly LibraryMacro[] {
    return [...this.#macros.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'))
  }

  names(): string[] {
    return this.all().map((m) => m.name)
  }

  find(name: string): LibraryMacro | undefined {
    return this.#macros.get(name)
  }

  /** @throws DevFailed `Macro_Unknown` with the names that come near */
  get(name: string): LibraryMacro {
    const found = this.#macros.get(name)
    if (found !== undefined) return found
    throw devFailed(
      'Macro_Unknown',
      `there is no macro '${name}'${didYouMean(name, this.#macros.keys()) || '; lsdef lists all'}`,
      {
        origin: 'MacroLibrary.get',
      },
    )
  }

  /** Finds and imports all files; those that have changed are read again. */
  async load(): Promise<void> {
    const lists = await Promise.all(this.#folders.map(macroFiles))
    this.#use(await Promise.all(lists.flat().map((file) => importFile(file))))
  }

  /**
   * Reads again the file of a macro, or a file by its name without ending; new files are found too.
   * @throws DevFailed `Macro_Unknown`, or the error of the file; the old version stays then
   */
  async reload(name: string): Promise<void> {
    const file =
      this.#macros.get(name)?.file ?? this.#files.find((f) => f.module === name)?.file ?? (await this.#newFile(name))
    if (file === undefined)
      throw devFailed('Macro_Unknown', `there is no macro and no macro file '${name}'${didYouMean(name, this.names())}`)
    const read = await importFile(file)
    if (read.error !== undefined) throw devFailed('Macro_Failed', `${file}: ${read.error}`)
    const others = this.#files.filter((f) => f.file !== file)
    const order = (f: LibraryFile) => this.#folders.findIndex((folder) => f.file.startsWith(folder))
    this.#use([...others, read].sort((a, b) => order(a) - order(b)))
  }

  /** Text of the file of a macro, or of a file by its name, and the line on which the macro begins. */
  async code(name: string): Promise<{ readonly file: string; readonly code: string; readonly line: number }> {
    const file = this.#files.find((f) => f.module === name)?.file ?? this.get(name).file
    const code = await readFile(file, 'utf8')
    const line = code.split('\n').findIndex((text) => text.startsWith(`export const ${name} `))
    return { file, code, line: Math.max(0, line) + 1 }
  }

  async #newFile(name: string): Promise<string | undefined> {
    const lists = await Promise.all(this.#folders.map(macroFiles))
    return lists.flat().find((file) => moduleOf(file) === name)
  }

  #use(files: readonly LibraryFile[]): void {
    this.#files = files
    this.#macros = new Map()
    for (const { macros } of files) {
      for (const macro of macros) if (!this.#macros.has(macro.name)) this.#macros.set(macro.name, macro)
    }
  }
}

/** A macro as Sardana's clients read it in `Elements` and `GetMacroInfo`. */
export function describeMacro({ name, macro, file }: LibraryMacro, macroServer: string): object {
  return {
    name,
    full_name: `${moduleOf(file)}.${name}`,
    type: 'MacroClass',
    manager: macroServer,
    parent: moduleOf(file),
    interfaces: ['MacroServerObject', 'Object', 'MacroCode', 'MacroClass', 'Class'],
    id: 0,
    ...placeOf(file),
    description: macro.doc,
    macro_server: macroServer,
    hints: macro.hooks === undefined ? {} : { allowsHooks: macro.hooks },
    parameters: describeParameters(macro.parameters),
    result:
      macro.result === undefined
        ? []
        : [
            {
              min: null,
              max: null,
              name: 'result',
              type: macro.result.type,
              default_value: null,
              description: macro.result.doc ?? '',
            },
          ],
  }
}

/** A file as Sardana's clients read it in `Elements`. */
export function describeFile({ module, file, macros, error }: LibraryFile, macroServer: string): object {
  return {
    name: module,
    full_name: file,
    type: 'MacroLibrary',
    manager: macroServer,
    parent: macroServer,
    interfaces: ['Object', 'MacroLibrary', 'MacroServerObject', 'Library'],
    id: 0,
    ...placeOf(file),
    elements: macros.map((m) => m.name),
    exc_summary: error?.split('\n')[0] ?? null,
    exc_info: error ?? null,
    macro_server: macroServer,
  }
}

function placeOf(file: string) {
  return { module: moduleOf(file), file_path: file, file_name: basename(file), path: dirname(file) }
}

/** Name of a file of macros without folder and ending. */
export function moduleOf(file: string): string {
  return basename(file, extname(file))
}

/** Files of a folder that may hold macros; of a source and its compiled form the latter. A missing folder has none. */
async function macroFiles(folder: string): Promise<string[]> {
  let names: string[]
  try {
    if (!(await stat(folder)).isDirectory()) return [folder]
    names = await readdir(folder)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
  const wanted = names.filter((name) => ENDINGS.includes(extname(name)) && !/\.d\.ts$|\.test\./.test(name)).sort()
  const compiled = new Set(wanted.filter((name) => !name.endsWith('.ts')).map(moduleOf))
  return wanted
    .filter((name) => !name.endsWith('.ts') || !compiled.has(moduleOf(name)))
    .map((name) => join(folder, name))
}

async function importFile(file: string): Promise<LibraryFile> {
  const module = moduleOf(file)
  try {
    const exported = await importModule(file, { fresh: dirname(file) !== STANDARD_MACROS })
    const macros = Object.entries(exported).flatMap(([key, value]) =>
      isMacro(value) ? [{ name: key === 'default' ? module : key, macro: value, file }] : [],
    )
    return { module, file, macros, error: undefined }
  } catch (error) {
    return {
      module,
      file,
      macros: [],
      error: toDevFailed(error)
        .errors.map((e) => e.desc)
        .join('\n'),
    }
  }
}

function isMacro(value: unknown): value is Macro {
  return (
    typeof value === 'object' &&
    value !== null &&
    'kind' in value &&
    value.kind === 'macro' &&
    'run' in value &&
    'parameters' in value
  )
}
