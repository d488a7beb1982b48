// The pipes of one device: look-up, configuration in layers, reading and writing blobs, their events.

import { DevFailed } from '../errors/dev-failed.ts'
import type { EventPublisher } from '../events/publisher.ts'
import { type PipeSpec, tangoName } from '../types/device-spec.ts'
import type { PipeBlob } from '../types/pipe.ts'
import { devErrorList } from '../wire/tango-basic.ts'
import { type DevPipeBlob, type DevPipeData, devPipeData, type PipeConfig } from '../wire/tango-idl.ts'
import { eventTopic } from '../wire/zmq-event.ts'
import { timeVal } from './attribute.ts'
import type { TopicNames } from './attribute-events.ts'
import { type AttributeProperties, type ConfigChange, NOT_SPECIFIED } from './config-properties.ts'
import { type Answer, mapAnswer } from './operation-handler.ts'
import { toDevPipeBlob, toPipeBlobValue } from './pipe-value.ts'
import type { StateCheck } from './state-check.ts'

/** Name in a configuration request that means all pipes. */
const ALL = 'All pipes'
const TEXTS = ['label', 'description'] as const
type PipeProperty = (typeof TEXTS)[number]
type Texts = Record<PipeProperty, string>

/** The handlers of one pipe. */
export interface PipeHandlers {
  readonly read: () => unknown
  readonly write: ((blob: PipeBlob) => unknown) | undefined
}

/** Stored properties of a pipe: of its class and of its device. */
export interface PipeProperties {
  readonly ofClass: AttributeProperties | undefined
  readonly ofDevice: AttributeProperties | undefined
}

/** What a pipe needs from its device. */
export interface PipeHost {
  readonly name: string
  readonly topics: TopicNames
  readonly checkState: StateCheck
  now(): number
}

/** A pipe as it is served. */
export class Pipe {
  readonly key: string
  readonly name: string
  /** Topic of its events. */
  readonly topic: string
  readonly #host: PipeHost
  readonly #spec: PipeSpec
  readonly #handlers: PipeHandlers
  readonly #library: Texts
  readonly #code: Partial<Texts>
  readonly #class: AttributeProperties | undefined
  readonly #texts: Texts

  constructor(
    host: PipeHost,
    key: string,
    spec: PipeSpec,
    naming: 'capital' | 'snake' | undefined,
    handlers: PipeHandlers,
    stored: PipeProperties,
  ) {
    this.key = key
    this.name = tangoName(key, spec, naming)
    this.topic = eventTopic({ ...host.topics, device: host.name, member: this.name, event: 'pipe', idl: 5 })
    this.#host = host
    this.#spec = spec
    this.#handlers = handlers
    this.#library = { label: this.name, description: 'No description' }
    this.#code = {
      ...(spec.label === undefined ? {} : { label: spec.label }),
      ...(spec.doc === undefined ? {} : { description: spec.doc }),
    }
    this.#class = stored.ofClass
    this.#texts = { ...this.#library, ...this.#code }
    for (const property of TEXTS) {
      const text = stored.ofDevice?.get(property) ?? stored.ofClass?.get(property)
      if (text !== undefined) this.#texts[property] = text.join(',')
    }
  }

  get config(): PipeConfig {
    return {
      name: this.name,
      description: this.#texts.description,
      label: this.#texts.label,
      level: this.#spec.level ?? 'OPERATOR',
      writable: this.#spec.writable === true ? 'PIPE_READ_WRITE' : 'PIPE_READ',
      extensions: [],
    }
  }

  /** Changes label and description with the reset words of attributes. @returns what to store */
  change(wanted: Pick<PipeConfig, 'label' | 'description'>): ConfigChange {
    const put = new Map<string, readonly string[]>()
    const remove: string[] = []
    for (const property of TEXTS) {
      const text = wanted[property]
      const library = this.#library[property]
      const code = this.#code[property]
      const ofClass = this.#class?.get(property)?.join(',')
      const word = text.toLowerCase()
      const reset =
        word === NOT_SPECIFIED.toLowerCase()
          ? library
          : text === ''
            ? (code ?? library)
            : word === 'nan'
              ? (ofClass ?? code ?? library)
              : undefined
      const live = reset ?? text
      if (live === this.#texts[property]) continue
      this.#texts[property] = live
      if (live === (ofClass ?? code ?? library)) remove.push(property)
      else put.set(property, [live])
    }
    return { put, remove }
  }

  /** @throws DevFailed `API_PipeNotAllowed`, `API_PipeValueNotSet` and those of the handler */
  read(): Answer<DevPipeData> {
    this.#host.checkState(this.#spec.states, 'API_PipeNotAllowed', 'Device_5Impl::read_pipe_5', () => {
      return `It is currently not allowed to read pipe ${this.name}`
    })
    return mapAnswer(this.#handlers.read(), (answer) => this.#data(answer))
  }

  /** @throws DevFailed `API_PipeNotWritable`, `API_PipeNotAllowed` and those of the handler */
  write(blob: DevPipeBlob): Answer<undefined> {
    const { write } = this.#handlers
    const origin = 'Device_5Impl::write_pipe_5'
    if (write === undefined) throw failure('API_PipeNotWritable', `Pipe ${this.name} is not writable`, origin)
    this.#host.checkState(this.#spec.states, 'API_PipeNotAllowed', origin, () => {
      return `It is currently not allowed to write pipe ${this.name}`
    })
    return mapAnswer(write(toPipeBlobValue(blob)), () => undefined)
  }

  /** Sends an event with a blob, or with an error. @param time seconds since 1970, now when absent */
  push(events: EventPublisher, blob: unknown, time?: number): void {
    if (!events.wanted(this.topic)) return
    if (blob instanceof DevFailed) {
      events.send(this.topic, true, (w) => devErrorList.encode(w, blob.errors))
      return
    }
    const data = this.#data(blob, time)
    events.send(this.topic, false, (w) => devPipeData.encode(w, data))
  }

  #data(answer: unknown, time?: number): DevPipeData {
    if (answer === undefined) {
      const desc = `Read value for pipe ${this.name} has not been updated`
      throw failure('API_PipeValueNotSet', desc, 'Device_5Impl::read_pipe_5')
    }
    const dataBlob = toDevPipeBlob(answer, `${this.#host.name}/${this.name}`)
    return { name: this.name, time: timeVal(time ?? this.#host.now()), dataBlob }
  }
}

/** All pipes of a device. */
export class PipeTable {
  readonly #pipes = new Map<string, Pipe>()

  add(pipe: Pipe): void {
    this.#pipes.set(pipe.name.toLowerCase(), pipe)
  }

  /** @throws DevFailed `API_PipeNotFound` */
  get(name: string): Pipe {
    const pipe = this.#pipes.get(name.toLowerCase())
    if (pipe !== undefined) return pipe
    throw failure('API_PipeNotFound', `${name} pipe not found`, 'DeviceClass::get_pipe_by_name')
  }

  /** The pipe that a key of the spec stands for. */
  byKey(key: string): Pipe | undefined {
    return [...this.#pipes.values()].find((pipe) => pipe.key === key)
  }

  /** Pipes for a configuration request. @throws DevFailed `API_PipeNotFound` */
  configured(names: readonly string[]): readonly Pipe[] {
    if (names.length === 1 && names[0] === ALL) return [...this.#pipes.values()]
    return names.map((name) => this.get(name))
  }
}

function failure(reason: string, desc: string, origin: string): DevFailed {
  return new DevFailed([{ reason, severity: 'ERR', desc, origin }])
}
