import { writeFile } from 'node:fs/promises'
import { ConfigError } from '../../core/errors.ts'
import { EXIT } from '../../results/status.ts'
import { defineCommand } from '../command.ts'
import { print, printJson } from '../output.ts'
import type { Decision, Item } from '../../gate/index.ts'

const REASONS_SHOWN = 6

export default defineCommand({
  name: 'gate',
  args: '[IMAGE]',
  arity: [0, 1],
  text: 'Decides whether an image may be published: go or no-go, by a policy, from the results in an archive. What nobody judged is missing, and missing is never passing. IMAGE is a digest, a name (its newest build) or NAME@BUILD. Exit code 0 for go, 1 for no-go. --replay makes an older decision again and tells what is different.',
  options: {
    policy: { type: 'string', value: 'FILE', text: 'what must be known about an image' },
    from: { type: 'string', value: 'DIR', text: 'the archive; default ./archive' },
    database: { type: 'string', value: 'URL', text: 'its database, when that is PostgreSQL' },
    out: { type: 'string', value: 'FILE', text: 'keep the decision, for `harness approve` and --replay' },
    replay: { type: 'string', value: 'FILE', text: 'make this decision again, from what was known then' },
    json: { type: 'boolean', text: 'print the decision as data' },
  },
  examples: [
    'harness gate debian-13 --policy release.yaml --from /srv/results --out decision.json',
    'harness gate --replay decision.json --policy release.yaml --from /srv/results',
  ],
  async run({ options, args }) {
    const { decide, differences, findGateImage, loadPolicy, readDecision, readEvidence } =
      await import('../../gate/index.ts')
    const { openToRead } = await import('../../archive/index.ts')
    if (options.policy === undefined) throw new ConfigError('say which policy decides', { hint: '--policy FILE' })
    const policy = await loadPolicy(options.policy)
    const before = options.replay === undefined ? undefined : await readDecision(options.replay)
    const [wanted = before?.image.digest] = args
    if (wanted === undefined) throw new ConfigError('name an image', { hint: 'harness gate IMAGE --policy FILE' })
    if (before && wanted !== before.image.digest) throw new ConfigError(`${options.replay} is about another image`)
    await using archive = await openToRead(options.from ?? 'archive', options.database)
    const image = before?.image ?? (await findGateImage(archive, wanted))
    const decision = decide(policy, await readEvidence(archive, image, before?.asOf))
    if (options.out !== undefined) await writeFile(options.out, `${JSON.stringify(decision, undefined, 2)}\n`)
    if (before) {
      const found = differences(before, decision)
      await print(found.length === 0 ? `the same decision: ${decision.verdict}, ${decision.id}` : found.join('\n'))
      return found.length === 0 ? EXIT.pass : EXIT.fail
    }
    if (options.json) await printJson(decision)
    else await print(text(decision))
    return decision.verdict === 'go' ? EXIT.pass : EXIT.fail
  },
})

function text(decision: Decision): string {
  const { image, verdict, policy, satisfied, unsatisfied, missing, id, asOf } = decision
  const excused = satisfied.filter(({ reasons }) => reasons.length > 0)
  return [
    `${verdict}: ${image.name} ${image.digest}`,
    `policy ${policy.id}, as of entry ${asOf.seq} of the log: ${satisfied.length} satisfied, ${unsatisfied.length} unsatisfied, ${missing.length} missing`,
    ...list('unsatisfied', unsatisfied),
    ...list('missing', missing),
    ...list('excused', excused),
    '',
    `decision ${id}`,
  ].join('\n')
}

function list(title: string, items: readonly Item[]): string[] {
  if (items.length === 0) return []
  return [
    '',
    `${title}:`,
    ...items.flatMap(({ requirement, subject, reasons }) => [
      `  ${requirement}: ${subject}`,
      ...reasons.slice(0, REASONS_SHOWN).map((reason) => `    ${reason}`),
      ...(reasons.length > REASONS_SHOWN ? [`    and ${reasons.length - REASONS_SHOWN} more`] : []),
    ]),
  ]
}
