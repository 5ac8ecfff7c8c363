import { pause } from '../../core/wait-until.ts'

/** A place for an item, with what to do when it is over; or how long to wait for one; or why it never gets one. */
export type Entry<End> = { leave: (end: End) => Promise<void> } | { waitMs: number } | { refused: string }

/** Decides when items may begin. Items of one lane are taken in their order, and lanes do not wait for each other. */
export interface Admission<Item, End> {
  lane(item: Item): string
  enter(item: Item): Entry<End> | Promise<Entry<End>>
  /** The end of an item that never gets a place. */
  refuse(item: Item, reason: string): End
}

/** Nobody else decides: every item may begin. */
const OPEN = { lane: () => '', enter: () => ({ leave: async () => {} }), refuse: () => undefined as never }

/** Longest nap: whoever ends wakes us up before. */
const NAP_MS = 60_000

/**
 * Runs work for each item, at most `concurrency` at a time. A place becomes free as soon as the work resolves;
 * what it resolves with may still go on, and is waited for at the end.
 */
export async function runScheduled<Item, End>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<{ end: Promise<End> }>,
  admission: Admission<Item, End> = OPEN,
): Promise<End[]> {
  const ends: Promise<End>[] = []
  let lanes = lanesOf(items, admission)
  let running = 0
  let wake = new AbortController()
  const start = async (item: Item, leave: (end: End) => Promise<void>): Promise<End> => {
    running++
    const { end } = await work(item).finally(() => {
      running--
      wake.abort()
    })
    const value = await end
    await leave(value)
    wake.abort()
    return value
  }
  while (lanes.length > 0) {
    wake = new AbortController()
    let napMs = NAP_MS
    const waiting = new Set<Lane<Item>>()
    while (running < concurrency) {
      const lane = firstOf(lanes, waiting)
      const next = lane?.head
      if (!lane || !next) break
      const { index, item } = next
      const answer = admission.enter(item)
      const entry = answer instanceof Promise ? await answer : answer
      if ('waitMs' in entry) {
        napMs = Math.min(napMs, entry.waitMs)
        waiting.add(lane)
        continue
      }
      lane.take()
      if ('refused' in entry) ends[index] = Promise.resolve(admission.refuse(item, entry.refused))
      else ends[index] = start(item, entry.leave)
    }
    lanes = lanes.filter((lane) => lane.head)
    if (lanes.length > 0) await pause(napMs, wake.signal)
  }
  return await Promise.all(ends)
}

/** Of the lanes that need not wait, the one whose next item comes first. */
function firstOf<Item>(lanes: readonly Lane<Item>[], waiting: ReadonlySet<Lane<Item>>): Lane<Item> | undefined {
  let first: Lane<Item> | undefined
  for (const lane of lanes)
    if (!waiting.has(lane) && lane.first < (first?.first ?? Number.POSITIVE_INFINITY)) first = lane
  return first
}

/** Items that wait for each other. */
class Lane<Item> {
  readonly #items: { index: number; item: Item }[] = []
  #at = 0

  add(index: number, item: Item): void {
    this.#items.push({ index, item })
  }

  get head(): { index: number; item: Item } | undefined {
    return this.#items[this.#at]
  }

  /** Place of the head among all items. */
  get first(): number {
    return this.head?.index ?? Number.POSITIVE_INFINITY
  }

  take(): void {
    this.#at++
  }
}

function lanesOf<Item, End>(items: readonly Item[], admission: Admission<Item, End>): Lane<Item>[] {
  const lanes = new Map<string, Lane<Item>>()
  for (const [index, item] of items.entries()) {
    const name = admission.lane(item)
    const lane = lanes.get(name) ?? new Lane<Item>()
    lanes.set(name, lane)
    lane.add(index, item)
  }
  return [...lanes.values()]
}
