import { ConfigError } from '../../core/errors.ts'
import { matchesGlob } from '../../matrix/glob.ts'
import { nearest } from '../../matrix/nearest.ts'
import { matchesCell } from '../../matrix/select.ts'
import type { History } from '../../results/history/history.ts'
import { defineCommand } from '../command.ts'
import { print, printJson } from '../output.ts'
import { unknownWord } from '../parse.ts'

export default defineCommand({
  name: 'history',
  args: '[CHECK...]',
  arity: [0, Number.POSITIVE_INFINITY],
  text: 'Tells how checks and cells did in the runs so far: how often they failed and were flaky, and the axis that explains it, such as "only where release is debian 12". CHECK is an id or a glob; default those with trouble.',
  options: {
    filter: {
      type: 'string',
      multiple: true,
      short: 'f',
      value: 'GLOB',
      text: 'only cells whose id or a part of it matches',
    },
    runs: { type: 'string', value: 'N', text: 'the newest N runs; default 50' },
    all: { type: 'boolean', text: 'also checks without any trouble' },
    times: { type: 'boolean', text: 'print how long cells take, as data for `harness run --shard-times`' },
    'reports-dir': { type: 'string', value: 'DIR', text: 'where runs are; default ./reports' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: ['harness history', "harness history 'reg-*' --filter debian-12", 'harness history --times > times.json'],
  async run({ options, args }) {
    const [{ HistoryGatherer }, { readHistory }] = await Promise.all([
      import('../../results/history/history.ts'),
      import('../../results/history/read-history.ts'),
    ])
    const { filter } = options
    const gatherer = new HistoryGatherer()
    const strange = new Set(filter)
    const cells = new Set<string>()
    for await (const outcomes of readHistory(options['reports-dir'] ?? 'reports', readRuns(options.runs)))
      for (const outcome of outcomes) {
        const { id } = outcome.cell
        cells.add(id)
        const matching = filter?.filter((glob) => matchesCell(id, glob))
        for (const glob of matching ?? []) strange.delete(glob)
        if (matching?.length !== 0) gatherer.take(outcome)
      }
    if (cells.size > 0) mustMatchCells([...strange], cells)
    const all = gatherer.history()
    await mustBeKnown(
      args,
      all.checks.map(({ id }) => id),
    )
    const history = chosen(all, args, options.all ?? false)
    if (options.times) await printJson(timesOf(history))
    else if (options.json) await printJson(history)
    else await print((await import('../history-text.ts')).historyText(history))
    return 0
  },
})

function readRuns(text = '50'): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  throw new ConfigError(`--runs cannot be "${text}"`, { hint: 'give a whole number from 1' })
}

function mustMatchCells(strange: readonly string[], cells: ReadonlySet<string>): void {
  const [word] = strange
  if (word === undefined) return
  const near = nearest(word, new Set([...cells].flatMap((id) => [id, ...id.split('/')])))
  throw new ConfigError(`no cell of these runs matches "${word}"`, {
    hint: near === undefined ? 'harness history, without --filter, lists the cells' : `did you mean "${near}"?`,
  })
}

async function mustBeKnown(words: readonly string[], seen: readonly string[]): Promise<void> {
  const strange = words.filter((word) => !seen.some((id) => matchesGlob(id, word)))
  if (strange.length === 0) return
  const { checks, rules } = await (await import('../catalogue.ts')).loadCatalogue()
  const known = [...seen, ...checks.keys(), ...[...rules.keys()].map((id) => `log-${id}`)]
  for (const word of strange)
    if (!known.some((id) => matchesGlob(id, word))) throw unknownWord(`check ${word}`, word, known, 'harness list')
}

function chosen(history: History, wanted: readonly string[], all: boolean): History {
  const checks = history.checks.filter(({ id, failed, flaky }) =>
    wanted.length > 0 ? wanted.some((glob) => matchesGlob(id, glob)) : all || failed + flaky > 0,
  )
  return { ...history, checks }
}

/** What `--shard-times` reads. */
function timesOf({ cells }: History): { version: 1; cells: Record<string, number> } {
  const known = cells.flatMap(({ id, usualMs }) => (usualMs === undefined ? [] : [[id, usualMs] as const]))
  return { version: 1, cells: Object.fromEntries(known.sort(([a], [b]) => (a < b ? -1 : 1))) }
}
