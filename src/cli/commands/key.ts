import { ConfigError } from '../../core/errors.ts'
import { defineCommand } from '../command.ts'
import { note, print, printJson } from '../output.ts'
import { unknownWord } from '../parse.ts'

export default defineCommand({
  name: 'key',
  args: 'new|show FILE',
  arity: [2, 2],
  text: 'Makes the Ed25519 key that signs what you publish, or prints the public part of one, as a registration wants it. Whoever has the file can publish in your name: it never leaves this host.',
  options: { json: { type: 'boolean', text: 'print data' } },
  examples: ['harness key new ~/.config/harness/publish.pem', 'harness key show ~/.config/harness/publish.pem'],
  async run({ options, args }) {
    const [action = '', file = ''] = args
    const { makeKey, readKey } = await import('../../publish/index.ts')
    if (action !== 'new' && action !== 'show')
      throw unknownWord(`action ${action}`, action, ['new', 'show'], 'harness key --help')
    if (file === '') throw new ConfigError('name a file', { hint: 'harness key new publish.pem' })
    const key = action === 'new' ? await makeKey(file) : await readKey(file)
    if (options.json) await printJson({ id: key.id, public: key.publicKey })
    else await print(key.publicKey)
    if (action === 'new' && !options.json) note(`the key is in ${file}; give the line above to who runs the server`)
    return 0
  },
})
