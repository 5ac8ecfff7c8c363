import { findCellRun, listCellRuns, everyItem, type CellRunRow, type ReadArchive } from '../archive/index.ts'
import { triageRun, type IssuePattern, type Triage } from '../known-issues/index.ts'
import { emptyCell, unknownSummary, type CellModel } from '../results/cell-model.ts'
import { emptyRun } from '../results/run-model.ts'

/** Looks for known issues in every result of an archive, with the logs it still keeps. Results that do not count are passed over. */
export async function* triageArchived(archive: ReadArchive, patterns: readonly IssuePattern[]): AsyncGenerator<Triage> {
  for await (const row of everyItem((request) => listCellRuns(archive, request))) {
    const found = row.state === 'accepted' ? await findCellRun(archive, row.uid) : undefined
    if (!found) continue
    const cell: CellModel = {
      ...emptyCell({
        ...unknownSummary(row.cell),
        axes: { platform: row.platform, image: row.image, ...found.detail.axes },
      }),
      state: 'ended',
      attempt: row.attempt,
      startedAt: new Date(row.startedAt).toISOString(),
      status: row.status,
      ...(row.reason === null ? {} : { reason: row.reason }),
      ...(found.detail.error ? { error: found.detail.error } : {}),
      checks: found.detail.checks ?? [],
      logs: found.files
        .filter(({ kind }) => kind === 'log')
        .map(({ name, title, bytes, truncated }) => ({
          file: name,
          title,
          bytes,
          truncated: truncated === 1,
          redactions: 0,
        })),
    }
    const digests = new Map(found.files.map(({ name, digest }) => [name, digest]))
    yield await triageRun({ ...emptyRun(), runId: runOf(row), cells: [cell] }, patterns, (file) => {
      const digest = digests.get(file)
      return digest === undefined ? undefined : contentOf(archive, digest)
    })
  }
}

function runOf({ submission }: CellRunRow): string {
  return submission.slice('sha256:'.length, 'sha256:'.length + 12)
}

async function* contentOf({ blobs }: ReadArchive, digest: string): AsyncIterable<string> {
  const content = await blobs.read(digest)
  if (content) yield content.toString('utf8')
}
