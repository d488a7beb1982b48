// A scan as lines of text, in the layout that Sardana's doors print: cells centred in at least eight characters.

import type { ScanColumn, ScanPoints, ScanStart } from './scan-documents.ts'

/** Line above the table: one centred label per scalar column. */
export function scanTableHeader(start: Pick<ScanStart, 'columns'>): string {
  return scalarColumns(start.columns)
    .map(({ column }) => centred(column.label, widthOf(column)))
    .join('  ')
}

/** One line per row of `points`; numbers with six significant digits. */
export function scanTableRows(
  start: Pick<ScanStart, 'columns'>,
  points: Pick<ScanPoints, 'values'>,
): readonly string[] {
  const columns = scalarColumns(start.columns)
  const rows = points.values[0]?.length ?? 0
  return Array.from({ length: rows }, (_, row) =>
    columns.map(({ column, index }) => centred(shortText(points.values[index]?.[row]), widthOf(column))).join('  '),
  )
}

/** A number with at most six significant digits, as C's `%g` prints it; texts as they are. */
export function shortText(value: number | string | undefined): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (value === 0) return '0'
  const [mantissa = '', exponentText = '0'] = value.toExponential(5).split('e')
  const exponent = Number(exponentText)
  if (exponent >= -4 && exponent < 6) return withoutTrailingZeros(value.toFixed(5 - exponent))
  const digits = String(Math.abs(exponent)).padStart(2, '0')
  return `${withoutTrailingZeros(mantissa)}e${exponent < 0 ? '-' : '+'}${digits}`
}

function scalarColumns(columns: readonly ScanColumn[]): readonly { column: ScanColumn; index: number }[] {
  return columns.map((column, index) => ({ column, index })).filter(({ column }) => column.shape.length === 0)
}

function widthOf(column: ScanColumn): number {
  return Math.max(8, column.label.length)
}

/** Python's `str.center`: an odd blank goes to the right, or to the left when the width is odd. */
function centred(text: string, width: number): string {
  const blanks = Math.max(0, width - text.length)
  const left = Math.floor(blanks / 2) + (blanks & width & 1)
  return ' '.repeat(left) + text + ' '.repeat(blanks - left)
}

function withoutTrailingZeros(digits: string): string {
  return digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits
}
