import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { CancelledError, ConfigError, PlatformError, PrerequisiteError } from '../core/errors.ts'
import { pause } from '../core/wait-until.ts'

const compress = promisify(gzip)

/** An answer of a server of results. */
export interface Answer {
  status: number
  body: Readonly<Record<string, unknown>>
}

export interface ClientOptions {
  signal: AbortSignal
  /** Milliseconds one request may take. Default 2 minutes. */
  deadlineMs?: number
  /** How often a request is tried when the server or the line fails. Default 6. */
  attempts?: number
  onWait?: (line: string) => void
}

/** Talks to a server of results. What fails for a while is tried again; all of it can be repeated without harm. */
export class ResultsClient {
  readonly url: string
  readonly #options: ClientOptions

  /** @throws ConfigError when the URL cannot be used */
  constructor(url: string, options: ClientOptions) {
    const parsed = URL.parse(url)
    const local = ['localhost', '127.0.0.1', '[::1]'].includes(parsed?.hostname ?? '')
    if (parsed?.protocol !== 'https:' && !(parsed?.protocol === 'http:' && local)) {
      throw new ConfigError(`${url} is no address results can be sent to`, {
        hint: 'give an https:// URL, or http:// on this host only',
      })
    }
    this.url = url.replace(/\/+$/, '')
    this.#options = options
  }

  /** One request. @throws PrerequisiteError when the server cannot be reached for long, CancelledError */
  async send(method: 'POST' | 'PUT', path: string, body: Uint8Array, headers: Record<string, string>): Promise<Answer> {
    const { signal, attempts = 6, deadlineMs = 120_000, onWait } = this.#options
    const packed = await compress(body)
    let saw = ''
    for (let attempt = 1; attempt <= attempts; attempt++) {
      if (signal.aborted) throw new CancelledError('publishing was cancelled')
      let waitMs = Math.min(30_000, 500 * 2 ** attempt)
      try {
        const response = await fetch(`${this.url}${path}`, {
          method,
          headers: { 'content-encoding': 'gzip', ...headers },
          body: packed,
          redirect: 'error',
          signal: AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
        })
        const answer = { status: response.status, body: await bodyOf(response) }
        if (answer.status !== 429 && answer.status < 500) return answer
        saw = `${answer.status} ${detailOf(answer)}`
        const seconds = Number(response.headers.get('retry-after'))
        if (seconds > MOST_WAIT_S)
          throw new PlatformError('throttled', `${this.url} says: ${detailOf(answer)}`, {
            hint: `try again in ${seconds} seconds`,
          })
        if (seconds > 0) waitMs = seconds * 1000
      } catch (error) {
        if (signal.aborted) throw new CancelledError('publishing was cancelled', { cause: error })
        if (error instanceof PlatformError) throw error
        saw = reasonOf(error)
      }
      if (attempt === attempts) break
      onWait?.(`${saw}; trying again in ${Math.ceil(waitMs / 1000)} s`)
      await pause(waitMs, signal)
    }
    throw new PrerequisiteError(`${this.url} does not take what is published: ${saw}`, {
      hint: 'run the same command again later: what has arrived is not sent again',
    })
  }
}

const MOST_WAIT_S = 120

async function bodyOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  const text = (await response.text()).slice(0, 4 * 1024 * 1024)
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return { detail: text.slice(0, 200) }
  }
}

/** What a server says is wrong. */
export function detailOf({ body }: Answer): string {
  return typeof body['detail'] === 'string' ? body['detail'] : 'no reason was given'
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message || cause.name : String(cause)
}
