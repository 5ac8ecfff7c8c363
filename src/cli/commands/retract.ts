import { ConfigError } from '../../core/errors.ts'
import { defineCommand } from '../command.ts'
import { print, printJson } from '../output.ts'
import { placeAndIdentity, PUBLISH_OPTIONS } from '../publish-options.ts'

export default defineCommand({
  name: 'retract',
  args: 'ID',
  arity: [1, 1],
  text: 'Takes back what you published: results, a waiver or an approval. ID is the digest that `harness publish` printed. Nothing is deleted: what was wrong stays to be seen with your reason beside it, and no longer counts.',
  options: {
    ...PUBLISH_OPTIONS,
    reason: { type: 'string', value: 'TEXT', text: 'why; everyone can read it' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: ['harness retract sha256:… --reason "the mirror was broken" --to URL --key publish.pem'],
  async run({ options, args, signal }) {
    const [id = ''] = args
    const { reason } = options
    if (!/^sha256:[0-9a-f]{64}$/.test(id))
      throw new ConfigError(`${id} is not the digest of a submission`, { hint: 'it is sha256: and 64 digits' })
    if (reason === undefined) throw new ConfigError('say why', { hint: '--reason "the mirror was broken"' })
    const { retractionOf } = await import('../../publish/index.ts')
    const { to, identity } = await placeAndIdentity(options)
    const { publishTo } = await import('../publish-into.ts')
    const payloads = [retractionOf(id, reason, new Date())]
    const [done] = await publishTo(to, { payloads, files: new Map() }, identity, signal)
    if (options.json) await printJson(done)
    else await print(`${id} is retracted, by number ${done?.seq} of the log`)
    return 0
  },
})
