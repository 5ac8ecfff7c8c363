import { pause } from '../../core/wait-until.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import type { Ec2Client, Instance } from './client.ts'

/** How long an answer is good, milliseconds. */
const FRESH_MS = 1500

/** How long a question waits for others, so that one call answers all. */
const GATHER_MS = 50

/** Most values of one filter: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html */
const MOST = 200

const WAITING: CallWaiting = { deadlineMs: 60_000 }

interface Known {
  at: number
  instance: Instance | undefined
}

/**
 * What EC2 says of the machines of a region. Questions about many machines are one call, and none is asked twice within a moment:
 * an account may make 20 such calls per second (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html).
 */
export class Watch {
  readonly #client: Ec2Client
  readonly #known = new Map<string, Known>()
  #next: { ids: Set<string>; answer: Promise<void> } | undefined

  constructor(client: Ec2Client) {
    this.#client = client
  }

  /** What is known of a machine; undefined for one that EC2 does not list, for which a new one may be too new. */
  async of(id: string, { fresh = false }: { fresh?: boolean } = {}): Promise<Instance | undefined> {
    const known = this.#known.get(id)
    if (!fresh && known && performance.now() - known.at < FRESH_MS) return known.instance
    await this.#ask(id)
    return this.#known.get(id)?.instance
  }

  /** What was learned in another way. */
  note(id: string, instance: Instance | undefined): void {
    this.#known.set(id, { at: performance.now(), instance })
  }

  forget(id: string): void {
    this.#known.delete(id)
  }

  async #ask(id: string): Promise<void> {
    const waiting = this.#next
    if (waiting && waiting.ids.size < MOST) {
      waiting.ids.add(id)
      return await waiting.answer
    }
    const ids = new Set([id])
    const answer = this.#answer(ids)
    this.#next = { ids, answer }
    await answer
  }

  async #answer(ids: Set<string>): Promise<void> {
    await pause(GATHER_MS)
    if (this.#next?.ids === ids) this.#next = undefined
    const Filters = [{ Name: 'instance-id', Values: [...ids] }]
    const found = await this.#client.list(
      'asking for the states of machines',
      WAITING,
      (ec2, page, options) => ec2.describeInstances({ Filters, ...page }, options),
      ({ Reservations }) => Reservations?.flatMap(({ Instances = [] }) => Instances),
    )
    const byId = new Map(found.map((instance) => [instance.InstanceId ?? '', instance]))
    for (const id of ids) this.note(id, byId.get(id))
  }
}
