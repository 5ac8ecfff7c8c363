import { access } from 'node:fs/promises'
import { ConfigError } from '../../core/errors.ts'
import { defineCommand } from '../command.ts'
import { describeJudgements, exitCodeOf } from '../judgements.ts'
import { print, printJson } from '../output.ts'
import { unknownWord } from '../parse.ts'

export default defineCommand({
  name: 'check',
  args: 'FACTS...',
  arity: [1, Number.POSITIVE_INFINITY],
  text: 'Judges recorded facts by the policy suite, without launching anything. Facts are in the cells/CELL/facts folder of every run. Two files of a first boot are also judged as a pair. Exit code 1 when a check fails.',
  options: {
    checks: { type: 'string', multiple: true, value: 'PATH', text: 'judge by these checks of yours too' },
    only: { type: 'string', multiple: true, value: 'ID', text: 'judge by this check only' },
    platform: {
      type: 'string',
      value: 'NAME',
      text: 'where the machine ran; some checks apply to some platforms only',
    },
    all: { type: 'boolean', text: 'show passes and skips too' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: ['harness check reports/RUN/cells/lxd/debian-13/default/container/facts/image-first-boot.json'],
  async run({ options, args, signal }) {
    for (const file of args) await mustBeReadable(file)
    const [{ judgeFacts }, { loadChecks }] = await Promise.all([
      import('../../runner/judge/judge-facts.ts'),
      import('../../runner/checks/load-checks.ts'),
    ])
    const known = options.only ? await loadChecks(options.checks) : undefined
    for (const id of options.only ?? []) {
      if (known && !known.has(id)) throw unknownWord(`check ${id}`, id, known.keys(), 'harness list')
    }
    const records = await judgeFacts(args, {
      signal,
      ...(options.checks ? { checks: options.checks } : {}),
      ...(options.only ? { only: options.only } : {}),
      ...(options.platform ? { cell: { platform: options.platform } } : {}),
    })
    if (options.json) await printJson(records)
    else await print(describeJudgements(records, options.all ?? false))
    return exitCodeOf(records)
  },
})

async function mustBeReadable(file: string): Promise<void> {
  try {
    await access(file)
  } catch (error) {
    throw new ConfigError(`cannot read ${file}: ${(error as Error).message}`, { cause: error })
  }
}
