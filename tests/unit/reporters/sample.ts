import { readEvents } from '../../../src/results/read-events.ts'
import { foldEvents, type RunModel } from '../../../src/results/run-model.ts'
import type { RunEvent } from '../../../src/results/event.ts'

export type SampleName = 'passing' | 'failing' | 'hostile' | 'interrupted'

export function samplePath(name: SampleName): string {
  return new URL(`../../fixtures/events/${name}.jsonl`, import.meta.url).pathname
}

export async function sampleEvents(name: SampleName): Promise<RunEvent[]> {
  return (await readEvents(samplePath(name))).events
}

export async function sampleRun(name: SampleName): Promise<RunModel> {
  return foldEvents(await sampleEvents(name))
}
