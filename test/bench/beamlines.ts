// Variants of the demo beamline for benchmarks, as text.

import { readFileSync } from 'node:fs'
import { packagedBeamline } from '#facility'

/** The demo without recorder: scans stay in the scan log, no file is written. */
export function withoutRecorder(): string {
  return changed(/^ {2}- Recorder\/demo1\n/m, '', changed(/^recorders:\n( .*\n?)*/m, '', demo()))
}

/** The demo with one more controller of dummy motors. */
export function withManyMotors(count: number): string {
  const axes = Array.from({ length: count }, (_, i) => `      - { name: many${i + 1}, axis: ${i + 1} }`)
  const controller = [
    '  - name: manyctrl',
    '    type: motor',
    '    driver: dummy-motor',
    `    properties: { axisCount: ${count} }`,
    '    axes:',
    ...axes,
  ]
  return changed(/^measurementGroups:/m, `${controller.join('\n')}\n\nmeasurementGroups:`, demo())
}

function demo(): string {
  return readFileSync(packagedBeamline('demo'), 'utf8')
}

function changed(pattern: RegExp, replacement: string, text: string): string {
  if (!pattern.test(text)) throw new Error(`the demo beamline has no ${pattern}`)
  return text.replace(pattern, replacement)
}
