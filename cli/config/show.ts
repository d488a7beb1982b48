// Answers of the configuration device as lines for people.

import type { Answer, PlannedStep } from './device.ts'

const VERBS: Readonly<Record<string, string>> = {
  create: 'created',
  remove: 'removed',
  restart: 'restarted',
  init: 'initialised again',
  reload: 'told of the changes',
}

/** What applying would do. */
export function planLines({ lines, steps, blockers }: Pick<Answer, 'lines' | 'steps' | 'blockers'>): readonly string[] {
  if (lines.length === 0) return ['nothing would change']
  return [
    ...lines,
    '',
    steps.length === 0 ? 'no running device would be touched' : 'then:',
    ...steps.map(({ device, class: deviceClass, server, action }) => {
      return `  ${device} (${deviceClass} in ${server}) would be ${VERBS[action] ?? action}`
    }),
    ...blockers.map(({ text }) => `blocked: ${text}`),
  ]
}

/** What was done. */
export function resultLines(answer: Pick<Answer, 'lines' | 'steps' | 'revision' | 'unchanged'>): readonly string[] {
  if (answer.unchanged) return [`nothing has changed; revision ${answer.revision} is applied`]
  return [
    ...answer.lines,
    ...(answer.steps.length === 0 ? [] : ['']),
    ...answer.steps.map(stepText),
    '',
    `revision ${answer.revision} is applied`,
  ]
}

/** Revisions as a table, the newest first. */
export function historyLines({ revisions, revision }: Pick<Answer, 'revisions' | 'revision'>): readonly string[] {
  if (revisions.length === 0) return ['no configuration was applied yet']
  const rows = revisions.map((entry) => {
    const mark = entry.number === revision ? '*' : ' '
    const note = entry.withdrawn !== undefined ? 'taken back' : entry.applied ? entry.cause : 'saved'
    return [`${mark} ${entry.number}`, entry.date.slice(0, 19).replace('T', ' '), entry.author, note, entry.reason]
  })
  const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function stepText({ device, action, result, state, text }: PlannedStep): string {
  const [first] = (text ?? '').split('\n')
  if (result === 'waiting') return `  ${device}: ${first}`
  const how = state === undefined ? '' : `, ${state}`
  const trouble = first === undefined || first === '' ? '' : `: ${text?.split('\n').slice(0, 3).join(' ')}`
  return `  ${device} ${VERBS[action] ?? action}${how}${trouble}`
}
