// Names above positions, in columns that fit a console.

const WIDTH = 80

/** Lines with names above positions, several tables when they are many. */
export function motionTable(names: readonly string[], positions: readonly number[]): string[] {
  const cells = positions.map((p) => (Number.isFinite(p) ? p.toFixed(4) : '-----'))
  const width = Math.max(12, ...names.map((n) => n.length), ...cells.map((c) => c.length)) + 1
  const perLine = Math.max(1, Math.floor(WIDTH / width))
  const lines: string[] = []
  for (let at = 0; at < names.length; at += perLine) {
    if (at > 0) lines.push('')
    lines.push(
      names
        .slice(at, at + perLine)
        .map((n) => n.padStart(width))
        .join(''),
    )
    lines.push(
      cells
        .slice(at, at + perLine)
        .map((c) => c.padStart(width))
        .join(''),
    )
  }
  return lines
}
