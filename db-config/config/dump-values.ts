// Values of a database as a beamline file writes them.

import type { Beamline } from './beamline.ts'

/** A map of a file; fields without a value are left out. */
export type Fields = Record<string, unknown>

/** A list of axes was made a map of their options when the file was read. */
export function simulatorFields({ name, kind, options }: Beamline['simulators'][number]): readonly [string, Fields] {
  const { axes } = options
  const isMap = typeof axes === 'object' && axes !== null && !Array.isArray(axes)
  const plain = isMap && Object.values(axes).every((entry) => Object.keys(entry ?? {}).every((key) => key === 'name'))
  return [name, { kind, ...options, ...(plain ? { axes: Object.keys(axes).map(Number) } : {}) }]
}

/** `name=JSON` lines. */
export function variables(lines: readonly string[] = []): Fields {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=')
      const text = line.slice(at + 1)
      try {
        return [line.slice(0, at), JSON.parse(text)]
      } catch {
        return [line.slice(0, at), text]
      }
    }),
  )
}

/** A property as people write it. */
export function plainValue(lines: readonly string[]): unknown {
  const values = lines.map((line) => {
    if (line === 'true' || line === 'false') return line === 'true'
    return line !== '' && String(Number(line)) === line && Number.isFinite(Number(line)) ? Number(line) : line
  })
  return values.length === 1 ? values[0] : values
}

/** A list, if there is something in it. */
export function some<T>(items: readonly T[] | undefined): readonly T[] | undefined {
  return items === undefined || items.length === 0 ? undefined : items
}

/** A map, if there is something in it. */
export function someFields(fields: Readonly<Fields>): Readonly<Fields> | undefined {
  return Object.keys(fields).length === 0 ? undefined : fields
}
