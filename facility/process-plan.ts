// Which process serves which logical servers of a beamline, and which one starts after which.

import type { BeamlinePlan } from './messages.ts'

/** One process and its logical servers; the first one of a plan also serves the database. */
export interface ProcessPlan {
  readonly name: string
  readonly servers: readonly string[]
  /** Process that must be ready before. */
  readonly after?: string
}

/** Name of the process that serves the database. @param databaseApart it serves nothing else */
export function firstProcess(databaseApart: boolean): string {
  return databaseApart ? 'database' : 'main'
}

/**
 * Fast: the database and all servers in one process. Isolated: one process each. Recorders always have one of their own.
 * The order is that of dependence: controllers, pool, macro server.
 * @param databaseApart the database has a process of its own also in the fast layout, because each of its calls waits
 */
export function planProcesses(
  beamline: Pick<BeamlinePlan, 'servers' | 'recorders'>,
  isolated: boolean,
  databaseApart = isolated,
): ProcessPlan[] {
  const recorders = new Set(beamline.recorders)
  const others = beamline.servers.filter((s) => !recorders.has(s)).sort((a, b) => rank(a) - rank(b))
  const recorderPlans = [...recorders].map((server) => ({ name: processName(server), servers: [server] }))
  const main = { name: firstProcess(false), servers: others }
  if (!isolated && !databaseApart) return [main, ...recorderPlans]
  const plans: ProcessPlan[] = [{ name: firstProcess(true), servers: [] }]
  if (!isolated) return [...plans, main, ...recorderPlans]
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
