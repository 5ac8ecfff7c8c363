import { randomBytes } from 'node:crypto'
import type { Answer, Cloud, ImdsContext, ImdsRequest } from './cloud.ts'
import { changeDocument } from './document.ts'
import type { DocumentChange, InstanceDocument } from './document.ts'
import type { Exchange } from './exchange.ts'
import { FaultPlan } from './faults.ts'
import type { Fault } from './faults.ts'
import { NO_STOCK, stockAnswer } from './stock.ts'
import type { Stock } from './stock.ts'

const MOST_EXCHANGES = 20_000
const MOST_KEPT = 200

export interface ServiceOptions {
  stock?: Stock
  faults?: readonly Fault[]
  /** Milliseconds since the epoch. Default the clock. */
  now?: () => number
  onExchange?: (exchange: Exchange) => void
}

/** The metadata service of one instance, without a network: what is asked, what is answered, what is remembered. */
export class ImdsService {
  readonly cloud: Cloud
  readonly #now: () => number
  readonly #secret = randomBytes(32).toString('hex')
  readonly #stock: Stock
  readonly #kept = new Map<string, string>()
  readonly #onExchange: ((exchange: Exchange) => void) | undefined
  #exchanges: Exchange[] = []
  #count = 0
  #document: InstanceDocument
  #faults: readonly Fault[] = []
  #plan: FaultPlan
  #tokensSince = 0

  constructor(cloud: Cloud, document: InstanceDocument, options: ServiceOptions = {}) {
    this.cloud = cloud
    this.#now = options.now ?? Date.now
    this.#stock = options.stock ?? NO_STOCK
    this.#document = changeDocument(document, this.#stock.document)
    this.#onExchange = options.onExchange
    this.#plan = new FaultPlan([], 0)
    this.setFaults(options.faults ?? [])
  }

  get document(): InstanceDocument {
    return this.#document
  }

  get exchanges(): readonly Exchange[] {
    return this.#exchanges
  }

  /** What the guest left: guest attributes, health reports. */
  get kept(): ReadonlyMap<string, string> {
    return this.#kept
  }

  get faults(): readonly Fault[] {
    return this.#faults
  }

  /** Changes what the service tells from now on. @throws ConfigError */
  change(change: DocumentChange): void {
    this.#document = changeDocument(this.#document, change)
  }

  /** Replaces the faults; their counts and times begin anew. */
  setFaults(faults: readonly Fault[]): void {
    const now = this.#now()
    this.#faults = faults
    this.#plan = new FaultPlan(faults, now)
  }

  /** Forgets the requests so far; what the guest left stays. */
  forgetExchanges(): void {
    this.#exchanges = []
  }

  /** The fault that strikes a request, if any. */
  strike(request: ImdsRequest): Fault | undefined {
    const now = this.#now()
    const fault = this.#plan.strike(request, now)
    if (fault?.kind === 'token-expired') this.#tokensSince = now
    return fault
  }

  /** What the service says: the rules of the cloud first, then the user's content, then the cloud's answer. */
  answer(request: ImdsRequest): Answer {
    const context: ImdsContext = {
      document: this.#document,
      now: this.#now(),
      secret: this.#secret,
      tokensSince: this.#tokensSince,
      kept: this.#kept,
    }
    const answer =
      this.cloud.guard(request, context) ?? stockAnswer(this.#stock, request) ?? this.cloud.answer(request, context)
    if (answer.keep && (this.#kept.size < MOST_KEPT || this.#kept.has(answer.keep.name)))
      this.#kept.set(answer.keep.name, answer.keep.value)
    return answer
  }

  /** Remembers how a request ended. */
  remember(exchange: Omit<Exchange, 'number'>): void {
    const numbered = { number: ++this.#count, ...exchange }
    if (this.#exchanges.length < MOST_EXCHANGES) this.#exchanges.push(numbered)
    this.#onExchange?.(numbered)
  }
}
