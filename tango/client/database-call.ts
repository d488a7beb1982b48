// Calls of the database device by the types of their arguments and results. The types are fixed, so nothing is asked first.

import { devFailed } from '../errors/dev-failed.ts'
import type { OrbClient } from '../orb/orb-client.ts'
import type { CommandType, CommandValues, LongStringArray } from '../types/dev-types.ts'
import { type AnyValue, VOID } from '../wire/any.ts'
import { OPERATIONS } from '../wire/operations.ts'
import { executeCommand, withLevel } from './operations.ts'
import type { DeviceConnection, Repeatable } from './reconnect.ts'

/** Wait for the database, as native clients do. */
const TIMEOUT_MS = 13_000

/** A command argument: nothing, a string, a list of strings, or numbers with strings. */
export type DatabaseArgument = undefined | string | readonly string[] | LongStringArray

/** Sends commands to the database device. */
export class DatabaseCall {
  readonly #client: OrbClient
  readonly #connection: DeviceConnection

  constructor(client: OrbClient, connection: DeviceConnection) {
    this.#client = client
    this.#connection = connection
  }

  /** A command without result. */
  async run(command: string, argument?: DatabaseArgument): Promise<void> {
    await this.#send(command, argument, 'unexecuted')
  }

  async text(command: string, argument?: DatabaseArgument): Promise<string> {
    return this.#expect(command, 'DevString', await this.#send(command, argument, 'always'))
  }

  async texts(command: string, argument?: DatabaseArgument): Promise<string[]> {
    return [...this.#expect(command, 'DevVarStringArray', await this.#send(command, argument, 'always'))]
  }

  async pair(command: string, argument?: DatabaseArgument): Promise<LongStringArray> {
    return this.#expect(command, 'DevVarLongStringArray', await this.#send(command, argument, 'always'))
  }

  /** Asks for a sign of life. */
  async ping(): Promise<void> {
    const options = { timeoutMs: TIMEOUT_MS }
    try {
      await this.#connection.run('always', (target) =>
        this.#client.call(target.reference, OPERATIONS.ping, [], options),
      )
    } catch (error) {
      throw this.#described(error, 'ping')
    }
  }

  async #send(command: string, argument: DatabaseArgument, repeatable: Repeatable): Promise<AnyValue> {
    const any = toAny(argument)
    const options = { timeoutMs: TIMEOUT_MS }
    try {
      return await this.#connection.run(repeatable, (target) =>
        executeCommand({ orb: this.#client, target, options }, command, any),
      )
    } catch (error) {
      throw this.#described(error, command)
    }
  }

  #described(error: unknown, command: string): Error {
    const failed = withLevel(
      error,
      'API_CommandFailed',
      `${this.#connection.name}: ${command} failed`,
      'DatabaseClient',
    )
    if (!failed.has('API_CantConnectToDevice')) return failed
    const desc = `${this.#connection.name} does not answer; start it, or set TANGO_HOST to where it is`
    return withLevel(error, 'API_CantConnectToDatabase', desc, 'DatabaseClient')
  }

  #expect<T extends CommandType>(command: string, type: T, result: AnyValue): CommandValues[T] {
    if (result.type !== type) {
      throw devFailed(
        'API_NotSupported',
        `${this.#connection.name}: ${command} answered with ${result.type}, not ${type}`,
      )
    }
    // the check above pairs type and value
    return result.value as CommandValues[T]
  }
}

function toAny(argument: DatabaseArgument): AnyValue {
  if (argument === undefined) return VOID
  if (typeof argument === 'string') return { type: 'DevString', value: argument }
  return 'svalue' in argument
    ? { type: 'DevVarLongStringArray', value: argument }
    : { type: 'DevVarStringArray', value: argument }
}
