// What a client does with devices: read, write, commands, events, groups, locks. Run it with TANGO_HOST set.

import { DevFailed, TangoProcess } from 'bandoneon/tango'

/** Reads a device, follows one of its attributes for a while and stops a whole family. */
export async function lookAround(device: string): Promise<void> {
  await using tango = await TangoProcess.create({ listen: false })
  const proxy = tango.proxy(device)

  // reads, writes and commands; every wait ends after `timeoutMs`
  proxy.timeoutMs = 1000
  const { value, quality, time } = await proxy.read('Position')
  console.log(device, await proxy.state(), value, quality, new Date(time * 1000))
  await proxy.write('Position', 12.5)
  await proxy.command('Reset')

  // an error is a stack of reasons, the first cause in front
  const [position, velocity] = await proxy.readMany(['Position', 'Velocity'])
  if (velocity instanceof DevFailed) console.log(velocity.reason)
  else console.log(velocity?.value, position)

  // events as a loop; the queue keeps the newest 100
  const events = await proxy.events('Position', 'change', { stateless: true, capacity: 100 })
  for await (const { reading, error } of events) {
    if (error !== undefined) console.log(error.reason)
    else if (reading?.value === 12.5) break
  }

  // nobody else changes the device meanwhile
  await proxy.lock.take()
  await proxy.command('Home')
  await proxy.lock.release()

  // many devices at once, one reply each
  const motors = tango.group('motors')
  await motors.add('motor/demo/*')
  for (const reply of await motors.command('Stop')) {
    if (reply.status === 'failed') console.log(reply.device, reply.error.reason)
  }
}
