import { writeFile } from 'node:fs/promises'
import { ConfigError } from '../../core/errors.ts'
import { EXIT } from '../../results/status.ts'
import { defineCommand } from '../command.ts'
import { note, print, printJson } from '../output.ts'
import { placeAndIdentity, PUBLISH_OPTIONS } from '../publish-options.ts'
import type { ReadArchive } from '../../archive/index.ts'
import type { Decision, DecisionItem } from '../../gate/index.ts'

const REASONS_SHOWN = 6

export default defineCommand({
  name: 'gate',
  args: '[IMAGE]',
  arity: [0, 1],
  text: 'Decides whether an image may be published: go or no-go, by a policy, from the results in an archive. What nobody judged is missing, and missing is never passing. IMAGE is a digest, a name (its newest build) or NAME@BUILD. Exit code 0 for go, 1 for no-go. --to also submits the decision with its policy, signed, so that everyone sees it and can make it again. --replay makes an older decision again and tells what is different; of one that was submitted, the archive has the policy too.',
  options: {
    policy: { type: 'string', value: 'FILE', text: 'what must be known about an image' },
    from: { type: 'string', value: 'DIR', text: 'the archive; default ./archive' },
    database: { type: 'string', value: 'URL', text: 'its database, when that is PostgreSQL' },
    out: { type: 'string', value: 'FILE', text: 'keep the decision, for `harness approve` and --replay' },
    replay: { type: 'string', value: 'FILE|ID', text: 'make this decision again, from what was known then' },
    ...PUBLISH_OPTIONS,
    json: { type: 'boolean', text: 'print the decision as data' },
  },
  examples: [
    'harness gate debian-13 --policy release.yaml --from /srv/results --out decision.json',
    'harness gate --replay decision.json --policy release.yaml --from /srv/results',
    'harness gate debian-13 --policy release.yaml --from /srv/results --to URL --key release.pem',
  ],
  async run({ options, args, signal }) {
    const { decide, differences, findGateImage, readEvidence } = await import('../../gate/index.ts')
    const { openToRead } = await import('../../archive/index.ts')
    const place = options.to === undefined ? undefined : await placeAndIdentity(options)
    await using archive = await openToRead(options.from ?? 'archive', options.database)
    const before = options.replay === undefined ? undefined : await decisionBefore(archive, options.replay)
    const policy = await policyOf(options.policy, before?.policy)
    const [wanted = before?.decision.image.digest] = args
    if (wanted === undefined) throw new ConfigError('name an image', { hint: 'harness gate IMAGE --policy FILE' })
    if (before && wanted !== before.decision.image.digest)
      throw new ConfigError(`${options.replay} is about another image`)
    const image = before?.decision.image ?? (await findGateImage(archive, wanted))
    const decision = decide(policy, await readEvidence(archive, image, before?.decision.asOf))
    if (options.out !== undefined) await writeFile(options.out, `${JSON.stringify(decision, undefined, 2)}\n`)
    if (before) {
      const found = differences(before.decision, decision)
      await print(found.length === 0 ? `the same decision: ${decision.verdict}, ${decision.id}` : found.join('\n'))
      return found.length === 0 ? EXIT.pass : EXIT.fail
    }
    if (options.json) await printJson(decision)
    else await print(text(decision))
    if (place) {
      const { decisionPayload } = await import('../../gate/index.ts')
      const { publishTo } = await import('../publish-into.ts')
      const made = { payloads: [decisionPayload(decision, policy)], files: new Map() }
      const [done] = await publishTo(place.to, made, place.identity, signal)
      note(`submitted as ${done?.id}, number ${done?.seq} of the log`)
    }
    return decision.verdict === 'go' ? EXIT.pass : EXIT.fail
  },
})

/** The decision in a file, or one that was submitted, with its policy. */
async function decisionBefore(archive: ReadArchive, reference: string) {
  const { readDecision } = await import('../../gate/index.ts')
  if (!/^sha256:[0-9a-f]{64}$/.test(reference)) return { decision: await readDecision(reference), policy: undefined }
  const { findDecision } = await import('../../archive/index.ts')
  const found = await findDecision(archive, reference)
  if (!found)
    throw new ConfigError(`the archive has no decision ${reference}`, { hint: 'harness gate --to submits one' })
  return found
}

async function policyOf(file: string | undefined, archived: string | undefined) {
  const { loadPolicy, parsePolicy } = await import('../../gate/index.ts')
  if (file !== undefined) return await loadPolicy(file)
  if (archived !== undefined) return parsePolicy(archived, 'the policy in the archive')
  throw new ConfigError('say which policy decides', { hint: '--policy FILE' })
}

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

function list(title: string, items: readonly DecisionItem[]): string[] {
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
