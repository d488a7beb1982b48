// The counterpart of native/client.py and native/client.cpp with our client: ROUNDS SECONDS NAME=URL [NAME=URL ...].

import { type DeviceProxy, type DeviceSpec, silentLogger, TangoProcess } from '#tango'
import { quantile } from './statistics.ts'

const [rounds = '', seconds = '', ...targets] = process.argv.slice(2)
const doubles = Float64Array.from({ length: 1000 }, (_, i) => i)
const scalars = Array.from({ length: 20 }, (_, i) => `scalar_${String(i + 1).padStart(2, '0')}`)
const IN_FLIGHT = 64
/** Of the time of a sample, before the first one of an operation: the others come compiled. */
const WARM_UP = 0.5

const operations: Readonly<Record<string, (device: DeviceProxy<DeviceSpec>) => Promise<unknown>>> = {
  ping: (device) => device.ping(),
  cmd_void: (device) => device.command('DevVoid'),
  cmd_double: (device) => device.command('DevDouble', 3.25),
  cmd_double_64: (device) => Promise.all(Array.from({ length: IN_FLIGHT }, () => device.command('DevDouble', 3.25))),
  cmd_state: (device) => device.command('State'),
  read_scalar: (device) => device.read('scalar_01'),
  read_20_scalars: (device) => device.readMany(scalars),
  write_scalar: (device) => device.write('scalar_01', 4.5),
  echo_1000_doubles: (device) => device.command('DevVarDoubleArray', doubles),
  read_80_kB: (device) => device.read('spectrum'),
}

const tango = await TangoProcess.create({ listen: false, log: silentLogger() })
const devices = targets.map((word) => {
  const [name = '', ...url] = word.split('=')
  return { name, device: tango.proxy(url.join('=')) }
})
for (const [op, call] of Object.entries(operations)) {
  for (const { device } of devices) await sample(() => call(device), Number(seconds) * 1000 * WARM_UP)
  for (let round = 0; round < Number(rounds); round += 1)
    for (const { name, device } of round % 2 === 0 ? devices : [...devices].reverse()) {
      const latencies = await sample(() => call(device), Number(seconds) * 1000)
      const calls = latencies.length * (op === 'cmd_double_64' ? IN_FLIGHT : 1)
      const rate = (calls / latencies.reduce((sum, ms) => sum + ms, 0)) * 1000
      const p50 = quantile(latencies, 0.5) * 1000
      const p99 = quantile(latencies, 0.99) * 1000
      process.stdout.write(`${JSON.stringify({ op, target: name, round, rate, p50, p99 })}\n`)
    }
}
await tango.close()

async function sample(call: () => Promise<unknown>, durationMs: number): Promise<readonly number[]> {
  for (let i = 0; i < 20; i += 1) await call()
  const latencies: number[] = []
  const begin = performance.now()
  for (let before = begin; before - begin < durationMs; ) {
    await call()
    const after = performance.now()
    latencies.push(after - before)
    before = after
  }
  return latencies
}
