import { ConfigError } from '../../core/errors.ts'
import type { Check } from '../../testing/check.ts'
import { defineCommand } from '../command.ts'
import { factsFiles } from '../facts-files.ts'
import { describeJudgements, exitCodeOf } from '../judgements.ts'
import { mustBePlatform } from '../known-names.ts'
import { print, printJson } from '../output.ts'
import { unknownWord } from '../parse.ts'

export default defineCommand({
  name: 'check',
  args: 'FACTS...',
  arity: [1, Number.POSITIVE_INFINITY],
  text: 'Judges recorded facts by the policy suite, without launching anything. Facts are in the cells/CELL/facts folder of every run; a folder stands for the facts files in it. Two files of a first boot are also judged as a pair. Exit code 1 when a check fails.',
  options: {
    checks: { type: 'string', multiple: true, value: 'PATH', text: 'judge by these checks of yours too' },
    only: { type: 'string', multiple: true, value: 'ID', text: 'judge by this check of the policy suite only' },
    platform: {
      type: 'string',
      value: 'NAME',
      text: 'where the machine ran; some checks apply to some platforms only',
    },
    all: { type: 'boolean', text: 'show passes and skips too' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness check reports/RUN/cells/lxd/debian-13/default/container/facts/image-first-boot.json',
    'harness check reports/RUN/cells/lxd/debian-13/default/container/facts',
  ],
  async run({ options, args, signal }) {
    const files = await factsFiles(args)
    const [{ judgeFacts }, { loadChecks }] = await Promise.all([
      import('../../runner/judge/judge-facts.ts'),
      import('../../runner/checks/load-checks.ts'),
    ])
    if (options.only ?? options.platform) {
      const known = await loadChecks(options.checks)
      for (const id of options.only ?? []) mustJudgeFacts(id, known)
      await mustBePlatform(
        options.platform,
        [...known.values()].flatMap(({ info }) => info.applies ?? []),
      )
    }
    const records = await judgeFacts(files, {
      signal,
      ...(options.checks ? { checks: options.checks } : {}),
      ...(options.only ? { only: options.only } : {}),
      ...(options.platform ? { cell: { platform: options.platform } } : {}),
    })
    if (records.length === 0) {
      throw new ConfigError('no check judges these facts, so nothing is known of them', {
        hint: '`harness list --suite policy` shows of which phase each check judges the facts',
      })
    }
    if (options.json) await printJson(records)
    else await print(describeJudgements(records, options.all ?? false))
    return exitCodeOf(records)
  },
})

function mustJudgeFacts(id: string, known: ReadonlyMap<string, Check>): void {
  const check = known.get(id)
  const judging = [...known.values()].flatMap(({ id: name, suite }) => (suite === 'policy' ? [name] : []))
  if (!check) throw unknownWord(`check ${id}`, id, judging, 'harness list --suite policy')
  if (check.suite === 'policy') return
  throw new ConfigError(`${id} judges a running machine, not facts: it is of the ${check.suite} suite`, {
    hint: '`harness list --suite policy` lists the checks that judge facts',
  })
}
