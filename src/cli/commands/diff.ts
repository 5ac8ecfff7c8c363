import { defineCommand } from '../command.ts'
import { note, print, printJson } from '../output.ts'

export default defineCommand({
  name: 'diff',
  args: 'A B',
  arity: [2, 2],
  text: 'Prints the changelog from one image to another: packages with the vulnerabilities fixed in between, services, users, files, sizes, boot times. Each is anything that harness inspect takes, or a facts file of a run; two facts files of running machines also show boot times.',
  options: {
    markdown: { type: 'boolean', text: 'print Markdown' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness diff ./debian-old.qcow2 ./debian-new.qcow2',
    'harness diff facts-of-monday.json facts-of-tuesday.json --markdown',
  ],
  async run({ options, args, signal }) {
    const [from = '', to = ''] = args
    const { diffImages, diffMarkdown, diffText, openSubject } = await import('../../inspect/index.ts')
    const opening = { signal, onProgress: note }
    await using before = await openSubject(from, opening)
    await using after = await openSubject(to, opening)
    const diff = await diffImages(before, after, signal)
    if (options.json) await printJson(diff)
    else await print(options.markdown ? diffMarkdown(diff) : diffText(diff))
    return 0
  },
})
