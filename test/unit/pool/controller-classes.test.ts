import assert from 'node:assert/strict'
import { className, controllerClasses, describeControllerClass, driverNamed } from '../../../pool/controller-classes.ts'

describe('controller classes', () => {
  const classes = controllerClasses(['Motor/dummy-motor', 'Motor/icepap', 'CTExpChannel/dummy-counter'])

  it('have names that no controller is likely to have', () => {
    assert.deepEqual(
      classes.map((c) => c.name),
      ['DummyMotorController', 'IcepapController', 'DummyCounterController'],
    )
    assert.equal(className('my_controller'), 'MyController')
  })

  it('are found by driver, by class and by class in another spelling', () => {
    for (const text of ['dummy-motor', 'Dummy-Motor', 'DummyMotorController', 'dummymotorcontroller', 'DummyMotor'])
      assert.equal(driverNamed(classes, text), 'dummy-motor', text)
    assert.equal(driverNamed(classes, 'nosuch'), 'nosuch')
  })

  it('are listed once when a folder of plug-ins is searched for every type', () => {
    assert.equal(controllerClasses(['Motor/acme', 'CTExpChannel/acme']).length, 1)
  })

  it('say what kind of elements they make', () => {
    const [first] = classes
    assert.ok(first !== undefined)
    const { types, main_type, parent, full_name } = describeControllerClass(first, 'Pool_x')
    assert.deepEqual([types, main_type, parent], [['Motor'], 'Motor', 'DummyMotorController'])
    assert.equal(full_name, 'DummyMotorController.DummyMotorController')
  })
})
