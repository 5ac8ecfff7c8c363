import { ConfigError } from '../../core/errors.ts'
import { defineCommand } from '../command.ts'
import { print, printJson, table } from '../output.ts'
import { unknownWord } from '../parse.ts'

type Row = readonly string[]
interface Listing {
  head: Row
  rows: Row[]
  data: unknown[]
}

interface Given {
  checks?: string[]
  'reports-dir'?: string
  database?: string
}

const KINDS: Readonly<Record<string, (options: Given) => Promise<Listing>>> = {
  checks: listChecks,
  rules: listRules,
  platforms: listPlatforms,
  images: listImages,
  runs: listRuns,
  spending: async ({ database }) => (await import('../list-spending.ts')).listSpending(database),
  leases: async ({ database }) => (await import('../list-spending.ts')).listLeases(database),
}

/** Options that say nothing of other lists. */
const ONLY_FOR: Readonly<Record<string, readonly string[]>> = {
  suite: ['checks'],
  severity: ['checks'],
  checks: ['checks'],
  'reports-dir': ['runs'],
  database: ['spending', 'leases'],
}

export default defineCommand({
  name: 'list',
  args: '[checks|rules|platforms|images|runs|spending|leases]',
  arity: [0, 1],
  text: 'Lists the checks an image is judged by (default), the log rules, the platforms, the images, the runs so far, what runs of this host spent today, or the quotas they hold now. Launches nothing.',
  options: {
    suite: { type: 'string', choices: ['policy', 'regression'], text: 'only checks of this suite' },
    severity: { type: 'string', choices: ['blocker', 'major', 'minor'], text: 'only checks of this severity' },
    checks: { type: 'string', multiple: true, value: 'PATH', text: 'list these checks of yours too' },
    'reports-dir': { type: 'string', value: 'DIR', text: 'where runs are; default ./reports' },
    database: {
      type: 'string',
      value: 'URL',
      text: 'spending and leases of the workers of this PostgreSQL database, instead of this host',
    },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: ['harness list', 'harness list --suite policy --severity blocker', 'harness list rules --json'],
  async run({ options, args }) {
    const [kind = 'checks'] = args
    const list = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined
    if (!list) throw unknownWord(`kind ${kind}`, kind, Object.keys(KINDS), 'harness list --help')
    for (const name of Object.keys(ONLY_FOR))
      if (Object.hasOwn(options, name) && !ONLY_FOR[name]?.includes(kind))
        throw new ConfigError(`--${name} does not apply to \`harness list ${kind}\``, {
          hint: `it goes with ${ONLY_FOR[name]?.map((one) => `\`harness list ${one}\``).join(' and ')}`,
        })
    const { head, rows, data } = await list(options)
    const keep = rows.map(
      (row) =>
        kind !== 'checks' ||
        ((!options.suite || row[1] === options.suite) && (!options.severity || row[2] === options.severity)),
    )
    const kept = <T>(items: readonly T[]) => items.filter((_, index) => keep[index])
    if (options.json) await printJson(kept(data))
    else await print(table([head, ...kept(rows)]))
    return 0
  },
})

async function listChecks(options: { checks?: string[] }): Promise<Listing> {
  const { checkData, loadCatalogue, phasesOf } = await import('../catalogue.ts')
  const { checks } = await loadCatalogue(options.checks)
  const sorted = [...checks.values()].sort((a, b) => a.suite.localeCompare(b.suite) || a.id.localeCompare(b.id))
  return {
    head: ['ID', 'SUITE', 'SEVERITY', 'PHASE', 'TRUE ON A GOOD IMAGE'],
    rows: sorted.map((check) => [
      check.id,
      check.suite,
      check.info.severity,
      phasesOf(check).join(',') || '-',
      check.info.title,
    ]),
    data: sorted.map(checkData),
  }
}

async function listRules(): Promise<Listing> {
  const { shippedLogRules } = await import('../../logs/index.ts')
  const sorted = [...shippedLogRules].sort((a, b) => a.id.localeCompare(b.id))
  return {
    head: ['ID', 'SEVERITY', 'A MATCHING LINE MEANS'],
    rows: sorted.map((rule) => [rule.id, rule.severity, rule.means]),
    data: sorted,
  }
}

async function listPlatforms(): Promise<Listing> {
  const { platforms } = await import('../../platforms/registry.gen.ts')
  const manifests = Object.values(platforms).map((platform) => platform.manifest)
  return {
    head: ['NAME', 'CAN', 'TITLE'],
    rows: manifests.map((manifest) => [manifest.name, `${manifest.capabilities.length} capabilities`, manifest.title]),
    data: manifests,
  }
}

async function listImages(): Promise<Listing> {
  const { listCached, recipes } = await import('../../images/index.ts')
  const built = await listCached()
  const known = recipes.map((recipe) => ({
    name: recipe.name,
    description: recipe.description,
    built: built
      .filter((image) => image.name === recipe.name)
      .map(({ digest, dir, manifest }) => ({ digest, dir, builtAt: manifest.builtAt })),
  }))
  return {
    head: ['NAME', 'BUILT', 'WHAT IT IS'],
    rows: known.map(({ name, built: [newest], description }) => [
      name,
      newest?.builtAt.slice(0, 10) ?? '-',
      description,
    ]),
    data: known,
  }
}

async function listRuns(options: { 'reports-dir'?: string }): Promise<Listing> {
  const { listRunFolders } = await import('../runs.ts')
  const runs = await listRunFolders(options['reports-dir'] ?? 'reports')
  return {
    head: ['RUN', 'VERDICT', 'CELLS', 'REPORT'],
    rows: runs.map(({ runId, status, cells, dir }) => [
      runId,
      status ?? 'did not end',
      String(cells),
      `${dir}/index.html`,
    ]),
    data: runs,
  }
}
