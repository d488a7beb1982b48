// Drivers as Sardana's clients list them: each is a controller class in a library of its own.

/** A driver that the controller host can load. */
export interface ControllerClass {
  /** `DummyMotorController`: clients keep controllers and classes in one list of names, so it must not be the driver's. */
  readonly name: string
  /** File name of the driver, `dummy-motor`. */
  readonly driver: string
  /** Type of its axes. */
  readonly type: string
}

/** Classes of the drivers that a host reports as `type/driver`, one per name. */
export function controllerClasses(driverList: readonly string[]): readonly ControllerClass[] {
  const classes = new Map<string, ControllerClass>()
  for (const line of driverList) {
    const [type = '', driver = ''] = line.split('/')
    const name = className(driver)
    if (driver !== '' && !classes.has(name)) classes.set(name, { name, driver, type })
  }
  return [...classes.values()]
}

/** Class name of a driver: `dummy-motor` is `DummyMotorController`. */
export function className(driver: string): string {
  const words = driver.split(/[-_]/).map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return `${words.join('').replace(/controller$/i, '')}Controller`
}

/** The driver that a client means by its file name or its class name; an unknown text stays as it is. */
export function driverNamed(classes: readonly ControllerClass[], text: string): string {
  const wanted = text.toLowerCase()
  return (
    classes.find((c) => c.driver.toLowerCase() === wanted || c.name.toLowerCase() === wanted)?.driver ??
    classes.find((c) => c.name.toLowerCase() === className(text).toLowerCase())?.driver ??
    text
  )
}

/** Entry of `ControllerClassList`, `GetControllerClassInfo` and `Elements`. */
export function describeControllerClass(c: ControllerClass, poolAlias: string): Record<string, unknown> {
  return {
    pool: poolAlias,
    name: c.name,
    full_name: `${c.name}.${c.name}`,
    type: 'ControllerClass',
    manager: poolAlias,
    parent: c.name,
    interfaces: ['Class', 'ControllerClass', 'PoolObject', 'Object'],
    id: 0,
    ...file(c),
    description: '',
    gender: '',
    model: '',
    organization: '',
    types: [c.type],
    main_type: c.type,
    api_version: 1,
    properties: [],
    properties_desc: [],
  }
}

/** Entry of `ControllerLibList` and `Elements`. */
export function describeControllerLibrary(c: ControllerClass, poolAlias: string): Record<string, unknown> {
  return {
    pool: poolAlias,
    name: c.name,
    full_name: c.driver,
    type: 'ControllerLibrary',
    manager: poolAlias,
    parent: poolAlias,
    interfaces: ['Library', 'ControllerLibrary', 'PoolObject', 'Object'],
    id: 0,
    ...file(c),
    description: '',
    elements: [c.name],
    exc_summary: null,
    exc_info: null,
  }
}

function file({ name, driver }: ControllerClass) {
  return { module: name, file_name: driver, file_path: driver, path: '' }
}
