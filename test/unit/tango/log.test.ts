import assert from 'node:assert/strict'
import { createLogger, type LogRecord } from '#tango'

describe('a logger', () => {
  const clock = { now: () => 1_700_000_000.5 }

  it('writes one line of text per record, the device in front', () => {
    const lines: string[] = []
    const log = createLogger({ write: (line) => lines.push(line), clock })
    log.child({ device: 'motor/icepap/1' }).info('moved', { axis: 1, to: 'a b', why: undefined })
    assert.deepEqual(lines, ['2023-11-14T22:13:20.500Z INFO  motor/icepap/1: moved axis=1 to="a b" why=undefined'])
  })

  it('writes JSON that survives errors and big numbers', () => {
    const lines: string[] = []
    createLogger({ format: 'json', write: (line) => lines.push(line), clock }).error('bad', {
      error: new Error('x'),
      n: 5n,
    })
    const record = JSON.parse(lines[0] ?? '')
    assert.equal(record.level, 'ERROR')
    assert.equal(record.n, '5')
    assert.match(record.error, /^Error: x/)
  })

  it('drops what is below its level; a child starts with the level of its parent and has its own', () => {
    const lines: string[] = []
    const log = createLogger({ write: (line) => lines.push(line), level: 'WARN', clock })
    const child = log.child({ device: 'a/b/c' })
    log.info('no')
    child.info('no')
    child.level = 'DEBUG'
    child.debug('yes')
    log.debug('no')
    assert.equal(lines.length, 1)
  })

  it('sends records of a logger and its children to attached sinks until detached', () => {
    const records: LogRecord[] = []
    const log = createLogger({ write: () => {}, clock })
    const child = log.child({ device: 'a/b/c' })
    const detach = child.attach((record) => records.push(record))
    child.child({ axis: 2 }).warn('here', { x: 1 })
    log.warn('not here')
    detach()
    child.warn('gone')
    assert.deepEqual(
      records.map(({ message, fields }) => [message, fields]),
      [['here', { device: 'a/b/c', axis: 2, x: 1 }]],
    )
  })
})
