// CORBA system exceptions as the DevFailed stacks that Tango clients know.

import type { DevError } from '../errors/dev-failed.ts'
import { DevFailed } from '../errors/dev-failed.ts'
import type { Completed } from '../wire/giop.ts'

/** Failure below Tango. Reconnection tests `exception`; people read the stack. */
export class SystemException extends DevFailed {
  /** `TRANSIENT`, `COMM_FAILURE`, `OBJECT_NOT_EXIST` ... */
  readonly exception: string
  readonly minor: number
  /** Whether the operation was executed: `NO` makes trying again safe. */
  readonly completed: Completed

  constructor(exception: string, minor: number, completed: Completed, errors: readonly DevError[]) {
    super(errors)
    this.name = 'SystemException'
    this.exception = exception
    this.minor = minor
    this.completed = completed
  }
}

/** What the library knows about a failed call, for the stack. */
export interface FailedCall {
  readonly operation: string
  /** `host:port` or socket path. */
  readonly address: string
}

const ORIGIN = 'OrbClient.call'

/** The call's deadline passed; the server may still be working on it. */
export function callTimedOut(call: FailedCall, timeoutMs: number): SystemException {
  return new SystemException('TRANSIENT', 0, 'MAYBE', [
    corbaLevel('TRANSIENT CORBA system exception: TRANSIENT_CallTimedout'),
    level('API_DeviceTimedOut', `Timeout (${timeoutMs} mS) exceeded on ${call.address}, operation ${call.operation}`),
  ])
}

/** No connection could be made; the operation was not executed. */
export function connectFailed(call: FailedCall, why: string): SystemException {
  return new SystemException('TRANSIENT', 0, 'NO', [
    corbaLevel('TRANSIENT CORBA system exception: TRANSIENT_ConnectFailed'),
    level('API_CantConnectToDevice', `Cannot connect to ${call.address} for operation ${call.operation}: ${why}`),
  ])
}

/** The connection broke while the call was under way. */
export function connectionLost(call: FailedCall, why: string): SystemException {
  return new SystemException('COMM_FAILURE', 0, 'MAYBE', [
    corbaLevel('COMM_FAILURE CORBA system exception: COMM_FAILURE_WaitingForReply'),
    level('API_CommunicationFailed', `Connection to ${call.address} lost during operation ${call.operation}: ${why}`),
  ])
}

/** The peer sent bytes that do not fit the operation. */
export function marshalFailed(call: FailedCall, why: string): SystemException {
  return new SystemException('MARSHAL', 0, 'MAYBE', [
    corbaLevel('MARSHAL CORBA system exception'),
    level('API_CommunicationFailed', `Answer of ${call.address} to operation ${call.operation} is not valid: ${why}`),
  ])
}

/** The remote ORB answered with an exception of its own. */
export function remoteException(
  call: FailedCall,
  exception: { readonly name: string; readonly minor: number; readonly completed: Completed },
): SystemException {
  const { name, minor, completed } = exception
  return new SystemException(name, minor, completed, [
    corbaLevel(`${name} CORBA system exception: minor code 0x${minor.toString(16)}, completed ${completed}`),
    level('API_CommunicationFailed', `${call.address} answered operation ${call.operation} with ${name}`),
  ])
}

function corbaLevel(desc: string): DevError {
  return level('API_CorbaException', desc)
}

function level(reason: string, desc: string): DevError {
  return { reason, severity: 'ERR', desc, origin: ORIGIN }
}
