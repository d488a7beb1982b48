// A device as a CORBA object: finds the handler of an operation.

import type { Invocation } from '../orb/invocation.ts'
import type { Servant } from '../orb/orb-server.ts'
import { DEVICE_REPOSITORY_IDS } from '../wire/operations.ts'
import type { HostedDevice } from './hosted-device.ts'
import { INFO_OPERATIONS } from './info-operations.ts'
import type { Handler } from './operation-handler.ts'
import { PIPE_OPERATIONS } from './pipe-operations.ts'
import { VALUE_OPERATIONS } from './value-operations.ts'

/** BAD_OPERATION of C++ servers. */
const UNKNOWN_OPERATION_MINOR = 0x41540026
const HANDLERS: ReadonlyMap<string, Handler> = new Map([...VALUE_OPERATIONS, ...INFO_OPERATIONS, ...PIPE_OPERATIONS])

/** Serves one device. */
export class DeviceServant implements Servant {
  readonly repositoryIds = DEVICE_REPOSITORY_IDS
  readonly #device: HostedDevice

  constructor(device: HostedDevice) {
    this.#device = device
  }

  invoke(invocation: Invocation): void {
    const handler = HANDLERS.get(invocation.operation)
    if (handler === undefined) invocation.systemException('BAD_OPERATION', UNKNOWN_OPERATION_MINOR, 1)
    else handler(this.#device, invocation)
  }
}
