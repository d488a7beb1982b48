// Output of a running macro: lines, blocks that replace the one before, and a progress bar at the bottom of a terminal.

import type { WriteStream } from 'node:tty'

/** What a running macro writes to. */
export interface Screen {
  lines(lines: readonly string[]): void
  /** 0 to 100. */
  progress(percent: number): void
  end(): void
}

const BAR = 30
const ERASE_LINE = '\r\u001b[2K'
const UP = '\u001b[1A'

/** A terminal gets a bar and replaced blocks, a file or pipe just the lines. */
export function screenFor(stream: NodeJS.WriteStream | WriteStream, bar: boolean): Screen {
  return stream.isTTY === true ? terminal(stream, bar) : plain(stream)
}

function plain(stream: NodeJS.WriteStream): Screen {
  return {
    lines: (lines) => {
      const shown = lines.filter((l) => l !== '<BLOCK>' && l !== '</BLOCK>')
      if (shown.length > 0) stream.write(`${shown.join('\n')}\n`)
    },
    progress: () => {},
    end: () => {},
  }
}

function terminal(stream: NodeJS.WriteStream, bar: boolean): Screen {
  let percent: number | undefined
  let block = 0
  const draw = () => {
    if (!bar || percent === undefined) return
    const full = Math.round((percent / 100) * BAR)
    stream.write(`${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${percent.toFixed(0).padStart(3)} %`)
  }
  return {
    lines: (lines) => {
      stream.write(bar && percent !== undefined ? ERASE_LINE : '')
      let inBlock = false
      let shown = 0
      for (const line of lines) {
        if (line === '<BLOCK>') {
          stream.write(`${UP}${ERASE_LINE}`.repeat(block))
          inBlock = true
          shown = 0
        } else if (line === '</BLOCK>') {
          inBlock = false
          block = shown
        } else {
          if (inBlock) shown += 1
          else block = 0
          stream.write(`${line}\n`)
        }
      }
      draw()
    },
    progress: (value) => {
      stream.write(bar && percent !== undefined ? ERASE_LINE : '')
      percent = Math.min(100, Math.max(0, value))
      draw()
    },
    end: () => {
      if (bar && percent !== undefined) stream.write(ERASE_LINE)
      percent = undefined
    },
  }
}
