import { hostname } from 'node:os'
import { shortOf } from '../cloud-names.ts'
import type { Owner } from '../platform.ts'

/** Tags of everything we make. Values may be any text of up to 256 characters. */
export function tagsOf(owner: Owner): Record<string, string> {
  return {
    'harness-run': owner.runId.slice(0, 256),
    'harness-cell': owner.cell.slice(0, 256),
    'harness-attempt': String(owner.attempt),
    'harness-expires': owner.expires,
    'harness-host': hostname().slice(0, 256),
  }
}

/** Reads them back; undefined for what is not ours. */
export function ownerOf(tags: Readonly<Record<string, string>> | undefined): Owner | undefined {
  const runId = tags?.['harness-run']
  if (runId === undefined) return undefined
  return {
    runId,
    cell: tags?.['harness-cell'] ?? '',
    attempt: Number(tags?.['harness-attempt'] ?? 1),
    expires: tags?.['harness-expires'] ?? '',
  }
}

/** Filter of lists for everything of ours, or of one run. Azure takes no other condition beside these. */
export function filterFor(runId: string | undefined): string {
  const name = `tagName eq 'harness-run'`
  return runId === undefined ? name : `${name} and tagValue eq '${runId.replaceAll("'", "''")}'`
}

/** The resource group of a run in a location. */
export function groupName(runId: string, location: string): string {
  return `harness-${shortOf(runId)}-${location}`
}
