import assert from 'node:assert/strict'
import { describeElement, describePool, type Element, ElementTable } from '../../../pool/elements.ts'

const full = (device: string) => `tango://h:1/${device}`

function element(id: number, name: string, device: string, rest: Partial<Element>): Element {
  return { id, name, device, fullName: full(device), type: 'Motor', ...rest }
}

describe('entries of Pool.Elements', () => {
  const table = new ElementTable()
  const controller = element(1, 'ctrl', 'controller/dummy-motor/ctrl', {
    type: 'Controller',
    klass: 'dummy-motor',
    mainType: 'Motor',
  })
  const motor = element(2, 'mot', 'motor/ctrl/1', { controller: controller.device, axis: 1 })
  const group = element(3, 'mg', 'mntgrp/p/mg', { type: 'MeasurementGroup', elements: ['ct'] })
  for (const one of [controller, motor, group]) table.add(one)

  it('have the parents under which clients sort them', () => {
    const parent = (one: Element) => describeElement(one, table, 'Pool_x').parent
    assert.equal(parent(motor), 'ctrl')
    assert.equal(parent(controller), 'DummyMotorController')
    assert.equal(parent(group), 'Pool_x')
  })

  it('name the attribute by which an axis is read', () => {
    assert.equal(describeElement(motor, table, 'Pool_x').source, 'tango://h:1/motor/ctrl/1/Position')
  })

  it('begin with the pool itself, which creates and deletes elements for clients', () => {
    const pool = describePool('tango://h:1/pool/x/1', 'Pool_x')
    assert.deepEqual([pool.type, pool.name, pool.id, pool.parent], ['Pool', 'Pool_x', 0, null])
  })
})
