/** A value in a statement. Yes and no are 1 and 0. */
export type SqlValue = string | number | Uint8Array | null

/** Rows of one statement. `?` stands for the values, in order, on every database. */
export type Query = <Row extends object>(text: string, values?: readonly SqlValue[]) => Promise<Row[]>

/** The database of an archive: SQLite, or PostgreSQL with the same statements. */
export interface Sql extends AsyncDisposable {
  readonly kind: 'sqlite' | 'postgresql'
  /** Where it is, without passwords. */
  readonly shownUrl: string
  /** Reads what is committed. */
  readonly query: Query
  /** One transaction at a time, of all processes that use this database. What it wrote is kept only when `work` resolves. */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>
}

/** Lets one piece of work begin when the one before it has ended, however it ended. */
export function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work, work)
    last = next.catch(() => {})
    return next
  }
}
