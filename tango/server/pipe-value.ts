// Blobs of pipes between the handlers of a device and the wire.

import { toPipeBlob, toPipeReading } from '../client/pipe-values.ts'
import { DevFailed } from '../errors/dev-failed.ts'
import type { PipeBlob } from '../types/pipe.ts'
import type { DevPipeBlob, DevPipeDataElt } from '../wire/tango-idl.ts'

/**
 * What a handler returned as it travels.
 * @param owner names the pipe in errors
 * @throws DevFailed `API_PipeDuplicateDEName` when two elements have the same name in any case, `API_PipeWrongArg`
 */
export function toDevPipeBlob(answer: unknown, owner: string): DevPipeBlob {
  const blob = toPipeBlob('', answer, owner)
  checkNames(blob.blobData, owner)
  return blob
}

/** A received blob as write handlers get it. */
export function toPipeBlobValue(dataBlob: DevPipeBlob): PipeBlob {
  return toPipeReading({ name: '', time: { sec: 0, usec: 0, nsec: 0 }, dataBlob }).blob
}

function checkNames(elements: readonly DevPipeDataElt[], owner: string): void {
  const seen = new Set<string>()
  for (const { name, innerBlob } of elements) {
    const key = name.toLowerCase()
    if (seen.has(key)) {
      const desc = `Several data elements of ${owner} have the same name (${name})`
      throw new DevFailed([{ reason: 'API_PipeDuplicateDEName', severity: 'ERR', desc, origin: 'Pipe.read' }])
    }
    seen.add(key)
    checkNames(innerBlob, owner)
  }
}
