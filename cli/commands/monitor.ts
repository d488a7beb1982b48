// `bandoneon monitor`: shows events of attributes until Ctrl-C; falls back to polling where an attribute has no events.

import { DevFailed } from '#tango/pure'
import { defineCommand, EXIT, UsageError } from '../command.ts'
import { formatReading, splitAttribute } from '../values.ts'

export default defineCommand({
  usage: '<device>/<attribute> ... [--event change] [--period 1]',
  doc: 'Shows events of attributes until Ctrl-C.',
  options: {
    event: { type: 'string', doc: 'change, periodic, archive, user_event (change)' },
    period: { type: 'string', doc: 'seconds between reads where there are no events (1)' },
    count: { type: 'string', doc: 'end after so many lines' },
  },
  async run({ arguments: names, options, connect, out, onInterrupt }) {
    if (names.length === 0) throw new UsageError('name at least one attribute')
    const period = Number(options.period ?? 1) * 1000
    let left = options.count === undefined ? Number.POSITIVE_INFINITY : Number(options.count)
    const targets = names.map(splitAttribute)
    const tango = await connect()
    const event = String(options.event ?? 'change')
    await new Promise<void>((resolve, reject) => {
      onInterrupt(() => resolve())
      const show = (name: string, text: string) => {
        if (left <= 0) return
        out(`${new Date().toISOString().slice(11, 23)} ${name} ${text}`)
        left -= 1
        if (left <= 0) resolve()
      }
      const follow = async (name: string, device: string, attribute: string) => {
        const proxy = tango.proxy(device)
        try {
          await proxy.subscribe(attribute, eventType(event), (e) =>
            show(
              name,
              e.error !== undefined
                ? `error: ${e.error.message}`
                : e.reading === undefined
                  ? e.event
                  : formatReading(e.reading),
            ),
          )
        } catch (error) {
          if (!(error instanceof DevFailed) || !NO_EVENTS.some((reason) => error.has(reason))) throw error
          const poll = async () => {
            try {
              show(name, formatReading(await proxy.read(attribute)))
            } catch (failure) {
              show(name, `error: ${failure instanceof Error ? failure.message : String(failure)}`)
            }
            if (left > 0) tango.clock.setTimer(period, () => void poll())
          }
          await poll()
        }
      }
      Promise.all(targets.map(({ device, attribute }, i) => follow(names[i] ?? '', device, attribute))).catch(reject)
    })
    return EXIT.done
  },
})

/** Reasons that say that an attribute has no such events. */
const NO_EVENTS = ['API_AttributePollingNotStarted', 'API_EventPropertiesNotSet', 'API_CommandNotFound']

function eventType(name: string) {
  const known = ['change', 'periodic', 'archive', 'user_event'] as const
  const found = known.find((k) => k === name)
  if (found === undefined) throw new UsageError(`--event ${name}: there are ${known.join(', ')}`)
  return found
}
