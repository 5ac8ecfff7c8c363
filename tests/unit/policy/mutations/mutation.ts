import type { Facts, FileEntry } from '../../../../src/instance/facts/facts.ts'
import type { Phase } from '../../../../src/results/check-record.ts'
import type { Place } from '../judge.ts'
import { asMachine, AZURE, QEMU } from '../places.ts'
import { recordedFacts } from '../../facts/recorded.ts'

/** One way to make an image bad, and the checks that must notice: the one it is for and those named. */
export interface Mutation {
  what: string
  phase: Phase
  place?: Place
  facts: () => Facts
  other?: () => Facts
  change: (facts: Facts, other: Facts | undefined) => void
  alsoFails?: readonly string[]
}

type Short = Pick<Mutation, 'alsoFails'>

export const atRest = (what: string, change: Mutation['change'], more: Short = {}): Mutation => ({
  what,
  phase: 'rest',
  facts: () => recordedFacts('debian-13-rest'),
  change,
  ...more,
})

export const onFirstBoot = (what: string, change: Mutation['change'], more: Short = {}): Mutation => ({
  what,
  phase: 'first-boot',
  facts: () => recordedFacts('debian-13-first-boot'),
  change,
  ...more,
})

export const inPair = (what: string, change: Mutation['change'], more: Short = {}): Mutation => ({
  what,
  phase: 'pair',
  facts: () => recordedFacts('debian-13-first-boot'),
  other: () => recordedFacts('debian-13-first-boot-other'),
  change,
  ...more,
})

export const machineAtRest = (what: string, change: Mutation['change'], more: Short = {}): Mutation => ({
  what,
  phase: 'rest',
  place: QEMU,
  facts: () => asMachine('debian-13-rest'),
  change,
  ...more,
})
export const machineOnFirstBoot = (what: string, change: Mutation['change'], more: Short = {}): Mutation => ({
  what,
  phase: 'first-boot',
  place: QEMU,
  facts: () => asMachine('debian-13-first-boot'),
  change,
  ...more,
})
export const azureAtRest = (what: string, change: Mutation['change'], more: Short = {}): Mutation => ({
  what,
  phase: 'rest',
  place: AZURE,
  facts: () => asMachine('debian-13-rest', 'azure'),
  change,
  ...more,
})
export const azureOnFirstBoot = (what: string, change: Mutation['change'], more: Short = {}): Mutation => ({
  what,
  phase: 'first-boot',
  place: AZURE,
  facts: () => asMachine('debian-13-first-boot', 'azure'),
  change,
  ...more,
})

/** A file as `stat` sees it. */
export function entry(path: string, more: Partial<FileEntry> = {}): FileEntry {
  return { path, type: 'f', mode: '644', owner: 'root', group: 'root', bytes: 100, ...more }
}

/** The one element of a list that must be there. */
export function pick<T>(list: readonly T[], is: (item: T) => boolean): T {
  const found = list.find(is)
  if (found === undefined) throw new Error('the recording does not have what this mutation changes')
  return found
}
