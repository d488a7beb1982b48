// Medians and spreads of samples.

/** Value below which the given part of the samples lies; NaN without samples. */
export function quantile(samples: readonly number[], part: number): number {
  const sorted = [...samples].filter((x) => !Number.isNaN(x)).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN
}

/** Middle sample, or the mean of the two in the middle. */
export function median(samples: readonly number[]): number {
  const sorted = [...samples].filter((x) => !Number.isNaN(x)).sort((a, b) => a - b)
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[sorted.length / 2 - 1] ?? Number.NaN)) / 2
}

/** `median (least-most)` with three significant digits. */
export function spread(samples: readonly number[]): string {
  const known = samples.filter((x) => !Number.isNaN(x))
  if (known.length === 0) return '-'
  return `${short(median(known))} (${short(Math.min(...known))}-${short(Math.max(...known))})`
}

/** A number with three significant digits, without exponent. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '-'
  const digits = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)))
  return value.toFixed(Math.min(3, Math.max(0, 2 - digits)))
}
