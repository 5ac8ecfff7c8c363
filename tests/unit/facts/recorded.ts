import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { buildFacts } from '../../../src/instance/facts/build-facts.ts'
import type { Facts } from '../../../src/instance/facts/facts.ts'
import { readFacts } from '../../../src/instance/facts/read-facts.ts'
import type { Phase } from '../../../src/results/check-record.ts'

/** What the facts script printed on a real image. */
export type Recording =
  | 'debian-12-rest'
  | 'debian-12-first-boot'
  | 'debian-13-rest'
  | 'debian-13-first-boot'
  | 'debian-13-first-boot-other'
  | 'debian-13-after-reboot'
  | 'debian-sid-rest'
  | 'debian-sid-first-boot'

export function recordedOutput(name: Recording): string {
  return gunzipSync(readFileSync(new URL(`../../fixtures/facts/${name}.txt.gz`, import.meta.url))).toString('utf8')
}

const COLLECTED = '2026-01-15T12:00:00.000Z'

/** Fresh facts of a recording, as a check gets them: through a facts file. */
export function recordedFacts(name: Recording): Facts {
  return readFacts(parsed(name))
}

const texts = new Map<Recording, string>()

function parsed(name: Recording): string {
  const known = texts.get(name)
  if (known !== undefined) return known
  const phase: Phase = name.includes('rest') ? 'rest' : name.includes('after-reboot') ? 'after-reboot' : 'first-boot'
  const facts = buildFacts(recordedOutput(name), { phase, collectedAt: COLLECTED, durationMs: 900 })
  const text = JSON.stringify(facts)
  texts.set(name, text)
  return text
}
