import { readFile } from 'node:fs/promises'
import { toMs } from '../core/duration.ts'
import { ConfigError } from '../core/errors.ts'
import { print } from './output.ts'

/** What `harness image publish` is told. */
export interface PublishImageOptions {
  to?: string
  decision?: string
  approval?: string
  policy?: string
  approvers?: string
  'max-age'?: string
}

const MAX_AGE = '7 days'

/** Releases an image file that a gate let through and a person approved. @throws ConfigError for everything else */
export async function publishImage(names: readonly string[], options: PublishImageOptions): Promise<void> {
  const [file] = names
  if (file === undefined || names.length > 1)
    throw new ConfigError('name one image file', { hint: 'harness image publish FILE --to DIR …' })
  const need = (name: keyof PublishImageOptions, hint: string): string => {
    const value = options[name]
    if (value === undefined) throw new ConfigError(`an image is not published without --${name}`, { hint })
    return value
  }
  const decisionFile = need('decision', 'harness gate IMAGE --policy FILE --out decision.json')
  const approvalFile = need('approval', 'harness approve decision.json --key FILE --by NAME')
  const policyFile = need('policy', 'the policy that decided: --policy FILE')
  const folder = need('approvers', 'folder of registrations of who may approve: --approvers DIR')
  const to = need('to', 'folder of published images: --to DIR')
  const { loadPolicy, readDecision, releaseImage } = await import('../gate/index.ts')
  const { loadSubmitters } = await import('../archive/index.ts')
  const approval = await readFile(approvalFile, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`cannot read the approval ${approvalFile}`, { cause: error })
  })
  const released = await releaseImage({
    file,
    to,
    decision: await readDecision(decisionFile),
    policy: await loadPolicy(policyFile),
    approval,
    approvers: await loadSubmitters(folder),
    maxAgeMs: toMs(options['max-age'] ?? MAX_AGE),
  })
  await print(released)
}
