// Builds dist/: removes outputs whose source is gone (plug-ins are found by file name), then compiles.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))

function removeStale(folder) {
  const out = join(root, 'dist', folder)
  for (const entry of readdirSync(out, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.name === '.tsbuild') continue
    if (entry.isDirectory()) {
      if (existsSync(join(root, path))) removeStale(path)
      else rmSync(join(root, 'dist', path), { recursive: true })
      continue
    }
    const source = path.replace(/\.d\.ts$|\.js\.map$|\.js$/, '')
    if (!existsSync(join(root, `${source}.ts`)) && !existsSync(join(root, `${source}.tsx`)))
      rmSync(join(out, entry.name))
  }
}

if (existsSync(join(root, 'dist'))) removeStale('')
const result = spawnSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-b', ...process.argv.slice(2)],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
process.exit(result.status ?? 1)
