import type { LogRule } from '../../logs/index.ts'
import type { Applicability, Check } from '../../testing/check.ts'
import { defineCommand } from '../command.ts'
import { print, printJson } from '../output.ts'
import { unknownWord } from '../parse.ts'

export default defineCommand({
  name: 'explain',
  args: 'ID',
  arity: [1, 1],
  text: 'Tells what a check or a log rule wants, why, where that comes from, where it applies, and how to repair an image.',
  options: {
    checks: { type: 'string', multiple: true, value: 'PATH', text: 'look among these checks of yours too' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: ['harness explain reg-ci-result'],
  async run({ options, args }) {
    const { checkData, loadCatalogue } = await import('../catalogue.ts')
    const { checks, rules } = await loadCatalogue(options.checks)
    const [id = ''] = args
    const check = checks.get(id)
    const rule = rules.get(id)
    if (!check && !rule)
      throw unknownWord(`check or log rule ${id}`, id, [...checks.keys(), ...rules.keys()], 'harness list')
    if (options.json) await printJson(check ? checkData(check) : rule)
    else await print(check ? checkText(check) : ruleText(rule as LogRule))
    return 0
  },
})

function checkText(check: Check): string {
  const { info } = check
  const phase = check.suite === 'policy' ? `Judged at: ${[check.info.phase].flat().join(', ')}` : ''
  const own =
    check.suite === 'regression'
      ? `Runs on: ${check.info.instance === 'own' ? 'an instance of its own' : 'a shared instance'}`
      : ''
  return lines([
    `${check.id}: ${info.title}`,
    '',
    `${check.suite} check, severity ${info.severity}, policies ${(info.policies ?? ['generic']).join(', ')}`,
    `Because: ${info.because}`,
    `Source: ${info.source}`,
    phase,
    own,
    `Applies to: ${applies(info.applies)}`,
    info.fix ? `When it fails: ${info.fix}` : '',
    `Written in: ${check.file}`,
  ])
}

function ruleText(rule: LogRule): string {
  return lines([
    `${rule.id}: ${rule.means}`,
    '',
    `log rule, severity ${rule.severity}`,
    `Pattern: ${rule.pattern}`,
    `Looks in: ${rule.where?.join(', ') ?? 'every log'}`,
    `Finds: ${rule.hits[0] ?? ''}`,
    `Source: ${rule.source}`,
    rule.versions ? `Agent versions: ${rule.versions}` : '',
    rule.reason ? `Harmless because: ${rule.reason}` : '',
    rule.until ? `Until: ${rule.until}` : '',
  ])
}

function applies(where: Applicability | undefined): string {
  if (!where) return 'everything'
  const parts = [
    where.platforms && `platforms ${where.platforms.join(', ')}`,
    where.notPlatforms && `every platform but ${where.notPlatforms.join(', ')}`,
    where.distributions && `distributions ${where.distributions.join(', ')}`,
    where.ownKernel && 'machines with a kernel of their own',
    where.init && `systems that boot with ${where.init.join(' or ')}`,
    where.capabilities && `platforms that can do ${where.capabilities.join(', ')}`,
  ]
  return parts.filter(Boolean).join('; ') || 'everything'
}

function lines(text: readonly string[]): string {
  return text.filter((line, index) => line !== '' || index === 1).join('\n')
}
