// A run of many cases against one server, several connections at a time.

import { toHex } from '../interop/golden.ts'
import { run } from './attacker.ts'
import { makeCase } from './cases.ts'
import { VICTIM } from './devices.ts'
import { joined } from './mutations.ts'
import { recordedRequests } from './seeds.ts'
import type { TargetProcess } from './target-process.ts'

/** A case that the server did not survive or answer well. */
export interface Finding {
  readonly seed: number
  readonly number: number
  readonly problem: string
  readonly hex: string
}

/** Result of a run. */
export interface CampaignResult {
  readonly cases: number
  readonly replies: number
  readonly findings: readonly Finding[]
  /** Cases that were kept because they reached new code. */
  readonly kept: number
}

/** Options of {@link runCampaign}. */
export interface CampaignOptions {
  readonly seed: number
  readonly first?: number
  readonly cases: number
  /** Connections at a time. */
  readonly width?: number
  /** Keep the cases that reach new code and go on from them; the target must count its coverage. */
  readonly guided?: boolean
  /** Ends the run early. */
  readonly until?: () => boolean
}

const WIDTH = 8
/** Cases between two looks at the coverage. */
const BATCH = 40
const ENOUGH_FINDINGS = 10

/** Runs cases and collects findings. */
export async function runCampaign(target: TargetProcess, options: CampaignOptions): Promise<CampaignResult> {
  const { seed, first = 0, cases, width = WIDTH, guided = false, until = () => false } = options
  const keys = [VICTIM, VICTIM, VICTIM, target.address.admin.toLowerCase()]
  const victims = { keys, recorded: recordedRequests() }
  const findings: Finding[] = []
  const kept: Uint8Array[] = []
  let batch: Uint8Array[] = []
  let replies = 0
  let next = first
  const end = first + cases
  const stop = (): boolean => {
    return next >= end || findings.length >= ENOUGH_FINDINGS || target.death !== undefined || until()
  }
  const worker = async (limit: number): Promise<void> => {
    while (next < limit && !stop()) {
      const number = next++
      const made = makeCase(seed, number, victims, kept)
      const bytes = joined(made.chunks)
      if (guided) batch.push(bytes)
      const outcome = await run(target.address, made)
      replies += outcome.replies
      const problem = target.death ?? outcome.problem
      if (problem !== undefined) findings.push({ seed, number, problem, hex: toHex(bytes) })
    }
  }
  while (!stop()) {
    const limit = guided ? Math.min(end, next + BATCH) : end
    await Promise.all(Array.from({ length: width }, () => worker(limit)))
    if (guided && target.death === undefined && (await target.newlyReached()).fresh > 0) kept.push(...batch)
    batch = []
  }
  return { cases: next - first, replies, findings, kept: kept.length }
}

/** Text of a finding, complete enough to repeat it. */
export function describeFinding({ seed, number, problem, hex }: Finding): string {
  return `seed ${seed} case ${number}: ${problem}\n  ${hex}`
}
