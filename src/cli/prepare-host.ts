import { CancelledError, PrerequisiteError } from '../core/errors.ts'
import type { SetupPlan } from '../setup/index.ts'
import { askConsent } from './consent.ts'
import { note } from './output.ts'

interface Consent {
  yes: boolean
  signal: AbortSignal
}

/**
 * Says what this host lacks and installs it, with consent. Resolves at once when it has everything.
 * @throws CancelledError when the answer is no, PrerequisiteError when it cannot be done
 */
export async function prepareHost(consent: Consent, options: { lxd?: boolean; qemu?: boolean } = {}): Promise<void> {
  const { planSetup, runSetup } = await import('../setup/index.ts')
  const plan = await planSetup(options)
  if (plan.steps.length === 0) return
  note(describePlan(plan))
  if (!(await askConsent('Do this?', consent)))
    throw new PrerequisiteError('nothing was installed, because the answer was no')
  if (consent.signal.aborted) throw new CancelledError('cancelled before setup began')
  await runSetup(plan, { onLine: (line) => note(`setup: ${line}`), signal: consent.signal })
}

/** What setup would do, for the person who is asked. */
export function describePlan(plan: SetupPlan): string {
  if (plan.steps.length === 0) return 'This host has everything.'
  const steps = plan.steps.map(({ title, reason, commands, needsRoot }) => {
    const lines = [`  ${title}${needsRoot ? ' (as root)' : ''}`, `    because ${reason}`]
    return [...lines, ...commands.map((command) => `    ${command}`)].join('\n')
  })
  return `Setup will:\n${steps.join('\n')}`
}
