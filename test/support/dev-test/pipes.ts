// Contents of the pipes of class DevTest.

import { devFailed, type PipeBlob, type PipeElement, type PipeInput, type PipeSpec } from '#tango'
import type { DevTestDevice } from './device.ts'

const ON = { states: ['ON'] } as const

/** Pipes in the order of the class. */
export const PIPES: Readonly<Record<string, PipeSpec>> = {
  RPipe: { name: 'RPipe', label: 'ReadPipeLabel', doc: 'The read pipe', ...ON },
  RWPipe: { name: 'RWPipe', label: 'ReadWritePipeLabel', doc: 'The read_write pipe', writable: true },
  PipeConf1: { name: 'PipeConf1', ...ON },
  PipeConf2: { name: 'PipeConf2', label: 'PipeLabel', doc: 'A Tango pipe with user defined desc', ...ON },
  PipeConf3: { name: 'PipeConf3', label: 'BasePipeLabel', ...ON },
  PipeConf4: { name: 'PipeConf4', ...ON },
  PipeConf5: { name: 'PipeConf5', ...ON },
  PipeConf6: { name: 'PipeConf6', doc: 'UserDefinedDesc', ...ON },
  PipeConf7: { name: 'PipeConf7', ...ON },
  RPipeDE: { name: 'RPipeDE', ...ON },
}

const element = (name: string, type: PipeElement['type'], value: unknown): PipeElement => ({ name, type, value })
const blob = (name: string, ...elements: PipeElement[]): PipeBlob => ({ name, elements })
const upTo = (count: number): number[] => Array.from({ length: count }, (_none, i) => i)

function firstCase(name: string): PipeBlob {
  return blob(
    name,
    element('FirstDE', 'DevLong', 666),
    element('SecondDE', 'DevDouble', [1.11, 2.22]),
    element('ThirdDE', 'DevUShort', upTo(100)),
    element('ForthDE', 'DevState', ['ON', 'OFF']),
  )
}

function refuse(reason: string, desc: string): never {
  throw devFailed(reason, desc, { origin: 'RPipe::read' })
}

/** What RPipe answers. */
export function readPipe(device: DevTestDevice): PipeInput | undefined {
  const name = `BlobCase${device.pipeCase}`
  switch (device.pipeCase) {
    case 0:
      return firstCase(name)
    case 1:
      return blob(
        name,
        element('stringDE', 'DevString', 'Hello'),
        element('DevStringDE', 'DevString', 'Hola'),
        element('DevEncodedDE', 'DevEncoded', { format: 'Format', data: Uint8Array.of(0, 1) }),
        element('VectorStringDE', 'DevString', ['Bonjour', 'le', 'monde']),
        element('DevVarStringArrayDE', 'DevString', ['Why not?']),
      )
    case 2:
      return blob(name, element('FirstDE', 'DevLong', 999), element('SecondDE', 'DevDouble', [3.33, 4.44, 5.55]))
    case 3:
      return nested(name, ['InnerInnerFirstDE', 'InnerInnerSecondDE'], [3.33])
    case 4:
      return blob(name, element('1DE', 'DevLong', 1), element('2DE', 'blob', blob('')))
    case 5:
      return undefined
    case 6:
      return blob(name, ...['1DE', '2DE', '1de'].map((de) => element(de, 'DevLong', 1)))
    case 7:
      return refuse('API_PipeNoDataElement', 'No data element in the pipe')
    case 8:
      return refuse('API_NotSupportedFeature', 'Not supported to mix insertion type')
    case 9: {
      const answer = anotherCase(name)
      device.pushPipeByName('RPipe', answer)
      return answer
    }
    case 10:
      return refuse('API_PipeWrongArg', 'Not enough data element created')
    case 11:
      return blob(name, element('1DE', 'DevULong64', 123456n), element('2DE', 'DevBoolean', [true, true, false]))
    default:
      return blob(name, element('1DE_Array', 'DevLong', [9]), element('2DE_Array', 'DevBoolean', [false]))
  }
}

/** What RPipeDE answers. */
export function readPipeElements(): PipeBlob {
  return firstCase('BlobDE')
}

/** What RWPipe answers. */
export function readBothPipe(): PipeBlob {
  return blob('RWPipeBlob', element('RW_1DE', 'DevLong', 666), element('RW_2DE', 'DevDouble', [1.11, 2.22]))
}

/** RWPipe takes one string and then one array of floats. */
export function writeBothPipe({ elements }: PipeBlob): void {
  const [text, numbers, ...more] = elements
  const isList = ArrayBuffer.isView(numbers?.value)
  if (text?.type === 'DevString' && typeof text.value === 'string' && numbers?.type === 'DevFloat' && isList) {
    if (more.length === 0) return
  }
  throw devFailed('API_IncompatibleArgumentType', 'one string and one array of floats are needed', {
    origin: 'DevicePipe::operator>>',
  })
}

/** What the command PushPipeEvent sends for RWPipe. */
export function pipeEvent(kind: number): { readonly blob: PipeBlob; readonly time?: number } | undefined {
  const name = `PipeEventCase${kind}`
  switch (kind) {
    case 0:
      return { blob: nested(name, ['InnerInnerFirstDE', 'InneraaaaaaaInnerSecondDE'], [3.33, 3.33]) }
    case 1:
      return { blob: anotherCase(name) }
    case 2:
      return {
        blob: blob(name, element('Qwerty_1DE', 'DevString', 'Barcelona'), element('Azerty_2DE', 'DevLong', [2])),
        time: 10,
      }
    case 3:
      return undefined
    default:
      return {
        blob: blob(name, element('Lunes', 'DevString', 'Girona'), element('Martes', 'DevLong', upTo(3000))),
      }
  }
}

function anotherCase(name: string): PipeBlob {
  return blob(name, element('Another_1DE', 'DevLong', [2]), element('Another_2DE', 'DevString', 'Barcelona'))
}

function nested(name: string, [first = '', second = '']: readonly string[], values: readonly number[]): PipeBlob {
  const deepest = blob('InnerInner', element(first, 'DevLong', 111), element(second, 'DevDouble', values))
  return blob(
    name,
    element(
      '1DE',
      'blob',
      blob(
        'Inner',
        element('InnerFirstDE', 'DevString', 'Grenoble'),
        element('InnerSecondDE', 'blob', deepest),
        element('InnerThirdDE', 'DevBoolean', true),
      ),
    ),
    element('2DE', 'DevLong', [3, 4, 5, 6]),
  )
}
