// Finds the file of a worker thread or child process beside the module that starts it, compiled or as source.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * URL of a worker file named without its ending.
 * @param base `import.meta.url` of the caller
 * @param path relative, such as `./h5-writer.worker`
 * @returns the `.js` file, or the `.ts` file where the sources are run directly
 * @throws Error when there is neither
 */
export function workerUrl(base: string, path: string): URL {
  const found = ['.js', '.ts', '.mjs']
    .map((end) => new URL(path + end, base))
    .find((url) => existsSync(fileURLToPath(url)))
  if (found === undefined) throw new Error(`no worker file ${path}.js or ${path}.ts beside ${base}`)
  return found
}
