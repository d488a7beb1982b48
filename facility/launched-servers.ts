// Which servers the launcher serves itself. Those of plain devices belong to the Starter, or to whoever has their program.

import { CLASS_FOLDERS } from './catalogue.ts'

/** What is known of a server: `serversOfBeamline` and `serversOfStore` of `#db-config` say it. */
type Content = { readonly name: string; readonly classes: readonly string[]; readonly controlled: boolean }

/** Names of those that the launcher serves, in their order. */
export async function launchedServers(contents: readonly Content[]): Promise<readonly string[]> {
  const [{ isLaunched }, { findClassFile }] = await Promise.all([import('#db-config'), import('#tango')])
  const names = [...new Set(contents.flatMap(({ classes }) => classes))]
  const files = await Promise.all(names.map((name) => findClassFile(name, CLASS_FOLDERS)))
  const served = new Set(names.filter((_, i) => files[i] !== undefined))
  return contents.filter((content) => isLaunched(content, (name) => served.has(name))).map(({ name }) => name)
}
