// What a spec says of a device's members, found by key and by Tango name.

import type { CommandType } from '../types/dev-types.ts'
import { type AttributeSpec, type CommandSpec, type DeviceSpec, tangoName } from '../types/device-spec.ts'
import { type AttributeShape, shapeOf } from './attribute-values.ts'

/** What a spec says of a command. */
export interface KnownCommand {
  readonly name: string
  readonly inType: CommandType
}

/** Members of a spec by key and by Tango name. */
export class SpecNames {
  readonly #attributes = new Map<string, AttributeShape>()
  readonly #commands = new Map<string, KnownCommand>()
  readonly #pipes = new Map<string, string>()

  /** Names of a spec, made once for each. */
  static of(spec: DeviceSpec): SpecNames {
    const known = made.get(spec)
    if (known !== undefined) return known
    const names = new SpecNames(spec)
    made.set(spec, names)
    return names
  }

  private constructor(spec: DeviceSpec) {
    for (const [key, member] of Object.entries<AttributeSpec>(spec.attributes)) {
      const shape = shapeOf(tangoName(key, member, spec.naming), member)
      this.#attributes.set(shape.name.toLowerCase(), shape)
      this.#attributes.set(`:${key}`, shape)
    }
    for (const [key, member] of Object.entries<CommandSpec>(spec.commands)) {
      const command = { name: tangoName(key, member, spec.naming), inType: member.in ?? 'DevVoid' } as const
      this.#commands.set(command.name.toLowerCase(), command)
      this.#commands.set(`:${key}`, command)
    }
    for (const [key, member] of Object.entries(spec.pipes ?? {})) {
      this.#pipes.set(key, tangoName(key, member, spec.naming))
    }
  }

  attribute(name: string): AttributeShape | undefined {
    return this.#attributes.get(`:${name}`) ?? this.#attributes.get(name.toLowerCase())
  }

  command(name: string): KnownCommand | undefined {
    return this.#commands.get(`:${name}`) ?? this.#commands.get(name.toLowerCase())
  }

  /** Tango name of a pipe. */
  pipe(name: string): string | undefined {
    return this.#pipes.get(name)
  }
}

const made = new WeakMap<DeviceSpec, SpecNames>()
