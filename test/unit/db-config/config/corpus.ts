// A beamline file that uses every part of the language, and the drivers that it names.
import type { Drivers } from '../../../../db-config/config/check-controller.ts'

/** Drivers with a property of every kind. */
export const DRIVERS: Drivers = {
  motor: [
    {
      name: 'box',
      doc: 'A box.',
      properties: {
        host: { type: 'DevString', mandatory: true },
        port: { type: 'DevLong', default: 5000, minValue: 1, maxValue: 65535 },
        axes: { type: 'DevVarLongArray', default: [] },
        timeoutMs: { type: 'DevLong', default: 1000, minValue: 1, unit: 'ms' },
        gain: { type: 'DevDouble', default: 1, maxValue: 10 },
        fast: { type: 'DevBoolean', default: false },
        mode: { type: 'DevString', default: 'open', oneOf: ['open', 'closed'] },
        serial: { type: 'DevString', default: '' },
        slots: { type: 'DevVarStringArray', default: [] },
        odd: { type: 'DevLong', default: 0, name: 'Odd_Name' },
      },
    },
    'plain',
  ],
  counter: [{ name: 'dummy', doc: 'None.', properties: {} }],
}

/** Every part of the language once. */
export const FULL = `version: 1
name: full
hosts:
  - { name: control1, description: in the hutch }
  - { name: control2 }
servers:
  - { name: Controllers/full, host: control1, level: 4 }
  - { name: Pool/full, host: control2, controlled: false }
  - MacroServer/full
pool: { server: Pool/full, device: pool/full/1 }
controllers:
  - name: rack
    server: Controllers/full
    type: motor
    driver: box
    properties: { host: box.example, port: 5001 }
    axes:
      - { name: left, axis: 1 }
      - { name: right, axis: 2 }
      - { name: top, axis: 3, instrument: /slits/front }
      - { name: alone, axis: 4 }
  - { name: ct, type: counter, driver: dummy, axes: [{ name: c1, axis: 1 }, { name: c2, axis: 2 }] }
motorGroups:
  - { name: gap, motors: [left, right] }
measurementGroups:
  - { name: mg, channels: [c1, c2] }
instruments:
  - { name: /slits/front, class: NXslit, description: after the mirror, elements: [left, right] }
  - { name: /diode, elements: [c1] }
macroServer: { server: MacroServer/full, device: macroserver/full/1, environment: { ActiveMntGrp: mg } }
sessions:
  - { name: everything }
  - name: slits
    include: [/slits, gap]
    defaults: { ScanDir: /data, a.b: [1] }
    setup: sessions/slits.ts
    metadata: [left]
    macroPath: [macros/slits]
  - name: align
    description: mornings
    extends: [slits]
    include: [mg]
    exclude: [top]
    defaults: { ActiveMntGrp: mg, ScanDir: /tmp }
    metadata: [/diode, left]
    techniques: { XRPD: [right], FLUO: [c2, /diode] }
    macroPath: [macros/align, macros/slits]
devices:
  - device: sys/tg_test/1
    class: TangoTest
    server: Controllers/full
    alias: tg1
    properties: { Channels: [a, 2, true], Empty: '' }
    attributes: { double_scalar: { unit: mm, abs_change: 0.1, max_value: '10.50' } }
  - { device: vac/gauge/1, class: Gauge, server: Pool/full }
`
