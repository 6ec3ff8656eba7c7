/**
 * The first grant that a statement needs and a user has not, in the server's words (`SELECT ON shop.otel_traces`), or
 * undefined. As there, who reads a view needs what it reads too. Grants are of tables, not of columns, and `system` is
 * everybody's.
 */
export async function refusedGrant(
  statement: string,
  params: Readonly<Record<string, string>>,
  database: string,
  grants: readonly string[],
  viewText: (table: string) => Promise<string>,
): Promise<string | undefined> {
  const held = grants.flatMap(readGrant)
  const needed: Need[] = []
  const reads = async (text: string, seen: ReadonlySet<string> = new Set()): Promise<void> => {
    for (const table of tablesRead(text, database)) {
      if (seen.has(table) || table.startsWith('system.')) continue
      needed.push({ kind: 'SELECT', on: table })
      await reads(await viewText(table), new Set([...seen, table]))
    }
  }
  const text = plain(statement, params)
  needed.push(...changes(text, database))
  await reads(text)
  const missing = needed.find(({ kind, on }) => !held.some((grant) => covers(grant, kind, on)))
  return missing && `${missing.kind} ON ${missing.on}`
}

interface Need {
  readonly kind: string
  readonly on: string
}

// A grant of what stands right includes those left of it.
const parts: Readonly<Record<string, string>> = {
  'CREATE TABLE': 'CREATE',
  'CREATE VIEW': 'CREATE',
  'CREATE DATABASE': 'CREATE',
  'DROP TABLE': 'DROP',
  'DROP VIEW': 'DROP',
  'DROP DATABASE': 'DROP',
  'ALTER ADD COLUMN': 'ALTER COLUMN',
  'ALTER COLUMN': 'ALTER TABLE',
  'ALTER TTL': 'ALTER TABLE',
  'ALTER VIEW': 'ALTER',
  'ALTER TABLE': 'ALTER',
}

function covers(grant: Need, kind: string, on: string): boolean {
  for (let part: string | undefined = kind; part !== undefined; part = parts[part])
    if (part === grant.kind) return matches(grant.on, on)
  return grant.kind === 'ALL' && matches(grant.on, on)
}

function matches(pattern: string, on: string): boolean {
  return pattern === '*.*' || pattern === on || (pattern.endsWith('*') && on.startsWith(pattern.slice(0, -1)))
}

function readGrant(grant: string): Need[] {
  const [, kinds, on] = /^(.+) ON (\S+)$/.exec(grant)!
  return kinds!.split(',').map((kind) => ({ kind: kind.trim().toUpperCase(), on: on!.replaceAll('`', '') }))
}

// Texts, comments and names' quotes are taken out, so that what is left names tables only.
function plain(statement: string, params: Readonly<Record<string, string>>): string {
  return statement
    .replace(/\{(\w+):\s*Identifier\}/g, (_, name: string) => params[name] ?? '')
    .replace(/'(?:[^'\\]|\\.)*'/gs, "''")
    .replace(/--[^\n]*|\/\*.*?\*\//gs, ' ')
    .replaceAll('`', '')
}

function changes(text: string, database: string): Need[] {
  const named = (found: RegExpExecArray | null): string => (found ? within(found.at(-1)!, database) : '')
  const insert = /^\s*INSERT INTO (?:TABLE )?([\w.]+)/i.exec(text)
  if (insert) return [{ kind: 'INSERT', on: named(insert) }]
  const create = /^\s*CREATE (OR REPLACE )?(?:MATERIALIZED )?(TABLE|VIEW|DATABASE) (?:IF NOT EXISTS )?([\w.]+)/i.exec(
    text,
  )
  if (create) {
    const what = create[2]!.toUpperCase()
    const on = what === 'DATABASE' ? `${create[3]}.*` : named(create)
    return [{ kind: `CREATE ${what}`, on }, ...(create[1] ? [{ kind: `DROP ${what}`, on }] : [])]
  }
  const drop = /^\s*(DROP|TRUNCATE) (TABLE|VIEW|DATABASE) (?:IF EXISTS )?([\w.]+)/i.exec(text)
  if (drop) {
    const what = drop[2]!.toUpperCase()
    const kind = drop[1]!.toUpperCase() === 'DROP' ? `DROP ${what}` : 'TRUNCATE'
    return [{ kind, on: what === 'DATABASE' ? `${drop[3]}.*` : named(drop) }]
  }
  const alter = /^\s*ALTER TABLE ([\w.]+)/i.exec(text)
  if (!alter) return []
  const kind = /MODIFY TTL/i.test(text) ? 'ALTER TTL' : /ADD COLUMN/i.test(text) ? 'ALTER ADD COLUMN' : 'ALTER TABLE'
  return [{ kind, on: named(alter) }]
}

/** Tables that a text reads from: names after FROM and JOIN that it has not given itself. */
function tablesRead(text: string, database: string): string[] {
  const own = new Set([...text.matchAll(/(?:\bWITH|,)\s+(\w+) AS \(/gi)].map(([, name]) => name!))
  const found = [...text.matchAll(/\b(?:FROM|JOIN)\s+([\w.]+)(?!\s*\(|[\w.])/gi)].map(([, name]) => name!)
  return [...new Set(found.filter((name) => !own.has(name)).map((name) => within(name, database)))]
}

const within = (name: string, database: string): string => (name.includes('.') ? name : `${database}.${name}`)
