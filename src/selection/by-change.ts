import { posix } from 'node:path'
import type { OnlyChecks } from '../matrix/cell.ts'
import type { CellSummary } from '../results/event.ts'
import { pickCells } from './pick.ts'
import type { ChangeRules, Scope } from './rules.ts'

/** What one rule made of a change. */
export interface AppliedRule {
  /** `default` for paths no rule knows. */
  rule: string
  paths: string[]
  /** Ids of the cells it selected. */
  cells: string[]
  /** True when the rule names no cell of this matrix and the default was taken instead. */
  fellBack: boolean
}

/** The part of a matrix that a change concerns. */
export interface ChangeSelection<C extends CellSummary> {
  /** Cells to run, each with the checks it is limited to, if it is. */
  selected: { cell: C; onlyChecks?: OnlyChecks }[]
  /** The others, each with the rule that left it out. */
  left: { cell: C; by: string }[]
  applied: AppliedRule[]
}

/**
 * Decides which cells and checks a change concerns. Pure and deterministic.
 * @param paths of the project, as git names them
 * @param failing ids of cells whose last result was not a pass
 */
export function selectByChange<C extends CellSummary>(
  cells: readonly C[],
  paths: readonly string[],
  rules: ChangeRules,
  failing: ReadonlySet<string> = new Set(),
): ChangeSelection<C> {
  const applied: AppliedRule[] = []
  const wanted = new Map<C, { all: boolean; globs: Set<string>; rules: Set<string> }>()
  for (const [name, { scope, paths: touched }] of groupByRule(paths, rules)) {
    let picked = pickCells(cells, scope)
    let { checks } = scope
    const fellBack = picked.length === 0 && scope.cells !== 'none' && scope !== rules.default
    if (fellBack) {
      picked = pickCells(cells, rules.default)
      checks = rules.default.checks
    }
    applied.push({ rule: name, paths: touched, cells: picked.map(({ id }) => id), fellBack })
    for (const cell of picked) {
      const want = wanted.get(cell) ?? { all: false, globs: new Set(), rules: new Set() }
      wanted.set(cell, want)
      want.rules.add(name)
      if (checks) for (const glob of checks) want.globs.add(glob)
      else want.all = true
    }
  }
  const alsoFailing = (rules['also-failing'] ?? true) && wanted.size > 0
  const effective = applied.filter((one) => one.cells.length > 0)
  const why = `change rule ${(effective.length > 0 ? effective : applied).map(({ rule }) => rule).join(', ')}`
  const result: ChangeSelection<C> = { selected: [], left: [], applied }
  for (const cell of cells) {
    const want = wanted.get(cell)
    if (want?.all || (alsoFailing && failing.has(cell.id))) result.selected.push({ cell })
    else if (want) {
      const globs = [...want.globs, ...(rules['always-checks'] ?? [])]
      const by = `change rule ${[...want.rules].join(', ')}`
      result.selected.push({ cell, onlyChecks: { globs: [...new Set(globs)], by } })
    } else result.left.push({ cell, by: paths.length === 0 ? 'change rule nothing changed' : why })
  }
  return result
}

/** Each path under the first rule that matches it, in the order of the rules. */
function groupByRule(paths: readonly string[], rules: ChangeRules): Map<string, { scope: Scope; paths: string[] }> {
  const found = new Map<Scope, string[]>()
  for (const path of paths) {
    const scope = rules.rules.find((rule) => rule.paths.some((glob) => posix.matchesGlob(path, glob))) ?? rules.default
    found.set(scope, [...(found.get(scope) ?? []), path])
  }
  const inOrder = new Map<string, { scope: Scope; paths: string[] }>()
  for (const rule of rules.rules) {
    const touched = found.get(rule)
    if (touched) inOrder.set(rule.name, { scope: rule, paths: touched })
  }
  const unknown = found.get(rules.default)
  if (unknown) inOrder.set('default', { scope: rules.default, paths: unknown })
  return inOrder
}
