import { z } from 'zod'
import type { Page } from '../archive/read/page.ts'
import { json } from './reply.ts'

/** A word that a list can be asked by. */
export const word = z.string().min(1).max(300).optional()
/** Which part of a list is wanted. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().max(4_000).optional(),
}
/** The shape of a page of a list. */
export const pageOf = (items: z.ZodType) =>
  z.object({ items: z.array(items), next: z.string().optional().describe('Give it as `cursor` for the next page.') })

/** A page whose items are shown as the API shows them. */
export function shown<Row, Shown>(page: Page<Row>, show: (row: Row) => Shown) {
  return json({ items: page.items.map(show), ...(page.next === undefined ? {} : { next: page.next }) })
}

/** Leaves out what was not asked for. */
export function given<T extends object>(query: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>
  }
}
