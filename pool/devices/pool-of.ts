// A group's way to the pool of its own server.

import { type Device, type DeviceSpec, devFailed } from '#tango'
import { Pool } from './pool.ts'

/** The pool device of the server that `device` lives in. */
export function poolOf(device: Device<DeviceSpec>): Pool {
  const [pool] = device.server.devicesOfClass('Pool')
  if (pool instanceof Pool) return pool
  throw devFailed(
    'Property_Invalid',
    `${device.name}: its server has no device of class Pool; define both in the same server`,
  )
}
