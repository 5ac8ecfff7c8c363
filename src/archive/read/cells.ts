import { CELL_RUN, type CellRunRow } from './cell-runs.ts'
import { buildsOf } from './images.ts'
import { readPage, type Page, type PageRequest, type ReadArchive } from './page.ts'

export interface CellRow {
  id: string
  platform: string
  image: string
  axes: Record<string, string>
}

/** Cells that ever had a result, by id. */
export async function listCells(
  archive: ReadArchive,
  request: PageRequest & { platform?: string; image?: string } = {},
): Promise<Page<CellRow>> {
  const filter = { platform: request.platform, image: request.image }
  const { items, ...rest } = await readPage<Omit<CellRow, 'axes'> & { axes: string }>(
    archive,
    { select: 'SELECT id, platform, image, axes FROM cell', order: ['id'], filter },
    request,
  )
  return { items: items.map((row) => ({ ...row, axes: JSON.parse(row.axes) as Record<string, string> })), ...rest }
}

/** Cells that a plan names and nobody may have filled, each once. */
export async function plannedCells({ sql }: ReadArchive): Promise<string[]> {
  const rows = await sql.query<{ cells: string }>('SELECT cells FROM plan ORDER BY digest')
  return [...new Set(rows.flatMap(({ cells }) => JSON.parse(cells) as string[]))].sort()
}

/** Rows are cells, columns are builds of one image. */
export interface Grid {
  image: string
  /** Newest first. */
  builds: { build: string; builtAt: number }[]
  cells: string[]
  /** The newest accepted run of a cell with a build, by cell and build. Where there is none, nobody has judged it. */
  newest: Map<string, Map<string, CellRunRow>>
}

/** The newest builds of an image over all cells that ever tested it. */
export async function readGrid(archive: ReadArchive, image: string, builds = 30): Promise<Grid> {
  const columns = await buildsOf(archive, image, builds)
  const newest = new Map<string, Map<string, CellRunRow>>()
  const names = columns.map(({ build }) => build)
  const rows =
    names.length === 0
      ? []
      : await archive.sql.query<CellRunRow>(
          `${CELL_RUN} WHERE c.image = ? AND v.state = 'accepted' AND c.build IN (${names.map(() => '?').join(', ')})
           ORDER BY c.started_at, c.seq, c.uid`,
          [image, ...names],
        )
  for (const row of rows) {
    const of = newest.get(row.cell) ?? new Map<string, CellRunRow>()
    of.set(row.build, row)
    newest.set(row.cell, of)
  }
  const known = await archive.sql.query<{ id: string }>('SELECT id FROM cell WHERE image = ? ORDER BY id', [image])
  return { image, builds: columns, cells: known.map(({ id }) => id), newest }
}

/** The newest accepted run of every cell, by cell. */
export async function newestOfCells(
  archive: ReadArchive,
  filter: { image?: string; platform?: string; digest?: string } = {},
): Promise<CellRunRow[]> {
  const parts: string[] = []
  const values: string[] = []
  for (const [column, value] of Object.entries(filter)) {
    if (value === undefined || !['image', 'platform', 'digest'].includes(column)) continue
    parts.push(`n.${column} = ?`)
    values.push(value)
  }
  return await archive.sql.query<CellRunRow>(
    `${CELL_RUN} JOIN (SELECT n.uid AS uid, row_number() OVER (PARTITION BY n.cell ORDER BY n.started_at DESC, n.seq DESC, n.uid) AS place
       FROM cell_run n JOIN submission_state t ON t.id = n.submission
       WHERE t.state = 'accepted'${parts.map((part) => ` AND ${part}`).join('')}) newest ON newest.uid = c.uid
     WHERE newest.place = 1 ORDER BY c.cell`,
    values,
  )
}
