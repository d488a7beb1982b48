// What benchmarks call: commands that do next to nothing, twenty scalars, large constant arrays, events on demand.

import { defineInterface } from '#tango/pure'

/** Class `TangoBench`; names as in `TangoTest` where both have them, but every scalar keeps what is written. */
export const tangoBench = defineInterface({
  class: 'TangoBench',
  naming: 'snake',
  attributes: {
    ampli: { type: 'DevDouble', writable: true },
    booleanScalar: { type: 'DevBoolean', writable: true },
    doubleScalar: { type: 'DevDouble', writable: true, pushes: 'unfiltered' },
    doubleScalarRww: { type: 'DevDouble', writable: true },
    doubleScalarW: { type: 'DevDouble', writable: true },
    floatScalar: { type: 'DevFloat', writable: true },
    long64Scalar: { type: 'DevLong64', writable: true },
    longScalar: { type: 'DevLong', writable: true },
    longScalarRww: { type: 'DevLong', writable: true },
    longScalarW: { type: 'DevLong', writable: true },
    shortScalar: { type: 'DevShort', writable: true },
    shortScalarRo: { type: 'DevShort' },
    shortScalarRww: { type: 'DevShort', writable: true },
    shortScalarW: { type: 'DevShort', writable: true },
    stringScalar: { type: 'DevString', writable: true },
    ucharScalar: { type: 'DevUChar', writable: true },
    ulong64Scalar: { type: 'DevULong64', writable: true },
    ulongScalar: { type: 'DevULong', writable: true },
    ushortScalar: { type: 'DevUShort', writable: true },
    doubleSpectrumRo: { type: 'DevDouble', format: 'spectrum', max: [4096], pushes: 'unfiltered' },
    benchSpectrum: { type: 'DevDouble', format: 'spectrum', max: [10_000], doc: '80 kB, always the same' },
    benchImage: { type: 'DevUShort', format: 'image', max: [2048, 2048], doc: '8 MiB, always the same' },
  },
  commands: {
    devVoid: { name: 'DevVoid' },
    devDouble: { name: 'DevDouble', in: 'DevDouble', out: 'DevDouble' },
    devVarDoubleArray: { name: 'DevVarDoubleArray', in: 'DevVarDoubleArray', out: 'DevVarDoubleArray' },
    pushEvents: {
      name: 'PushEvents',
      in: 'DevVarLongArray',
      out: 'DevDouble',
      inDoc: 'count, size (1: double_scalar, above: double_spectrum_ro), interval us (0: at once)',
      outDoc: 's that it took',
      doc: 'Pushes change events whose first value is the wall time of the push.',
    },
  },
  properties: {},
})
