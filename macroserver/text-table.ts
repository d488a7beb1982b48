// Tables of text for consoles.

/** Lines of a table in the layout of Sardana's lists: titles, dashes, rows; cells as wide as their longest text. */
export function textTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  align: readonly ('left' | 'right')[] = [],
): string[] {
  const widths = titles.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    widths
      .map((width, i) => (align[i] === 'left' ? (cells[i] ?? '').padEnd(width) : (cells[i] ?? '').padStart(width)))
      .map((cell) => ` ${cell}`)
      .join(' ')
      .trimEnd()
  const centred = titles.map((title, i) =>
    title.padStart(title.length + Math.floor(((widths[i] ?? 0) - title.length) / 2)).padEnd(widths[i] ?? 0),
  )
  return [line(centred), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)]
}
