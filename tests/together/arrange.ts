/** Something broken on purpose, and everything that must fail because of it. */
export interface Fault {
  name: string
  /** What exists to notice this fault. One of `signs`. */
  id: string
  signs: readonly string[]
  /** What cannot fail beside this fault, because it cannot be judged. */
  hides?: readonly string[]
}

/**
 * Puts faults that may meet into as few groups as a simple search finds, each fault into two of them, so that what fails in the groups
 * still tells what each fault alone does: `doubts` has none. A fault that may meet no other gets a group of its own.
 *
 * The conclusion holds as long as one fault does not hide what another does. Where it does, something expected is missing in a group.
 */
export function arrange<F extends Fault>(faults: readonly F[], mayMeet: (a: F, b: F) => boolean): F[][] {
  const sociable = (fault: F) => faults.some((other) => other !== fault && mayMeet(fault, other))
  const alone = faults.filter((fault) => !sociable(fault)).map((fault) => [fault])
  // What has many signs fits into few places, so it chooses first.
  const together = faults.filter(sociable).toSorted((a, b) => b.signs.length - a.signs.length)
  for (let count = 2; count < together.length; count++) {
    const groups = arrangeIn(count, together, mayMeet)
    if (groups && doubts([...groups, ...alone]).length === 0) return [...groups, ...alone]
  }
  return faults.map((fault) => [fault])
}

function arrangeIn<F extends Fault>(
  count: number,
  faults: readonly F[],
  mayMeet: (a: F, b: F) => boolean,
): F[][] | undefined {
  let groups: F[][] = Array.from({ length: count }, () => [])
  for (const fault of faults) {
    const places = groups.flatMap((_, first) =>
      groups.slice(first + 1).map((_group, offset): [number, number] => [first, first + 1 + offset]),
    )
    const found = places
      .toSorted((a, b) => cost(groups, fault, a) - cost(groups, fault, b))
      .filter((place) => place.every((index) => groups[index]?.every((other) => mayMeet(fault, other))))
      .map((place) => groups.map((group, index) => (place.includes(index) ? [...group, fault] : group)))
      .find((candidate) => doubtsOfFaults(candidate).length === 0)
    if (!found) return undefined
    groups = found
  }
  return groups
}

/**
 * What the groups do not prove, as sentences. Nothing is left when each fault has a group in which only it can be the reason for its
 * own `id`, and a group that shows that it is not the reason for anything it does not name; and each sign has one fault somewhere that
 * alone brings it about.
 */
export function doubts(groups: readonly (readonly Fault[])[]): string[] {
  const shown = groups.map(countSigns)
  const signs = new Set(shown.flatMap((counts) => [...counts.keys()]))
  const unproven = [...signs].filter((sign) => !shown.some((counts) => counts.get(sign) === 1))
  return [...doubtsOfFaults(groups), ...unproven.map((sign) => `${sign} always has several reasons`)]
}

function doubtsOfFaults(groups: readonly (readonly Fault[])[]): string[] {
  const shown = groups.map(countSigns)
  const all = new Set(shown.flatMap((counts) => [...counts.keys()]))
  const places = new Map<Fault, number[]>()
  for (const [index, group] of groups.entries())
    for (const fault of group) places.set(fault, [...(places.get(fault) ?? []), index])
  const hidden = groups.map((group) => new Set(group.flatMap(({ hides = [] }) => hides)))
  return [...places].flatMap(([{ name, id, signs, hides = [] }, own]) => [
    ...(own.some((index) => shown[index]?.get(id) === 1) ? [] : [`${name} is never the only reason for ${id}`]),
    ...[...all]
      .filter((sign) => !signs.includes(sign) && !hides.includes(sign))
      .filter((sign) => own.every((index) => shown[index]?.has(sign) || hidden[index]?.has(sign)))
      .map((sign) => `${name} might be a reason for ${sign}`),
  ])
}

function countSigns(group: readonly Fault[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const sign of group.flatMap(({ signs }) => signs)) counts.set(sign, (counts.get(sign) ?? 0) + 1)
  return counts
}

/** Faults with the same signs belong together: what is not one of them needs a group without any. */
function cost<F extends Fault>(groups: readonly F[][], { signs }: F, place: readonly number[]): number {
  const costs = place.map((index) => {
    const group = groups[index] ?? []
    const shown = new Set(group.flatMap((other) => other.signs))
    return 100 * signs.filter((sign) => !shown.has(sign)).length + group.length
  })
  return costs.reduce((sum, each) => sum + each, 0)
}
