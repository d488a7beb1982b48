// Set points that outlive the server: stored at each write, shown or written again at start (memorized attributes).

import { devFailed, toDevFailed } from '../errors/dev-failed.ts'
import type { Logger } from '../log.ts'
import type { Attribute } from './attribute.ts'
import type { AttributeTable } from './attribute-table.ts'
import { type FlatPart, memorizedText, parseMemorized } from './attribute-value.ts'
import type { StateOfDevice } from './device-state.ts'
import type { DeviceContent, ServerStore } from './server-store.ts'

/** Attribute property under which the set point is stored. */
export const MEMORIZED = '__value'

/** What is needed of the device. */
export interface MemorizingHost {
  readonly name: string
  readonly log: Logger
  readonly store: ServerStore
  readonly attributes: AttributeTable
  readonly stateOf: StateOfDevice
}

/** Sets the stored values again; one that fails is a trouble of the device until a good value is written. */
export async function applyMemorized(host: MemorizingHost, content: DeviceContent): Promise<void> {
  if (content.attributes.size === 0) return
  for (const { attribute } of host.attributes.all()) {
    const { memorized } = attribute.spec
    if (memorized === undefined || memorized === false || !attribute.writable) continue
    const [stored] = content.attributes.get(attribute.lowerName)?.get(MEMORIZED) ?? []
    if (stored === undefined) continue
    try {
      const value = parseMemorized(attribute.spec.type, stored)
      if (memorized === 'setPoint') attribute.setWritten(value)
      else await attribute.write(attribute.part(value))
    } catch (error) {
      host.log.warn('the memorized value could not be set', { attribute: attribute.name, value: stored, error })
      const line = `Memorized attribute ${attribute.name} has failed during device startup sequence`
      const desc = `Attribute ${attribute.name} is a memorized attribute. It failed during the write call of the device startup sequence`
      const origin = 'Device_3::read_attributes_no_except'
      const failed = devFailed('API_MemAttFailedDuringInit', desc, { cause: toDevFailed(error), origin })
      host.stateOf.addTrouble(attribute.lowerName, line, failed.errors)
    }
  }
}

/** Stores a set point; a failing database costs the memory, not the write. */
export async function storeMemorized(host: MemorizingHost, attribute: Attribute, part: FlatPart): Promise<void> {
  host.stateOf.removeTrouble(attribute.lowerName)
  try {
    const put = new Map([[MEMORIZED, [memorizedText(attribute.spec.type, part)]]])
    await host.store.changeAttribute(host.name, attribute.name, { put, remove: [] })
  } catch (error) {
    host.log.error('the set point could not be stored', { attribute: attribute.name, error })
  }
}
