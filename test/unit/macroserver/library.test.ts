import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describeFile, describeMacro, MacroLibrary } from '../../../macroserver/library.ts'

const macro = (name: string, doc: string) =>
  `import { defineMacro } from 'bandoneon/macroserver'\nconst x: number = 1\nexport const ${name} = defineMacro({ doc: '${doc}', parameters: {}, run: () => x })\n`

describe('MacroLibrary', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'bandoneon-macros-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const load = async () => {
    const library = new MacroLibrary([folder])
    await library.load()
    return library
  }

  it('has the standard macros', async () => {
    const library = await load()
    const wanted = ['a2scan', 'ascan', 'ct', 'dscan', 'lsdef', 'mesh', 'mv', 'mvr', 'umv', 'wa', 'wm']
    assert.deepEqual(
      wanted.filter((name) => library.find(name) === undefined),
      [],
    )
    for (const file of library.files) assert.equal(file.error, undefined, file.file)
  })

  it('finds TypeScript in other folders, which wins over the standard macros', async () => {
    writeFileSync(join(folder, 'mine.ts'), macro('wa', 'my own wa'))
    const library = await load()
    assert.equal(library.get('wa').macro.doc, 'my own wa')
    assert.equal(library.get('wa').file, join(folder, 'mine.ts'))
    assert.equal(library.get('wm').macro.doc, 'Shows positions and limits of moveables.')
  })

  it('keeps the error of a file that cannot be imported; the others work', async () => {
    writeFileSync(join(folder, 'broken.ts'), 'export const = 1')
    writeFileSync(join(folder, 'throws.mjs'), 'throw new Error("not today")')
    writeFileSync(join(folder, 'fine.ts'), macro('fine', ''))
    const library = await load()
    assert.ok(library.find('fine'))
    const error = (module: string) => library.files.find((f) => f.module === module)?.error ?? ''
    assert.match(error('throws'), /not today/)
    assert.match(error('broken'), /broken\.ts/)
    const described = describeFile(library.files.find((f) => f.module === 'throws')!, 'MS')
    assert.ok('exc_summary' in described && String(described.exc_summary).length > 0)
  })

  it('reads a file again, and keeps the old macros when it is broken', async () => {
    const file = join(folder, 'mine.ts')
    writeFileSync(file, macro('mine', 'first'))
    const library = await load()
    writeFileSync(file, macro('mine', 'second') + macro('other', 'added').replace(/.*x: .*\n|import.*\n/g, ''))
    await library.reload('mine')
    assert.equal(library.get('mine').macro.doc, 'second')
    assert.ok(library.find('other'))
    writeFileSync(file, 'export const = 1')
    await assert.rejects(library.reload('mine'), /Macro_Failed/)
    assert.equal(library.get('mine').macro.doc, 'second')
    rmSync(file)
  })

  it('reads JavaScript again that has changed', async () => {
    const file = join(folder, 'plain.mjs')
    const text = (doc: string) => `export const plain = { kind: 'macro', doc: '${doc}', parameters: {}, run() {} }`
    writeFileSync(file, text('first'))
    const library = await load()
    writeFileSync(file, text('second'))
    utimesSync(file, new Date(), new Date(Date.now() + 5000))
    await library.reload('plain')
    assert.equal(library.get('plain').macro.doc, 'second')
  })

  it('finds a new file by its name', async () => {
    const library = await load()
    writeFileSync(join(folder, 'late.ts'), macro('late', ''))
    await library.reload('late')
    assert.ok(library.find('late'))
    await assert.rejects(library.reload('nothing'), /Macro_Unknown/)
  })

  it('suggests what may have been meant', async () => {
    const library = await load()
    assert.throws(() => library.get('asacn'), /Macro_Unknown: there is no macro 'asacn'; did you mean ascan\?/)
    assert.throws(() => library.get('zzzzzzzz'), /lsdef lists all/)
  })

  it('describes macros as Sardana does and shows their source', async () => {
    writeFileSync(join(folder, 'mine.ts'), macro('mine', 'Does it.'))
    const library = await load()
    assert.deepEqual(describeMacro(library.get('mine'), 'MS_x'), {
      name: 'mine',
      full_name: 'mine.mine',
      type: 'MacroClass',
      manager: 'MS_x',
      parent: 'mine',
      interfaces: ['MacroServerObject', 'Object', 'MacroCode', 'MacroClass', 'Class'],
      id: 0,
      module: 'mine',
      file_path: join(folder, 'mine.ts'),
      file_name: 'mine.ts',
      path: folder,
      description: 'Does it.',
      macro_server: 'MS_x',
      hints: {},
      parameters: [],
      result: [],
    })
    const { file, code, line } = await library.code('mine')
    assert.equal(file, join(folder, 'mine.ts'))
    assert.match(code, /Does it/)
    assert.equal(line, 3)
  })
})
