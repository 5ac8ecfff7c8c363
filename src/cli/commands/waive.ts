import { ConfigError } from '../../core/errors.ts'
import { defineCommand } from '../command.ts'
import { print, printJson } from '../output.ts'
import { placeAndIdentity, PUBLISH_OPTIONS } from '../publish-options.ts'

export default defineCommand({
  name: 'waive',
  args: 'CHECK...',
  arity: [1, 50],
  text: 'Signs that known failures do not count for a while, for the gate and for everyone to see. The failures stay failures, with the waiver beside them; results of your own are not excused by it. It ends at --until, when what it excuses has passed twice in a row, or by `harness retract`. CHECK is an id or a glob over ids.',
  options: {
    cells: { type: 'string', multiple: true, value: 'GLOB', text: 'which cells, for example "ec2/*"; may be repeated' },
    images: { type: 'string', multiple: true, value: 'GLOB', text: 'which images, by name or digest; may be repeated' },
    until: { type: 'string', value: 'YYYY-MM-DD', text: 'the last day, at most 90 days ahead' },
    reason: { type: 'string', value: 'TEXT', text: 'why; everyone can read it' },
    tracker: { type: 'string', value: 'URL', text: 'where it is being worked on' },
    missing: { type: 'boolean', text: 'excuse that nobody judged it, too' },
    id: { type: 'string', value: 'NAME', text: 'what people call it; default made of the check and the day' },
    ...PUBLISH_OPTIONS,
    'dry-run': { type: 'boolean', text: 'print the statement, and send nothing' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness waive reg-hostname --cells "ec2/*" --images "debian-*" --until 2027-01-31 \\',
    '  --reason "fixed in the point release" --tracker https://bugs.example.org/1 --to URL --key KEY',
  ],
  async run({ options, args, signal }) {
    const { cells, images, until, reason, tracker, id } = options
    if (cells === undefined) throw new ConfigError('say in which cells', { hint: '--cells "ec2/*"' })
    if (images === undefined) throw new ConfigError('say for which images', { hint: '--images "debian-*"' })
    if (until === undefined) throw new ConfigError('say until when', { hint: '--until YYYY-MM-DD' })
    if (reason === undefined) throw new ConfigError('say why', { hint: '--reason "fixed in the next release"' })
    if (tracker === undefined)
      throw new ConfigError('say where it is being worked on', { hint: '--tracker https://bugs.example.org/1' })
    const { waiverOf } = await import('../../publish/index.ts')
    const what = { checks: args, cells, images, missing: options.missing ?? false, reason, tracker, until }
    const payload = waiverOf(id === undefined ? what : { ...what, id }, new Date())
    if (options['dry-run']) {
      await print(payload.toString('utf8'))
      return 0
    }
    const { to, identity } = await placeAndIdentity(options)
    const { publishTo } = await import('../publish-into.ts')
    const [done] = await publishTo(to, { payloads: [payload], files: new Map() }, identity, signal)
    if (options.json) await printJson(done)
    else {
      await print(`waived until ${until} as ${done?.id}, number ${done?.seq} of the log`)
      await print(`to end it earlier: harness retract ${done?.id} --reason TEXT --to ${to}`)
    }
    return 0
  },
})
