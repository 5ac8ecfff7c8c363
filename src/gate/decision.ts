import { readFile } from 'node:fs/promises'
import { ConfigError } from '../core/errors.ts'
import { decisionId, decisionSchema, type Decision, type DecisionItem } from '../publish/decision.ts'
import { judgePolicy } from './decide.ts'
import type { GateEvidence } from './evidence.ts'
import type { ReadPolicy } from './policy.ts'

/** Decides. It is a go only when everything is satisfied. */
export function decide({ policy, digest }: ReadPolicy, evidence: GateEvidence): Decision {
  const items = judgePolicy(policy, evidence)
  const of = (state: DecisionItem['state']) => items.filter((item) => item.state === state)
  const used = new Set(items.flatMap(({ results }) => results))
  const submissions = evidence.results.filter(({ id }) => used.has(id)).map(({ submission }) => submission)
  const { name, digest: imageDigest, basis } = evidence.image
  const body: Omit<Decision, 'id'> = {
    version: 1,
    verdict: items.every(({ state }) => state === 'satisfied') ? 'go' : 'no-go',
    policy: { id: policy.id, digest },
    image: { name, digest: imageDigest, basis },
    asOf: { seq: evidence.asOf.seq, at: evidence.asOf.at },
    satisfied: of('satisfied'),
    unsatisfied: of('unsatisfied'),
    missing: of('missing'),
    evidence: [...new Set(submissions)].sort(),
  }
  return { ...body, id: decisionId(body) }
}

/** Reads a decision and checks that it is what its id says. @throws ConfigError */
export async function readDecision(file: string): Promise<Decision> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConfigError(`cannot read the decision ${file}: ${(error as Error).message}`, { cause: error })
  })
  return parseDecision(text, file)
}

/** `readDecision` for text. @throws ConfigError */
export function parseDecision(text: string, file: string): Decision {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new ConfigError(`${file} is not JSON`, { cause: error })
  }
  const parsed = decisionSchema.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new ConfigError(`${file} is not a decision: ${issue?.path.join('.') || 'it'} ${issue?.message ?? ''}`, {
      hint: 'harness gate writes one with --out',
    })
  }
  const { id, ...body } = parsed.data
  if (decisionId(body) !== id) throw new ConfigError(`${file} was changed: its content is not what its id says`)
  return parsed.data
}

/** What is different between a decision and the same made again; empty when nothing is. */
export function differences(before: Decision, again: Decision): string[] {
  if (before.id === again.id) return []
  const found: string[] = []
  if (before.policy.digest !== again.policy.digest) found.push('the policy is another one')
  if (before.verdict !== again.verdict) found.push(`the verdict was ${before.verdict} and is ${again.verdict}`)
  const states = (decision: Decision) =>
    new Map(
      [...decision.satisfied, ...decision.unsatisfied, ...decision.missing].map((one) => [
        `${one.requirement}: ${one.subject}`,
        one.state,
      ]),
    )
  const now = states(again)
  for (const [subject, state] of states(before)) {
    const other = now.get(subject)
    if (other !== state) found.push(`${subject} was ${state} and is ${other ?? 'no longer required'}`)
  }
  if (found.length === 0) found.push('the evidence is another one')
  return found
}
