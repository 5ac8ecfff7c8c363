import { writeFile } from 'node:fs/promises'
import { ConfigError } from '../../core/errors.ts'
import { defineCommand } from '../command.ts'
import { note, print } from '../output.ts'

export default defineCommand({
  name: 'approve',
  args: 'DECISION',
  arity: [1, 1],
  text: 'Signs a decision of `harness gate`, after a person has looked at the results. Only a go can be approved. The approval is an envelope that `harness image publish` asks for; --to also submits it, so that the page of the image tells who approved it.',
  options: {
    key: { type: 'string', value: 'FILE', text: 'the Ed25519 key that signs; default $HARNESS_KEY' },
    by: { type: 'string', value: 'NAME', text: 'the person who approves' },
    comment: { type: 'string', value: 'TEXT', text: 'what was looked at' },
    out: { type: 'string', value: 'FILE', text: 'where the approval goes; default approval.dsse.json' },
    to: { type: 'string', value: 'URL|DIR', text: 'also submit it to a server of results or an archive on this host' },
  },
  examples: ['harness approve decision.json --key ~/.config/harness/release.pem --by "Ada Example"'],
  async run({ options, args, signal }) {
    const { approvalPayload, readDecision } = await import('../../gate/index.ts')
    const { publishPayload, readKey, ResultsClient, seal } = await import('../../publish/index.ts')
    const keyFile = options.key ?? process.env.HARNESS_KEY
    if (keyFile === undefined) throw new ConfigError('say which key signs', { hint: '--key FILE' })
    if (options.by === undefined) throw new ConfigError('say who approves', { hint: '--by "Your Name"' })
    const decision = await readDecision(args[0] ?? '')
    const key = await readKey(keyFile)
    const payload = approvalPayload(decision, {
      approver: options.by,
      ...(options.comment === undefined ? {} : { comment: options.comment }),
    })
    const out = options.out ?? 'approval.dsse.json'
    const envelope = JSON.stringify(seal(payload, [key]))
    await writeFile(out, envelope)
    await print(`approved ${decision.image.name} ${decision.image.digest} in ${out}`)
    const { to } = options
    if (to === undefined) return 0
    if (/^https?:/.test(to)) {
      const client = new ResultsClient(to, { signal, onWait: note })
      await publishPayload(client, payload, new Map(), { kind: 'key', key })
    } else {
      const { Archive } = await import('../../archive/index.ts')
      await using archive = await Archive.open({ folder: to })
      await archive.accept(envelope)
    }
    await print(`submitted to ${to}`)
    return 0
  },
})
