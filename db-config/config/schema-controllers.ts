// JSON Schema of controllers: their axes from the interfaces of the devices, their properties from the drivers.

import { ctExpChannel } from '#interfaces/ct-exp-channel'
import { motor } from '#interfaces/motor'
import { type AttributeSpec, type PropertySpec, tangoName } from '#tango/pure'
import { CONTROLLER_TYPES, type ControllerType } from './beamline.ts'
import { type Drivers, MOTOR_SETTINGS } from './check-controller.ts'
import { CONTROLLER_PROPERTIES, type DriverDescription, NUMERIC, what } from './check-properties.ts'
import { INSTRUMENT, SERVER, WORD } from './rules.ts'
import { anyCase, choice, hasField, type JsonSchema, list, map, number, text } from './schema-parts.ts'

/** What an axis of each type can say, from the interface of its device. */
const INTERFACES: Readonly<Record<ControllerType, { readonly attributes: Readonly<Record<string, AttributeSpec>> }>> = {
  motor,
  counter: ctExpChannel,
}

/** Meaning of the settings of a motor, where its interface does not say it. */
const SETTING_DOCS: Readonly<Record<string, string>> = {
  stepsPerUnit: 'Steps of the motor per user unit; not 0.',
  velocity: 'User units per second.',
  acceleration: 'Time from rest to full velocity.',
  deceleration: 'Time from full velocity to rest.',
  baseRate: 'Velocity at which a motion starts, user units per second.',
  offset: 'User position at dial position 0.',
  sign: '1, or -1 when user and dial position run against each other.',
}

/** Schema of one controller. */
export function controllerSchema(drivers: Drivers): JsonSchema {
  const known = CONTROLLER_TYPES.map((type) => [type, drivers[type]] as const)
  const described = known.flatMap(([type, all]) =>
    all.flatMap((driver) => (typeof driver === 'object' ? [[type, driver] as const] : [])),
  )
  return {
    ...map(
      {
        name: text({ doc: 'Alias of the controller.', pattern: word }),
        server: text({
          doc: 'Server that holds it, executable/instance; the one of the pool if left out.',
          optional: true,
          pattern: pattern(SERVER),
          numbers: false,
        }),
        type: choice(CONTROLLER_TYPES, { doc: 'What its axes are.' }),
        driver: text({ doc: 'File name of the driver.', pattern: word }),
        simulator: text({ doc: 'Simulator whose address is taken.', optional: true }),
        properties: {
          ...map({}, { doc: 'Properties of the driver: a value or a list each.', optional: true }),
          additionalProperties: true,
        },
        axes: list({ type: ['object', 'string'] }, { doc: 'One device each.' }),
      },
      { required: ['name', 'type', 'driver', 'axes'] },
    ),
    allOf: [
      ...known.map(([type, all]) => ({
        if: { properties: { type: { const: type } }, required: ['type'] },
        // a driver from somebody's own folder is not known here
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: {
          if: { properties: { properties: hasField('pluginPath') }, required: ['properties'] },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: {},
          else: { properties: { driver: choice(all.map(nameOf)) } },
          properties: { axes: list(axisSchema(type)) },
        },
      })),
      ...described.map(([type, driver]) => ({
        if: { properties: { type: { const: type }, driver: { const: driver.name } }, required: ['type', 'driver'] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: {
          if: { properties: { properties: hasField('pluginPath') }, required: ['properties'] },
          // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
          then: {},
          else: propertiesOf(driver),
        },
      })),
    ],
  }
}

const word = pattern(WORD)

function pattern(rule: { readonly pattern?: { readonly test: RegExp } }): RegExp {
  return rule.pattern?.test ?? /^/
}

function nameOf(driver: string | DriverDescription): string {
  return typeof driver === 'string' ? driver : driver.name
}

function axisSchema(type: ControllerType): JsonSchema {
  const { attributes } = INTERFACES[type]
  const settings = type === 'motor' ? Object.entries(MOTOR_SETTINGS) : []
  return map(
    {
      name: text({ doc: 'Alias of the device.', pattern: word }),
      axis: number({ doc: 'Number of the axis at its controller.', integer: true }),
      unit: text({
        doc: type === 'motor' ? 'Unit of positions; velocities are per second.' : 'Unit of values.',
        optional: true,
      }),
      ...(type === 'motor'
        ? {
            limits: list(number(), {
              doc: 'Lowest and highest position in user units, the lower one first.',
              optional: true,
              more: { minItems: 2, maxItems: 2 },
            }),
          }
        : {}),
      instrument: text({
        doc: 'Path of the instrument that it belongs to.',
        optional: true,
        pattern: pattern(INSTRUMENT),
        numbers: false,
      }),
      ...Object.fromEntries(settings.map(([key, attribute]) => [key, settingSchema(key, attribute, attributes)])),
    },
    { required: ['name', 'axis'] },
  )
}

function settingSchema(
  key: string,
  attribute: string,
  attributes: Readonly<Record<string, AttributeSpec>>,
): JsonSchema {
  const spec = Object.entries(attributes).find(([name, member]) => tangoName(name, member) === attribute)?.[1]
  const unit = spec?.unit === undefined ? '' : ` In ${spec.unit}.`
  const doc = `${SETTING_DOCS[key] ?? spec?.doc ?? `First set point of ${attribute}.`}${unit}`
  const integer = spec !== undefined && /Short|Long/.test(spec.type)
  if (key === 'sign') return choice([1, -1, null], { doc, optional: true })
  const bounds: JsonSchema =
    key === 'velocity' || key.endsWith('celeration')
      ? { exclusiveMinimum: 0 }
      : key === 'baseRate'
        ? { minimum: 0 }
        : key === 'stepsPerUnit'
          ? { not: { const: 0 } }
          : {}
  return number({ doc, integer, optional: true, more: bounds })
}

/** Which properties a controller with this driver may and must have. */
function propertiesOf(driver: DriverDescription): JsonSchema {
  const specs = Object.entries({ ...CONTROLLER_PROPERTIES, ...driver.properties })
  const mandatory = specs.filter(([, spec]) => spec.mandatory === true)
  const address = mandatory.filter(([key, spec]) => /^(host|port)$/i.test(tangoName(key, spec)))
  const others = mandatory.filter((entry) => !address.includes(entry))
  const properties = {
    ...map(Object.fromEntries(specs.map(([key, spec]) => [small(tangoName(key, spec)), valueSchema(spec)])), {
      doc: driver.doc,
      optional: true,
    }),
    patternProperties: Object.fromEntries(
      specs.map(([key, spec]) => [anyCase(tangoName(key, spec)), valueSchema({ ...spec, doc: '' })]),
    ),
  }
  const needed = [
    ...(others.length === 0 ? [] : [needs(others)]),
    ...(address.length === 0 ? [] : [{ anyOf: [{ required: ['simulator'] }, needs(address)] }]),
  ]
  return { properties: { properties }, ...(needed.length === 0 ? {} : { allOf: needed }) }
}

function needs(specs: readonly (readonly [string, PropertySpec])[]): JsonSchema {
  const fields = specs.map(([key, spec]) => hasField(tangoName(key, spec)))
  return { properties: { properties: { anyOf: [{ type: 'string' }, { allOf: fields }] } }, required: ['properties'] }
}

function valueSchema(spec: PropertySpec): JsonSchema {
  const given = spec.default === undefined || `${spec.default}` === '' ? '' : ` Default: ${spec.default}.`
  const doc = spec.doc === '' ? undefined : `${spec.doc ?? ''} ${capital(what(spec))}.${given}`.trim()
  const single = singleSchema(spec)
  const documented = doc === undefined ? {} : { description: doc }
  return spec.type.startsWith('DevVar')
    ? { ...documented, anyOf: [single, { type: 'array', items: single }] }
    : { ...documented, ...single }
}

function singleSchema({ type, minValue, maxValue, oneOf }: PropertySpec): JsonSchema {
  if (oneOf !== undefined) {
    // YAML takes some texts for numbers or truth values
    const values = oneOf.flatMap((value): (string | number | boolean)[] => {
      if (NUMERIC.test(value)) return [value, Number(value)]
      return /^(true|false)$/.test(value) ? [value, value === 'true'] : [value]
    })
    return { anyOf: [{ enum: values }, { type: 'string', pattern: '\\$\\{' }] }
  }
  const bounds = {
    ...(minValue === undefined ? {} : { minimum: minValue }),
    ...(maxValue === undefined ? {} : { maximum: maxValue }),
  }
  const numeric = { pattern: `${NUMERIC.source}|\\$\\{`, ...bounds }
  switch (type) {
    case 'DevBoolean':
      return { type: ['boolean', 'string'], pattern: '^([tT][rR][uU][eE]|[fF][aA][lL][sS][eE])$|\\$\\{' }
    case 'DevLong':
    case 'DevVarLongArray':
      return { type: ['integer', 'string'], ...numeric }
    case 'DevDouble':
    case 'DevVarDoubleArray':
      return { type: ['number', 'string'], ...numeric }
    case 'DevString':
    case 'DevVarStringArray':
      return { type: ['string', 'number', 'boolean'] }
  }
}

function small(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1)
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
