// Which process serves which logical servers of a beamline, and which one starts after which.

import type { BeamlinePlan } from './messages.ts'

/** One process and its logical servers; the first one of a plan also serves the database. */
export interface ProcessPlan {
  readonly name: string
  readonly servers: readonly string[]
  /** Process that must be ready before. */
  readonly after?: string
}

/** Name of the process that serves the database. */
export function firstProcess(isolated: boolean): string {
  return isolated ? 'database' : 'main'
}

/**
 * Fast: the database and all servers in one process. Isolated: one process each. Recorders always have one of their own.
 * The order is that of dependence: controllers, pool, macro server.
 */
export function planProcesses(beamline: Pick<BeamlinePlan, 'servers' | 'recorders'>, isolated: boolean): ProcessPlan[] {
  const recorders = new Set(beamline.recorders)
  const others = beamline.servers.filter((s) => !recorders.has(s)).sort((a, b) => rank(a) - rank(b))
  const recorderPlans = [...recorders].map((server) => ({ name: processName(server), servers: [server] }))
  const name = firstProcess(isolated)
  if (!isolated) return [{ name, servers: others }, ...recorderPlans]
  const plans: ProcessPlan[] = [{ name, servers: [] }]
  for (const server of others) {
    const before = plans.filter((p) => p.servers.length > 0 && rank(p.servers[0] ?? '') < rank(server)).pop()
    plans.push({
      name: processName(server),
      servers: [server],
      ...(before === undefined ? {} : { after: before.name }),
    })
  }
  return [...plans, ...recorderPlans]
}

function rank(server: string): number {
  if (/^MacroServer\//i.test(server)) return 2
  return /^Pool\//i.test(server) ? 1 : 0
}

function processName(server: string): string {
  return server.toLowerCase().replace('/', '-')
}
