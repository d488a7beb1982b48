// The store over MariaDB with a scripted connection: what is sent, and what follows from failures.
import assert from 'node:assert/strict'
import type { MysqlAddress } from '../../../../db-config/store/mysql-address.ts'
import { NATIVE_TABLES } from '../../../../db-config/store/mysql-dialect.ts'
import type { BatchMode, LinkFailure, LinkReply, StatementResult } from '../../../../db-config/store/mysql-protocol.ts'
import { type Link, MysqlStore } from '../../../../db-config/store/mysql-store.ts'
import type { Place } from '../../../../db-config/store/store.ts'

const ADDRESS: MysqlAddress = {
  host: 'db',
  port: 3306,
  socket: undefined,
  user: 'tango',
  password: 'Secret',
  schema: 'tango',
  charset: 'latin1',
}

const DEVICE: Place = { scope: 'device', owner: 'a/b/1' }

/** Answers every statement; failures are laid in before. */
class ScriptedLink implements Link {
  readonly sent: { readonly statements: readonly string[]; readonly mode: BatchMode }[] = []
  readonly failures: { readonly at: RegExp; readonly failure: LinkFailure }[] = []
  readonly engine: string
  closed = 0

  constructor(engine: string) {
    this.engine = engine
  }

  open(): LinkReply {
    return { results: [] }
  }

  batch(text: string, mode: BatchMode): LinkReply {
    const statements = text.split(';\n')
    this.sent.push({ statements, mode })
    const [next] = this.failures
    const at = next === undefined ? -1 : statements.findIndex((statement) => next.at.test(statement))
    if (next === undefined || at < 0) return { results: statements.map((statement) => this.#result(statement)) }
    this.failures.shift()
    return { results: statements.slice(0, at).map((statement) => this.#result(statement)), failure: next.failure }
  }

  close(): void {
    this.closed += 1
  }

  /** Statements of each message since the store was opened. */
  get messages(): readonly (readonly string[])[] {
    return this.sent.slice(this.#opening).map(({ statements }) => statements)
  }

  opened(): void {
    this.#opening = this.sent.length
  }

  #opening = 0

  #result(statement: string): StatementResult {
    const rows = (...found: (string | number)[][]): StatementResult => ({
      kind: 'rows',
      columns: found[0]?.length ?? 1,
      rows: found,
    })
    if (statement.includes('information_schema')) return rows(...NATIVE_TABLES.map((table) => [table, this.engine]))
    if (statement === 'SELECT version()') return rows(['10.11.0-MariaDB'])
    if (statement.startsWith('SELECT (SELECT count')) return rows([1, 1, 1, 1, 1, 1, 1])
    if (/^SELECT|RETURNING/.test(statement)) return rows()
    return { kind: 'done', affected: 1, insertId: 5 }
  }
}

function opened(engine: 'InnoDB' | 'MyISAM'): { link: ScriptedLink; store: MysqlStore } {
  const link = new ScriptedLink(engine)
  const store = new MysqlStore(ADDRESS, { link })
  link.opened()
  return { link, store }
}

const DEADLOCK: LinkFailure = { kind: 'sql', text: 'Deadlock found', errno: 1213 }
const LOST: LinkFailure = { kind: 'lost', text: 'it ended', errno: 0 }

describe('MysqlStore', () => {
  it('writes a property in one message, as a transaction', () => {
    const { link, store } = opened('InnoDB')
    store.properties.put(DEVICE, 'p', ['1', '2'])
    assert.equal(link.messages.length, 1)
    const [statements = []] = link.messages
    assert.match(statements[0] ?? '', /SERIALIZABLE/)
    assert.equal(statements[1], 'START TRANSACTION')
    assert.equal(statements.at(-1), 'COMMIT')
    assert.equal(statements.filter((text) => text.startsWith('INSERT INTO property_device (')).length, 1)
  })

  it('locks the tables of the one message where they have no transactions, and all when more may come', () => {
    const { link, store } = opened('MyISAM')
    store.properties.put(DEVICE, 'p', ['1'])
    assert.equal(
      link.messages[0]?.[0],
      'LOCK TABLES property_device WRITE, property_device_hist WRITE, device_history_id WRITE',
    )
    assert.equal(link.messages[0]?.at(-1), 'UNLOCK TABLES')
    store.transaction(() => {
      store.devices.get('a/b/1')
      store.devices.setAlias('a/b/1', 'x')
    })
    const [first = [], second = []] = link.messages.slice(1)
    assert.equal(first[0]?.split(',').length, NATIVE_TABLES.length)
    assert.equal(second.at(-1), 'UNLOCK TABLES')
  })

  it('does the whole work anew after a deadlock', () => {
    const { link, store } = opened('InnoDB')
    link.failures.push({ at: /^INSERT/, failure: DEADLOCK }, { at: /^COMMIT/, failure: DEADLOCK })
    let runs = 0
    store.transaction(() => {
      runs += 1
      store.properties.put(DEVICE, 'p', ['1'])
    })
    assert.equal(runs, 3)
    assert.equal(link.messages.filter((statements) => statements.join() === 'ROLLBACK').length, 2)
    assert.equal(link.messages.at(-1)?.at(-1), 'COMMIT')
  })

  it('sends nothing for work that fails before anything had to be known', () => {
    const { link, store } = opened('MyISAM')
    assert.throws(
      () =>
        store.transaction(() => {
          store.properties.put(DEVICE, 'p', ['1'])
          throw new Error('no')
        }),
      /^Error: no$/,
    )
    assert.deepEqual(link.messages, [])
  })

  it('takes back what was written when the connection is lost and the tables have no transactions', () => {
    const { link, store } = opened('MyISAM')
    link.failures.push({ at: /member = 'second'|'second'/, failure: LOST })
    assert.throws(
      () =>
        store.transaction(() => {
          store.properties.put(DEVICE, 'first', ['1'])
          store.properties.get(DEVICE, 'first')
          store.properties.put(DEVICE, 'second', ['1'])
        }),
      /the connection to mysql:\/\/tango@db:3306\/tango was lost \(it ended\); it is not known/,
    )
    const last = link.sent.at(-1)
    assert.equal(last?.mode, 'fresh')
    assert.match(last?.statements[0] ?? '', /^LOCK TABLES/)
    assert.ok(last?.statements.some((text) => /^DELETE FROM property_device WHERE .*'first'/.test(text)))
    assert.equal(last?.statements.at(-1), 'UNLOCK TABLES')
  })

  it('does not go on in a transaction of which a statement has failed', () => {
    const { link, store } = opened('InnoDB')
    link.failures.push({ at: /^SELECT value/, failure: { kind: 'sql', text: 'broken table', errno: 1 } })
    assert.throws(
      () =>
        store.transaction(() => {
          try {
            store.properties.get(DEVICE, 'p')
          } catch {
            // a caller that does not care
          }
          store.properties.put(DEVICE, 'q', ['1'])
        }),
      /broken table/,
    )
    assert.equal(link.messages.at(-1)?.join(), 'ROLLBACK')
  })

  it('reads many things in one message', () => {
    const { link, store } = opened('InnoDB')
    assert.deepEqual(store.properties.getEach(DEVICE, ['a', 'b*', 'c'], { patterns: true }), [[], [], []])
    assert.deepEqual(
      link.messages.map((statements) => statements.length),
      [3],
    )
    assert.equal(link.sent.at(-1)?.mode, 'retry')
  })

  it('prepares a query of a client, so that it cannot be two', () => {
    const { link, store } = opened('InnoDB')
    store.select("name FROM device WHERE name = 'x'; DROP TABLE device")
    assert.deepEqual(link.messages[0]?.slice(0, 2), [
      "PREPARE asked FROM 'SELECT name FROM device WHERE name = \\'x\\'; DROP TABLE device'",
      'EXECUTE asked',
    ])
  })

  it('never says the password, and closes what it could not use', () => {
    const link = new ScriptedLink('InnoDB')
    link.open = () => ({ results: [], failure: { kind: 'refused', text: 'Access denied', errno: 1045 } })
    assert.throws(
      () => new MysqlStore(ADDRESS, { link }),
      (error: Error) => /refuses the login: Access denied/.test(error.message) && !/Secret/.test(error.message),
    )
    assert.equal(link.closed, 1)
  })

  it('may be closed twice and refuses work afterwards', () => {
    const { link, store } = opened('InnoDB')
    store.close()
    store.close()
    assert.equal(link.closed, 1)
    assert.throws(() => store.devices.list({}), /is closed/)
  })
})
