import type { EndpointName } from './cloud.ts'

/** One request and what came of it, as the service remembers it. Tokens and bodies are not part of it. */
export interface Exchange {
  /** From 1, over the life of the service. */
  number: number
  /** Milliseconds since the epoch. */
  at: number
  endpoint: EndpointName
  method: string
  /** With the query. */
  path: string
  userAgent: string
  /** 0 when the connection was cut instead of an answer. */
  status: number
  /** Bytes of the answer's body. */
  bytes: number
  durationMs: number
  /** The fault that struck it. */
  fault?: string
}

/** Numbers of a crawl: what a budget is about. */
export interface CrawlSize {
  requests: number
  bytes: number
  /** From the first request to the end of the last one. */
  durationMs: number
}

export function crawlSize(exchanges: readonly Exchange[]): CrawlSize {
  const [first] = exchanges
  const end = Math.max(0, ...exchanges.map(({ at, durationMs }) => at + durationMs))
  return {
    requests: exchanges.length,
    bytes: exchanges.reduce((sum, { bytes }) => sum + bytes, 0),
    durationMs: first ? end - first.at : 0,
  }
}
