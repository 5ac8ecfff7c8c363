// Each check brings its own part; lists and tables of all parts must add up instead of the last one winning.
const MERGE = 'merge_how: list(append)+dict(no_replace,recurse_list)+str()'

/** A `#cloud-config` part that adds to those of other checks on the same instance. `body` may be indented. */
export function cloudConfig(body: string): string {
  const lines = body.replace(/^\n/, '').trimEnd().split('\n')
  const indent = Math.min(
    ...lines.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length),
  )
  return ['#cloud-config', MERGE, ...lines.map((line) => line.slice(indent)), ''].join('\n')
}
