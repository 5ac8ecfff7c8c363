import type { SiteAnswer } from './site.ts'

type Answer = (path: string) => Promise<SiteAnswer>

interface Kept {
  version: string
  until: number
  answer: Promise<SiteAnswer>
  bytes: number
}

export interface KeepOptions {
  /** What pages are made of: when it is another, pages are made anew. */
  version: () => Promise<string>
  /** Milliseconds that a page is kept. Default 5 s. */
  keepMs?: number
  /** Default 64 MiB. */
  mostBytes?: number
  /** For tests. */
  now?: () => number
}

/** The same pages, made once for all who ask for them within seconds: a large grid takes a tenth of a second of the one process. */
export function keepAnswers(answer: Answer, options: KeepOptions): Answer {
  const { version, keepMs = 5_000, mostBytes = 64 * 1024 * 1024, now = () => performance.now() } = options
  const kept = new Map<string, Kept>()
  let total = 0
  const forget = (path: string) => {
    total -= kept.get(path)?.bytes ?? 0
    kept.delete(path)
  }
  return async (path) => {
    const at = await version()
    const known = kept.get(path)
    if (known && known.version === at && now() < known.until) return await known.answer
    forget(path)
    const made: Kept = { version: at, until: now() + keepMs, answer: answer(path), bytes: 0 }
    kept.set(path, made)
    try {
      const { status, forever, body } = await made.answer
      if (kept.get(path) !== made) return await made.answer
      // What is not there has endless addresses, and logs are large and asked for once.
      if (status !== 200 || forever) forget(path)
      else total += made.bytes = body.length
      for (const [oldest] of kept) {
        if (total <= mostBytes) break
        forget(oldest)
      }
      return await made.answer
    } catch (error) {
      if (kept.get(path) === made) forget(path)
      throw error
    }
  }
}
