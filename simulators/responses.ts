// Closed forms of beam, sample and detector response. Pure; lengths in any one unit, angles in any one unit.

/** Unit-height Gaussian: 1 at `centre`. */
export function gaussian(x: number, centre: number, sigma: number): number {
  const reduced = (x - centre) / sigma
  return Math.exp(-0.5 * reduced * reduced)
}

/** The error function, to about 1e-15 (Abramowitz and Stegun 7.1.6 near zero, 7.1.14 in the wings). */
export function erf(x: number): number {
  const size = Math.abs(x)
  if (size > 6) return Math.sign(x)
  return Math.sign(x) * (size < 2.5 ? erfSeries(size) : 1 - erfcFraction(size))
}

/** Part of a Gaussian beam that passes a blade: 0 closed, one half at `edge`, 1 open at large `x`. */
export function knifeEdge(x: number, edge: number, sigma: number): number {
  return 0.5 * (1 + erf((x - edge) / (Math.SQRT2 * sigma)))
}

/** A Gaussian beam and a rectangular opening, for `slitTransmission`. */
export interface SlitGeometry {
  readonly sigmaX: number
  readonly sigmaY: number
  readonly beamX: number
  readonly beamY: number
  readonly left: number
  readonly right: number
  readonly bottom: number
  readonly top: number
}

/** Part of a Gaussian beam that passes a rectangular slit; crossed blades let nothing through. */
export function slitTransmission(slit: SlitGeometry): number {
  if (slit.right <= slit.left || slit.top <= slit.bottom) return 0
  const across = knifeEdge(slit.right, slit.beamX, slit.sigmaX) - knifeEdge(slit.left, slit.beamX, slit.sigmaX)
  const upright = knifeEdge(slit.top, slit.beamY, slit.sigmaY) - knifeEdge(slit.bottom, slit.beamY, slit.sigmaY)
  return across * upright
}

/**
 * Stored current of a ring in top-up: decays with one life time, refilled to the start value every period.
 * @param tS seconds since the first injection
 */
export function ringCurrent(tS: number, full: number, lifetimeS: number, topUpS: number): number {
  const sinceInjectionS = topUpS > 0 ? ((tS % topUpS) + topUpS) % topUpS : tS
  return full * Math.exp(-sinceInjectionS / lifetimeS)
}

function erfSeries(x: number): number {
  let term = x
  let sum = x
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

function erfcFraction(x: number): number {
  // From the tail upwards; 60 levels give full precision from 2.5 on.
  let tail = x
  for (let n = 60; n >= 1; n--) tail = x + n / 2 / tail
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail)
}
