// Small parts of a JSON Schema (2020-12) for what beamline files may hold. Wherever a value may stand, a variable may stand.

/** A JSON Schema, or a part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/** A value that is nothing but a variable. */
const VARIABLE = '^\\$\\{[^{}]*\\}$'

/** Somewhere a variable. */
const WITH_VARIABLE = '\\$\\{'

/** Constraints and documentation of a part. */
export interface PartOptions {
  readonly doc?: string | undefined
  /** An optional field may also be empty. */
  readonly optional?: boolean
  readonly more?: JsonSchema
}

/** A text; numbers are taken as texts. */
export function text(
  options: PartOptions & { readonly pattern?: RegExp; readonly numbers?: boolean } = {},
): JsonSchema {
  const { pattern, numbers = true } = options
  return {
    ...typed(numbers ? ['string', 'number'] : ['string'], options),
    ...(pattern === undefined ? {} : { pattern: `${pattern.source}|${WITH_VARIABLE}` }),
  }
}

export function number(options: PartOptions & { readonly integer?: boolean } = {}): JsonSchema {
  return { ...typed([options.integer ? 'integer' : 'number', 'string'], options), pattern: VARIABLE }
}

export function boolean(options: PartOptions = {}): JsonSchema {
  return { ...typed(['boolean', 'string'], options), pattern: VARIABLE }
}

/** One of some texts; with the texts that may stand there editors complete. */
export function choice(values: readonly unknown[], options: PartOptions = {}): JsonSchema {
  return {
    ...documented(options),
    anyOf: [{ enum: [...values] }, { type: options.optional ? ['string', 'null'] : 'string', pattern: VARIABLE }],
  }
}

export function list(items: JsonSchema, options: PartOptions = {}): JsonSchema {
  return { ...typed(['array', 'string'], options), items, pattern: VARIABLE }
}

/** A map with known fields, in the order in which editors offer them. */
export function map(
  properties: Readonly<Record<string, JsonSchema>>,
  options: PartOptions & { readonly required?: readonly string[] } = {},
): JsonSchema {
  const { required = [] } = options
  return {
    ...typed(['object', 'string'], options),
    pattern: VARIABLE,
    properties,
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  }
}

/** A map with free names. */
export function names(values: JsonSchema, options: PartOptions & { readonly name?: RegExp } = {}): JsonSchema {
  const { name } = options
  return {
    ...typed(['object', 'string'], options),
    pattern: VARIABLE,
    ...(name === undefined ? {} : { propertyNames: { pattern: name.source } }),
    additionalProperties: values,
  }
}

/** Anything. */
export function anything(options: PartOptions = {}): JsonSchema {
  return documented(options)
}

/** A field name without regard to case. */
export function anyCase(name: string): string {
  const letters = [...name].map((c) => (/[A-Za-z]/.test(c) ? `[${c.toLowerCase()}${c.toUpperCase()}]` : c))
  return `^${letters.join('')}$`
}

/** A map that has a field of this name, whatever its case. */
export function hasField(name: string): JsonSchema {
  return { type: 'object', not: { propertyNames: { not: { pattern: anyCase(name) } } } }
}

function typed(types: readonly string[], options: PartOptions): JsonSchema {
  return { ...documented(options), type: options.optional ? [...types, 'null'] : [...types] }
}

function documented({ doc, more = {} }: PartOptions): JsonSchema {
  return { ...(doc === undefined ? {} : { description: doc }), ...more }
}
