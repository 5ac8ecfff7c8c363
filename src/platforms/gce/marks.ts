import { hostname } from 'node:os'
import { shortOf } from '../cloud-names.ts'
import type { Owner } from '../platform.ts'

/** Labels of everything we make; lists are filtered by them. What labels cannot spell is in the description. */
export function labelsOf(owner: Owner): Record<string, string> {
  return {
    'harness-run': labelValue(owner.runId),
    'harness-attempt': String(owner.attempt),
    'harness-expires': String(Math.floor(Date.parse(owner.expires) / 1000)),
    'harness-host': labelValue(hostname()),
  }
}

/** Filter for everything of ours, or of one run. */
export function filterFor(runId: string | undefined): string {
  return runId === undefined ? 'labels.harness-run:*' : `labels.harness-run="${labelValue(runId)}"`
}

/** At most 63 of `a-z0-9_-`; other text is told apart by a hash. */
export function labelValue(text: string): string {
  if (/^[a-z0-9_-]{1,63}$/.test(text)) return text
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9_-]+/g, '-')
  return `${plain.slice(0, 50)}-${shortOf(text)}`
}

/** The network tag of the machines of a run, by which its firewall rule knows them. */
export function networkTag(runId: string): string {
  return `h-${shortOf(runId)}`
}
