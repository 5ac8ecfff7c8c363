import pLimit from 'p-limit'

/**
 * Runs work for each item, at most `concurrency` at a time. A place becomes free as soon as the work resolves;
 * what it resolves with may still go on, and is waited for at the end.
 */
export async function runScheduled<Item, End>(
  items: readonly Item[],
  concurrency: number,
  work: (item: Item) => Promise<{ end: Promise<End> }>,
): Promise<End[]> {
  const limit = pLimit(concurrency)
  const started = await Promise.all(items.map((item) => limit(() => work(item))))
  return await Promise.all(started.map(({ end }) => end))
}
