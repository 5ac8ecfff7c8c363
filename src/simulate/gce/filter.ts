import { invalid } from './api-error.ts'
import { textOf } from './text-of.ts'

/**
 * Filters of lists, as far as they are written here: `a.b="x"`, `a.b=x`, `a:"x"` (contains), `a:*` (is there), `a!=x`, joined by blanks or AND.
 * https://cloud.google.com/compute/docs/reference/rest/v1/instances/list#query-parameters
 * @throws ApiError for what is not understood: a filter must not be taken for a wider one
 */
export function filtered<T>(items: readonly T[], filter: string | undefined): T[] {
  if (filter === undefined || filter.trim() === '') return [...items]
  const terms = filter
    .replaceAll(/\bAND\b/g, ' ')
    .replaceAll(/[()]/g, ' ')
    .trim()
  const parsed = [...terms.matchAll(/([A-Za-z][\w.-]*?)\s*(!=|=|:| eq | ne )\s*(?:"([^"]*)"|([^\s"]+))/g)]
  const rest = parsed.reduce((text, [whole]) => text.replace(whole, ''), terms).trim()
  if (rest !== '' || parsed.length === 0) throw invalid('filter', `'${filter}'. The simulator does not understand it.`)
  return items.filter((item) =>
    parsed.every(([, path = '', operator = '', quoted, bare]) => {
      const found = path
        .split('.')
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], item)
      const wanted = quoted ?? bare ?? ''
      switch (operator.trim()) {
        case ':':
          return wanted === '*' ? found !== undefined : textOf(found).includes(wanted)
        case '!=':
        case 'ne':
          return textOf(found) !== wanted
        default:
          return textOf(found) === wanted
      }
    }),
  )
}
