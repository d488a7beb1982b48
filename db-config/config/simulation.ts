// What the simulators of a beamline are started with.

import type { Beamline } from './beamline.ts'

/** Configuration of the simulator process; ports of 0 are chosen at its start. */
export interface SimulationSetup {
  readonly boxes: readonly {
    readonly name: string
    readonly kind: string
    readonly port: number
    readonly options: Readonly<Record<string, unknown>>
  }[]
  readonly world: Readonly<Record<string, unknown>>
}

/**
 * The boxes and the world of a beamline.
 * @param ports ports to take again after a restart, by name of the box
 * @returns undefined when the beamline has no simulators
 */
export function simulationOf(
  beamline: Beamline,
  ports: Readonly<Record<string, number>> = {},
): SimulationSetup | undefined {
  if (beamline.simulators.length === 0) return undefined
  const boxes = beamline.simulators.map(({ name, kind, options }) => ({
    name,
    kind,
    port: ports[name] ?? 0,
    options: { ...options, ...axisOptions(beamline, name, options.axes) },
  }))
  return { boxes, world: beamline.world }
}

/** A list of axis numbers as the simulators want it: options by number, here the name of the motor on it. */
function axisOptions(beamline: Beamline, box: string, axes: unknown): { readonly axes?: Record<string, unknown> } {
  if (!Array.isArray(axes)) return {}
  const motors = beamline.controllers.filter((c) => c.simulator === box).flatMap((c) => c.axes)
  const named = axes.map((axis: unknown) => {
    const name = motors.find((motor) => motor.axis === axis)?.name
    return [String(axis), name === undefined ? {} : { name }] as const
  })
  return { axes: Object.fromEntries(named) }
}
