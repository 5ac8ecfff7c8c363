import { ConfigError } from '../../core/errors.ts'
import type { BlobStore } from '../blobs.ts'
import type { Sql, SqlValue } from '../database/sql.ts'

/** What reading needs of an archive. */
export interface ReadArchive {
  sql: Sql
  blobs: BlobStore
}

/** Which part of a list is wanted. */
export interface PageRequest {
  /** Default 100, at most 1000. */
  limit?: number
  /** `next` of the page before. */
  cursor?: string
}

export interface Page<Item> {
  items: Item[]
  /** Absent on the last page. */
  next?: string
}

/** Whether what was submitted counts: it was taken back, its key was in wrong hands, or neither. */
export type Standing = 'accepted' | 'retracted' | 'distrusted'

/** What a list is asked for by: columns that must have a value. Absent ones do not matter. */
export type Filter = Readonly<Record<string, SqlValue | undefined>>

interface ListQuery {
  /** `SELECT ... FROM ...`, without conditions. */
  select: string
  /** Columns that order the list; together they tell rows apart. */
  order: readonly string[]
  descending?: boolean
  filter?: Filter
  /** More conditions and their values. */
  where?: readonly { text: string; values: readonly SqlValue[] }[]
}

const MOST = 1000

/** One page of a list. Rows that come while someone turns pages do not move the others. */
export async function readPage<Row extends object>(
  { sql }: ReadArchive,
  list: ListQuery,
  request: PageRequest = {},
): Promise<Page<Row>> {
  const limit = Math.min(Math.max(1, Math.floor(request.limit ?? 100)), MOST)
  const conditions: string[] = []
  const values: SqlValue[] = []
  for (const [column, value] of Object.entries(list.filter ?? {})) {
    if (value === undefined) continue
    conditions.push(`${column} = ?`)
    values.push(value)
  }
  for (const { text, values: more } of list.where ?? []) {
    conditions.push(text)
    values.push(...more)
  }
  if (request.cursor !== undefined) {
    const after = readCursor(request.cursor, list.order.length)
    conditions.push(`(${list.order.join(', ')}) ${list.descending ? '<' : '>'} (${after.map(() => '?').join(', ')})`)
    values.push(...after)
  }
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const order = list.order.map((column) => `${column}${list.descending ? ' DESC' : ''}`).join(', ')
  const keys = list.order.map((column, index) => `${column} AS cursor_${index}`).join(', ')
  const [, columns = '', from = ''] = /^SELECT ([\s\S]*?)( FROM [\s\S]*)$/.exec(list.select) ?? []
  const rows = await sql.query<Record<string, SqlValue>>(
    `SELECT ${columns}, ${keys}${from}${where} ORDER BY ${order} LIMIT ${limit + 1}`,
    values,
  )
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  const next =
    rows.length > limit && last ? { next: writeCursor(list.order.map((_, at) => last[`cursor_${at}`] ?? null)) } : {}
  return { items: shown.map((row) => withoutCursor(row) as Row), ...next }
}

/** Every item of a list, page by page. */
export async function* everyItem<Item>(page: (request: PageRequest) => Promise<Page<Item>>): AsyncGenerator<Item> {
  for (let cursor: string | undefined; ;) {
    const { items, next } = await page({ limit: MOST, ...(cursor === undefined ? {} : { cursor }) })
    yield* items
    if (next === undefined) return
    cursor = next
  }
}

function withoutCursor(row: Record<string, SqlValue>): object {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !column.startsWith('cursor_')))
}

/** Says where a page ended. */
export function writeCursor(values: readonly SqlValue[]): string {
  return Buffer.from(JSON.stringify(values)).toString('base64url')
}

/** What `writeCursor` was given. @throws ConfigError when it was not */
export function readCursor(text: string, count: number): SqlValue[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(text.slice(0, 4_000), 'base64url').toString('utf8'))
    const plain = (value: unknown): value is string | number => typeof value === 'string' || Number.isSafeInteger(value)
    if (Array.isArray(values) && values.length === count && values.every(plain)) return values
  } catch {
    // Said below.
  }
  throw new ConfigError('the cursor is none that this server gave', { hint: 'begin at the first page again' })
}
