// Access control over tables that several databases may share: one service for all of them.

import type { Store } from '#db-config'
import { DevFailed, type TangoProcess } from '#tango'

/**
 * Serves `sys/access_control/1` in this process unless another one, native or ours, answers at this database already.
 * Its failure is no reason to be without a database.
 */
export async function shareAccessControl(tango: TangoProcess, store: Store): Promise<void> {
  const { ACCESS_CONTROL_DEVICE, ACCESS_CONTROL_SERVER, accessControlClass } = await import('#db-config')
  const [server = '', instance = ''] = ACCESS_CONTROL_SERVER.split('/')
  const deviceClass = accessControlClass(store)
  try {
    await tango.startServer({
      server,
      instance,
      classes: [deviceClass],
      devices: [{ class: deviceClass.spec.class, name: ACCESS_CONTROL_DEVICE }],
    })
  } catch (error) {
    if (error instanceof DevFailed && error.has('Server_AlreadyRunning'))
      tango.log.info('access control is served by another process', { device: ACCESS_CONTROL_DEVICE })
    else tango.log.error('access control is not served', { error: String(error) })
  }
}
