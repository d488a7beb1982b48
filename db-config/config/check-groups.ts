// Reads measurement groups and motor groups.

import type { MeasurementGroupEntry, MotorGroupEntry } from './beamline.ts'
import type { Names } from './names.ts'
import { WORD } from './rules.ts'
import { called, Fields, type Findings, type Tree } from './tree.ts'

/** Reads a measurement group; its channels must be defined. */
export function readMeasurementGroup(item: Tree, names: Names, findings: Findings): MeasurementGroupEntry {
  const place = called('measurement group', item)
  const fields = new Fields(item, place, ['name', 'channels', 'timer'], findings)
  const name = fields.text('name', WORD)
  if (name !== undefined) names.define('alias', name.value, name.at)
  const channels = fields.texts('channels', {})
  reportTwice(channels, `${place}: channel`, findings)
  for (const { value, at } of channels) {
    // a name with slashes is an attribute of a device that is no element of the pool
    if (!value.includes('/')) names.need('counter', value, at, place)
  }
  const elements = channels.filter(({ value }) => !value.includes('/'))
  const timer = fields.text('timer', { optional: true })
  if (timer !== undefined && !elements.some(({ value }) => value === timer.value)) {
    const choice = elements.map(({ value }) => value).join(', ')
    findings.add(timer.at, `${place}: timer ${timer.value} is not one of its channels: ${choice}`)
  }
  if (elements.length === 0) findings.add(item.at, `${place}: it needs at least one channel of a counter controller`)
  return {
    name: name?.value ?? '',
    channels: channels.map(({ value }) => value),
    timer: timer?.value ?? elements[0]?.value ?? '',
  }
}

/** Reads a motor group; its motors must be defined. */
export function readMotorGroup(item: Tree, names: Names, findings: Findings): MotorGroupEntry {
  const place = called('motor group', item)
  const fields = new Fields(item, place, ['name', 'motors'], findings)
  const name = fields.text('name', WORD)
  if (name !== undefined) names.define('alias', name.value, name.at)
  const motors = fields.texts('motors', {})
  reportTwice(motors, `${place}: motor`, findings)
  for (const { value, at } of motors) names.need('motor', value, at, place)
  if (motors.length === 0) findings.add(item.at, `${place}: it needs at least one motor`)
  return { name: name?.value ?? '', motors: motors.map(({ value }) => value) }
}

/** Reports the names of a list that stand there more than once. */
export function reportTwice(list: ReturnType<Fields['texts']>, what: string, findings: Findings): void {
  const seen = new Set<string>()
  for (const { value, at } of list) {
    if (seen.has(value)) findings.add(at, `${what} ${value} is there twice`)
    seen.add(value)
  }
}
