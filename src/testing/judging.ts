import type { ExpectationName, Expectations } from '../distros/expectations.ts'
import type { PolicyContext } from './check.ts'

/**
 * What the expectation tables ask of this image. Where nobody asks for anything the check is skipped and says so.
 * @example const user = wanted(context, 'defaultUser')
 */
export function wanted<N extends ExpectationName>(
  context: Pick<PolicyContext, 'expected' | 'skip'>,
  name: N,
): NonNullable<Expectations[N]>['value'] {
  const expected = context.expected[name]
  if (expected === undefined)
    return context.skip(`no expectation "${name}" is recorded for this distribution, release and platform`)
  return expected.value as NonNullable<Expectations[N]>['value']
}

/** Whether `text` is one of the patterns; `*` stands for anything. */
export function matches(text: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => {
    if (!pattern.includes('*')) return pattern === text
    const parts = pattern.split('*')
    const [first = ''] = parts
    const last = parts.at(-1) ?? ''
    if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
    let at = first.length
    for (const part of parts.slice(1, -1)) {
      const found = text.indexOf(part, at)
      if (found < 0 || found + part.length > text.length - last.length) return false
      at = found + part.length
    }
    return true
  })
}

/** One line per file for a failure message: path, type, mode and owner. */
export function describeFiles(
  files: readonly { path: string; type: string; mode: string; owner: string; group: string }[],
): string[] {
  return files.map(({ path, mode, owner, group }) => (mode ? `${path} (${mode} ${owner}:${group})` : path))
}
