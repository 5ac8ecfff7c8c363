import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../../core/errors.ts'
import { plural } from '../../core/text.ts'
import { defineCommand } from '../command.ts'
import { note, print, printJson, table } from '../output.ts'
import type { FailureGroup, IssueHistory, Triage } from '../../known-issues/index.ts'

const GROUPS_SHOWN = 20

export default defineCommand({
  name: 'issues',
  args: 'check|scan [RUN...]',
  arity: [1, Number.POSITIVE_INFINITY],
  text: 'Known issues: a folder of YAML files, each with the texts that tell it and samples that prove them. `check` proves the folder. `scan` looks for the issues in the failures and logs of runs, however old, tells when each was seen first and last, and groups the failures that none explains. RUN is the folder of a run, one with folders of runs, or an archive of results; default ./reports.',
  options: {
    issues: { type: 'string', value: 'DIR', text: 'folder of known issues; default ./known-issues' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness issues check',
    'harness issues scan reports',
    'harness issues scan /srv/results',
    'harness issues scan reports/20260822-101500-a1b2',
  ],
  async run({ options, args }) {
    const [action = '', ...runs] = args
    if (action !== 'check' && action !== 'scan') {
      throw new ConfigError(`\`harness issues\` cannot "${action}"`, { hint: 'choose check or scan' })
    }
    const { groupFailures, issueHistories, loadIssues, logsOf, triageRun } = await import('../../known-issues/index.ts')
    const folder = options.issues ?? 'known-issues'
    const patterns = await loadIssues(folder)
    const issues = patterns.map(({ issue }) => issue)
    if (action === 'check') {
      if (options.json) await printJson(issues)
      else await print(`${plural(patterns.length, 'known issue')} in ${folder}: every sample is judged as it should be`)
      return 0
    }
    const { readRun } = await import('../../results/read-run.ts')
    const triages: Triage[] = []
    const given = runs.length > 0 ? runs : ['reports']
    const archives = await Promise.all(given.map(isArchive))
    for (const folder of given.filter((_, at) => archives[at])) {
      const { openToRead } = await import('../../archive/index.ts')
      const { triageArchived } = await import('../triage-archived.ts')
      await using archive = await openToRead(folder)
      for await (const triage of triageArchived(archive, patterns)) triages.push(triage)
    }
    for (const runDir of await runFolders(given.filter((_, at) => !archives[at]))) {
      const { run } = await readRun(runDir)
      triages.push(await triageRun(run, patterns, logsOf(runDir)))
    }
    const histories = issueHistories(
      issues,
      triages.flatMap(({ incidents }) => incidents),
    )
    const groups = groupFailures(triages.flatMap(({ unmatched }) => unmatched))
    for (const { issue, file } of triages.flatMap(({ gaveUp }) => gaveUp))
      note(`${issue} took too long in ${file}: not seen is not known there`)
    if (options.json) await printJson({ runs: triages.length, histories, groups })
    else await print(scanText(plural(triages.length, archives.includes(true) ? 'result' : 'run'), histories, groups))
    return 0
  },
})

/** Folders of runs, also those one level below a given folder; oldest first. */
async function runFolders(paths: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const path of paths) {
    if (await isRun(path)) found.push(path)
    else {
      const names: string[] = await readdir(path).catch(() => [])
      const below = names.sort().map((name) => join(path, name))
      const runs = []
      for (const folder of below) if (await isRun(folder)) runs.push(folder)
      if (runs.length === 0) throw new ConfigError(`there is no run in ${path}`, { hint: 'give the folder of a run' })
      found.push(...runs)
    }
  }
  return found
}

async function isArchive(folder: string): Promise<boolean> {
  return (await stat(join(folder, 'archive.db')).catch(() => undefined))?.isFile() ?? false
}

async function isRun(folder: string): Promise<boolean> {
  return (await stat(join(folder, 'events.jsonl')).catch(() => undefined))?.isFile() ?? false
}

function scanText(looked: string, histories: readonly IssueHistory[], groups: readonly FailureGroup[]): string {
  const rows = histories
    .filter(({ looked }) => looked > 0)
    .map(({ issue, seen, looked, firstSeen, lastSeen, goneSince }) => [
      issue.id,
      `v${issue.version}`,
      seen === 0 ? 'not seen' : `${seen} of ${looked}`,
      day(firstSeen),
      day(lastSeen),
      goneSince === undefined ? '' : `gone since ${day(goneSince)}`,
    ])
  const unmatched = groups
    .slice(0, GROUPS_SHOWN)
    .map(({ id, count, check, example }) => [id, `${count}x`, check, example])
  return [
    `looked through ${looked} for ${plural(histories.length, 'known issue')}`,
    ...(rows.length > 0 ? ['', table([['issue', '', 'cells', 'first seen', 'last seen', ''], ...rows])] : []),
    '',
    groups.length === 0
      ? 'every failure is explained'
      : `${plural(groups.length, 'kind')} of failure that no known issue explains:`,
    ...(unmatched.length > 0 ? [table(unmatched)] : []),
    ...(groups.length > GROUPS_SHOWN ? [`… and ${groups.length - GROUPS_SHOWN} more; --json has all`] : []),
  ].join('\n')
}

function day(at: string | undefined): string {
  return at?.slice(0, 10) ?? ''
}
