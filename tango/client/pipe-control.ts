// Pipes of one device: named blobs of named values.

import type { PipeInput, PipeReading } from '../types/pipe.ts'
import { OPERATIONS } from '../wire/operations.ts'
import type { DevPipeData, PipeConfig } from '../wire/tango-idl.ts'
import type { DeviceCaller } from './device-caller.ts'
import { type Call, CLIENT_IDENT, notSupported } from './operations.ts'
import { toPipeBlob, toPipeReading } from './pipe-values.ts'
import type { PipeInfo } from './proxy-types.ts'

/** Argument of `get_pipe_config_5` that means all. */
const ALL_PIPES = 'All pipes'
const NO_TIME = { sec: 0, usec: 0, nsec: 0 }

/** Reads, writes and configures pipes; part of a proxy. Devices from interface 5 on have them. */
export class PipeControl {
  readonly #caller: DeviceCaller
  readonly #nameOf: (pipe: string) => string

  /** @param nameOf Tango name of a key of the spec */
  constructor(caller: DeviceCaller, nameOf: (pipe: string) => string) {
    this.#caller = caller
    this.#nameOf = nameOf
  }

  /** @throws DevFailed `API_PipeNotFound` and those of the device */
  async read(pipe: string): Promise<PipeReading> {
    const name = this.#nameOf(pipe)
    const data = await this.#caller.ask(`reading the pipe ${name}`, ({ orb, target, options }) =>
      orb.call(needsPipes(target), OPERATIONS.read_pipe_5, [name, CLIENT_IDENT], options),
    )
    return toPipeReading(data)
  }

  /**
   * Writes a pipe.
   * @param values one value per name, or a whole blob
   * @throws DevFailed `API_PipeWrongArg` before anything is sent when a value has no Tango type
   */
  async write(pipe: string, values: PipeInput): Promise<void> {
    const data = this.#data(pipe, values)
    await this.#caller.change(`writing the pipe ${data.name}`, ({ orb, target, options }) =>
      orb.call(needsPipes(target), OPERATIONS.write_pipe_5, [data, CLIENT_IDENT], options),
    )
  }

  /** Writes a pipe and reads it in the same call. */
  async writeRead(pipe: string, values: PipeInput): Promise<PipeReading> {
    const data = this.#data(pipe, values)
    const answer = await this.#caller.change(`writing the pipe ${data.name}`, ({ orb, target, options }) =>
      orb.call(needsPipes(target), OPERATIONS.write_read_pipe_5, [data, CLIENT_IDENT], options),
    )
    return toPipeReading(answer)
  }

  /** Configuration of the named pipes, or of all. */
  async config(pipes?: readonly string[]): Promise<PipeInfo[]> {
    const names = pipes?.map((pipe) => this.#nameOf(pipe)) ?? [ALL_PIPES]
    const configs = await this.#caller.ask('pipe configuration', (call) => getPipeConfig(call, names))
    return configs.map(toPipeInfo)
  }

  /** Changes labels and descriptions. */
  async setConfig(configs: readonly PipeInfo[]): Promise<void> {
    const wire = configs.map(
      (config): PipeConfig => ({
        ...config,
        writable: config.writable ? 'PIPE_READ_WRITE' : 'PIPE_READ',
        extensions: [],
      }),
    )
    await this.#caller.change('changing the pipe configuration', ({ orb, target, options }) =>
      orb.call(needsPipes(target), OPERATIONS.set_pipe_config_5, [wire, CLIENT_IDENT], options),
    )
  }

  #data(pipe: string, values: PipeInput): DevPipeData {
    const name = this.#nameOf(pipe)
    return { name, time: NO_TIME, dataBlob: toPipeBlob(name, values, `${this.#caller.name}/${name}`) }
  }
}

/** Reads one pipe. */
export async function readPipe(call: Call, name: string): Promise<PipeReading> {
  const { orb, target, options } = call
  return toPipeReading(await orb.call(needsPipes(target), OPERATIONS.read_pipe_5, [name, CLIENT_IDENT], options))
}

function getPipeConfig({ orb, target, options }: Call, names: readonly string[]): Promise<readonly PipeConfig[]> {
  return orb.call(needsPipes(target), OPERATIONS.get_pipe_config_5, [names], options)
}

function toPipeInfo({ name, description, label, level, writable }: PipeConfig): PipeInfo {
  return { name, description, label, level, writable: writable === 'PIPE_READ_WRITE' }
}

function needsPipes(target: Call['target']): Call['target']['reference'] {
  if (target.level < 5) throw notSupported(target, 'pipes')
  return target.reference
}
