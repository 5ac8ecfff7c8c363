import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeTempDir } from '../../core/temp-dir.ts'
import { cleanText } from '../../core/text.ts'
import { formatFacts } from '../../instance/facts/format-facts.ts'
import type { Facts } from '../../instance/facts/facts.ts'
import type { ImageDescription } from '../../inspect/index.ts'
import type { CheckRecord } from '../../results/check-record.ts'
import { defineCommand } from '../command.ts'
import { mustBePlatform } from '../known-names.ts'
import { note, print, printJson, table } from '../output.ts'
import { describeJudgements, exitCodeOf } from '../judgements.ts'

export default defineCommand({
  name: 'inspect',
  args: 'IMAGE',
  arity: [1, 1],
  text: 'Looks at an image that never booted: what it is, and what the policy suite says of it as it lies. IMAGE is a disk (qcow2, raw, vmdk, vhd, vhdx), a squashfs or tar file, a folder, a recipe, a downloaded image, or a facts file. Nothing of it is executed or mounted with rights, and root is not needed. Exit code 1 when a check fails.',
  options: {
    packages: { type: 'boolean', text: 'list the packages too' },
    checks: { type: 'string', multiple: true, value: 'PATH', text: 'judge by these checks of yours too' },
    platform: { type: 'string', value: 'NAME', text: 'where it is to run; some checks apply to some platforms only' },
    facts: { type: 'string', value: 'FILE', text: 'write the facts to this file, for harness diff and harness check' },
    all: { type: 'boolean', text: 'show passes and skips too' },
    json: { type: 'boolean', text: 'print data: description, facts, judgements' },
  },
  examples: ['harness inspect ./debian.qcow2', 'harness inspect debian-13 --packages'],
  async run({ options, args, signal }) {
    const [name = ''] = args
    const [{ describeImage, openSubject }, { judgeFacts }] = await Promise.all([
      import('../../inspect/index.ts'),
      import('../../runner/judge/judge-facts.ts'),
    ])
    if (options.platform !== undefined) {
      const { loadChecks } = await import('../../runner/checks/load-checks.ts')
      const checks = await loadChecks(options.checks)
      await mustBePlatform(
        options.platform,
        [...checks.values()].flatMap(({ info }) => info.applies ?? []),
      )
    }
    await using subject = await openSubject(name, { signal, onProgress: note })
    const description = describeImage(subject)
    const text = formatFacts(subject.facts)
    if (options.facts !== undefined) await writeFile(options.facts, text)
    const records = await judged(text, (file) =>
      judgeFacts([file], {
        signal,
        ...(options.checks ? { checks: options.checks } : {}),
        ...(options.platform ? { cell: { platform: options.platform } } : {}),
      }),
    )
    if (options.json) await printJson({ description, facts: subject.facts, judgements: records })
    else await print(report(description, subject.facts, records, options))
    return exitCodeOf(records)
  },
})

async function judged(facts: string, judge: (file: string) => Promise<CheckRecord[]>): Promise<CheckRecord[]> {
  const dir = await makeTempDir('inspect')
  try {
    const file = join(dir, 'image-rest.json')
    await writeFile(file, facts)
    return await judge(file)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

function report(
  description: ImageDescription,
  facts: Facts,
  records: readonly CheckRecord[],
  options: { packages?: boolean; all?: boolean },
): string {
  const packages = options.packages && description.packages !== undefined ? facts.packages : []
  return cleanText(
    [
      table(rowsOf(description)),
      ...(packages.length > 0 ? ['', table(packages.map(({ name, version, arch }) => [name, version, arch]))] : []),
      '',
      describeJudgements(records, options.all ?? false),
    ].join('\n'),
  )
}

function rowsOf(image: ImageDescription): string[][] {
  const list = (values: readonly string[] | undefined) => values && (values.join(', ') || 'none')
  const rows: [string, string | number | undefined][] = [
    ['image', image.path],
    ['size', image.bytes === undefined ? undefined : `${(image.bytes / 1024 ** 2).toFixed(1)} MiB`],
    ['system', image.os],
    ['architecture', image.architecture],
    ['init', image.init],
    ['kernels', list(image.kernels)],
    ['packages', image.packages === undefined ? undefined : `${image.packages}, ${image.packageManager ?? ''}`],
    ['agent', image.agent],
    ['datasources', list(image.datasources)],
    ['accounts with a shell', list(image.logins)],
    ['enabled services', image.enabledServices],
    ['set-user-id programs', image.setuid],
    ...(image.repositories ?? []).map((line): [string, string] => ['source of packages', line]),
    ...Object.entries(image.stamps ?? {}).map(([path, text]): [string, string] => [path, text.replaceAll('\n', ', ')]),
  ]
  return rows.flatMap(([title, value]) => (value === undefined ? [] : [[title, String(value)]]))
}
