// What DevTest does with its own polling and its own configuration, and tells about it.

import type { AttributeChanges } from '#tango'
import type { DevTestDevice } from './device.ts'

const WAIT_MS = 1000
const PERIOD_MS = 250

/** Twelve lines about an attribute and a command: before they are polled, while they are, and afterwards. */
export async function pollingInDevice(device: DevTestDevice): Promise<string[]> {
  const [attribute, command] = ['Double_spec_attr', 'OULong'] as const
  const { polling } = device
  const lines = (): string[] => {
    const ofAttribute = polling.period('attribute', attribute)
    const ofCommand = polling.period('command', command)
    return [
      `Attribute ${attribute} polled = ${ofAttribute !== undefined}`,
      `Command ${command} polled = ${ofCommand !== undefined}`,
      `Attribute ${attribute} polling period = ${ofAttribute ?? 0}`,
      `Command ${command} polling period = ${ofCommand ?? 0}`,
    ]
  }
  const before = lines()
  polling.start('attribute', attribute, PERIOD_MS)
  polling.start('command', command, PERIOD_MS)
  await device.clock.sleep(WAIT_MS)
  const during = lines()
  polling.stop('attribute', attribute)
  polling.stop('command', command)
  await device.clock.sleep(WAIT_MS)
  return [...before, ...during, ...lines()]
}

/** Polls three attributes, one of which changes the periods, and notes the periods at three moments. */
export function sophisticatedPolling(device: DevTestDevice): void {
  const { polling, clock } = device
  const names = ['Double_spec_attr', 'Short_attr', 'ReynaldPollAttr']
  const note = (): void => {
    for (const name of names) {
      device.pollMessages.push(`Attribute ${name} polling period = ${polling.period('attribute', name) ?? 0}`)
    }
  }
  polling.start('attribute', 'Double_spec_attr', 500)
  polling.start('attribute', 'Short_attr', 250)
  polling.start('attribute', 'ReynaldPollAttr', 250)
  clock.setTimer(300, note)
  clock.setTimer(900, note)
  clock.setTimer(2400, () => {
    note()
    for (const name of names) polling.stop('attribute', name)
  })
}

const ALARMS: Readonly<Record<string, readonly [number, number, number, number]>> = {
  Double_attr: [-999.99, -888.88, 888.88, 999.99],
  Float_attr: [-777.77, -666.66, 666.66, 777.77],
  Long_attr: [1000, 1100, 1400, 1500],
  Long64_attr: [-90000, -80000, 80000, 90000],
  Short_attr: [-5000, -4000, 4000, 5000],
  UChar_attr: [1, 2, 230, 240],
  ULong_attr: [1, 2, 666666, 777777],
  ULong64_attr: [1, 2, 77777777, 88888888],
  UShort_attr: [1, 2, 20000, 30000],
}

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  Double_attr_w: [-1111.11, 1111.11],
  Float_attr_w: [-888.88, 888.88],
  Long_attr_w: [900, 1600],
  Long64_attr_rw: [-100000, 100000],
  Short_attr_w: [-6000, 6000],
  UChar_attr_w: [0, 250],
  ULong_attr_rw: [0, 888888],
  ULong64_attr_rw: [0, 99999999],
  UShort_attr_w: [0, 40000],
}

/** Sets alarm levels of nine attributes, tells what they are then, and restores those before. */
export async function alarmTexts(device: DevTestDevice): Promise<string[]> {
  const lines: string[] = []
  for (const [name, [minAlarm, minWarning, maxWarning, maxAlarm]] of Object.entries(ALARMS)) {
    const { attAlarm: before } = device.configByName(name)
    await apply(device, name, { minAlarm, minWarning, maxWarning, maxAlarm })
    const { attAlarm: now } = device.configByName(name)
    lines.push(name, now.minAlarm, now.minWarning, now.maxWarning, now.maxAlarm)
    await apply(device, name, {
      minAlarm: before.minAlarm,
      minWarning: before.minWarning,
      maxWarning: before.maxWarning,
      maxAlarm: before.maxAlarm,
    })
  }
  return lines
}

/** The same with the smallest and largest values of nine attributes. */
export async function rangeTexts(device: DevTestDevice): Promise<string[]> {
  const lines: string[] = []
  for (const [name, [minValue, maxValue]] of Object.entries(RANGES)) {
    const before = device.configByName(name)
    await apply(device, name, { minValue, maxValue })
    const now = device.configByName(name)
    lines.push(name, now.minValue, now.maxValue)
    await apply(device, name, { minValue: before.minValue, maxValue: before.maxValue })
  }
  return lines
}

function apply(device: DevTestDevice, name: string, changes: AttributeChanges): Promise<void> {
  return device.configureByName(name, changes)
}
