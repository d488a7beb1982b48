// News of a running macro on their way to the Door. They are gathered and sent at most every 20 ms, and never between a
// point of a scan and the request for the next motion.

import type { LogChannel, News } from './messages.ts'

/** Shortest time between two messages, ms. */
const PERIOD_MS = 20

/** News that is made when it is sent, so that a scan point costs nothing but its place in the list. */
export type LaterNews = () => readonly News[]

/** Gathers news in order. Lines of one channel that follow one another become one event, and so do steps. */
export class Outbox {
  readonly #send: (news: readonly News[]) => void
  readonly #monotonic: () => number
  #waiting: (News | LaterNews)[] = []
  #cancel: (() => void) | undefined
  #isSoon = false
  #last = Number.NEGATIVE_INFINITY

  constructor(send: (news: readonly News[]) => void, monotonic: () => number) {
    this.#send = send
    this.#monotonic = monotonic
  }

  /**
   * Puts news behind what is waiting.
   * @param soon do not wait for the period: the first point of a scan
   */
  add(news: News | LaterNews, soon = false): void {
    this.#waiting.push(news)
    const left = PERIOD_MS - (this.#monotonic() - this.#last)
    if (soon || left <= 0) {
      if (this.#isSoon) return
      this.#cancel?.()
      // behind the requests that this turn of the event loop still writes
      const immediate = setImmediate(() => this.flush())
      this.#isSoon = true
      this.#cancel = () => clearImmediate(immediate)
    } else if (this.#cancel === undefined) {
      const timer = setTimeout(() => this.flush(), left)
      this.#cancel = () => clearTimeout(timer)
    }
  }

  /** Lines for one channel. */
  lines(channel: LogChannel, lines: readonly string[]): void {
    if (lines.length > 0) this.add({ kind: 'lines', channel, lines })
  }

  /** Sends all that is waiting now. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#isSoon = false
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = []
    this.#last = this.#monotonic()
    this.#send(merged(waiting.flatMap((news) => (typeof news === 'function' ? news() : [news]))))
  }
}

/** Joins lines and steps inside a stretch of table lines, records and steps; nothing moves across any other news. */
function merged(all: readonly News[]): News[] {
  const result: News[] = []
  let stretch: News[] = []
  const close = () => {
    const steps = stretch.filter((n) => n.kind === 'status')
    const lines = stretch.flatMap((n) => (n.kind === 'lines' ? n.lines : []))
    if (lines.length > 0) result.push({ kind: 'lines', channel: 'output', lines })
    for (const news of stretch) if (news.kind === 'record') result.push(news)
    result.push(...steps.slice(-1))
    stretch = []
  }
  for (const news of all) {
    if (isScanNews(news)) stretch.push(news)
    else {
      close()
      const before = result.at(-1)
      if (news.kind === 'lines' && before?.kind === 'lines' && before.channel === news.channel)
        result[result.length - 1] = { ...news, lines: [...before.lines, ...news.lines] }
      else result.push(news)
    }
  }
  close()
  return result
}

/** Lines for the console, records and steps: different attributes, whose order among one another nobody sees. */
function isScanNews(news: News): boolean {
  return (
    news.kind === 'record' ||
    (news.kind === 'status' && news.status.state === 'step') ||
    (news.kind === 'lines' && news.channel === 'output')
  )
}
