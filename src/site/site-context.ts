import type { Markup } from '../reporters/html/markup.ts'

/** What every page knows besides its own data. */
export interface SiteContext {
  /** Name of the site. */
  title: string
  /** The moment ages are counted from, in milliseconds. */
  now: number
  /** The newest entry of the log that is shown. */
  head: { seq: number; hash: string }
  /** Version of the program that makes the pages. */
  harness: string
  /** Results older than this are stale. */
  staleMs: number
}

/** One page: what it is called and what is on it. */
export interface PageContent {
  title: string
  /** The entry of the navigation it belongs to. */
  section: Section | undefined
  body: Markup
}

export const SECTIONS = ['overview', 'images', 'coverage', 'issues', 'waivers', 'submitters'] as const
export type Section = (typeof SECTIONS)[number]
