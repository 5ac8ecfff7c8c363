/** A policy as IAM has it, as far as it is understood here. */
export interface PolicyDocument {
  Version?: string
  Statement: readonly Statement[]
}

interface Statement {
  Sid?: string
  Effect: string
  Action: string | readonly string[]
  Resource?: string | readonly string[]
  Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

/**
 * Whether a policy allows an action: some statement must allow it and none may deny it. Resources are not looked at.
 * @param context values of condition keys, such as `aws:ResourceTag/harness`
 * @throws Error for an operator it does not know: a policy must not be taken for wider or narrower than it is
 */
export function allows(policy: PolicyDocument, action: string, context: Readonly<Record<string, string>>): boolean {
  const matching = policy.Statement.filter(
    (statement) =>
      list(statement.Action).some((pattern) => fits(pattern, action)) && holds(statement.Condition ?? {}, context),
  )
  return matching.some(({ Effect }) => Effect === 'Allow') && !matching.some(({ Effect }) => Effect === 'Deny')
}

function holds(condition: NonNullable<Statement['Condition']>, context: Readonly<Record<string, string>>): boolean {
  return Object.entries(condition).every(([operator, wanted]) => {
    if (operator === 'Null')
      return Object.entries(wanted).every(([key, value]) => (context[key] === undefined) === (value === 'true'))
    if (operator === 'NumericEquals')
      return Object.entries(wanted).every(([key, values]) =>
        list(values).some((one) => context[key] !== undefined && Number(one) === Number(context[key])),
      )
    if (operator !== 'StringEquals' && operator !== 'StringLike')
      throw new Error(`the simulator does not know the condition operator ${operator}`)
    return Object.entries(wanted).every(([key, values]) => {
      const value = context[key]
      return (
        value !== undefined &&
        list(values).some((one) => (operator === 'StringLike' ? fits(one, value) : one === value))
      )
    })
  })
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value
}

function fits(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 'i').test(text)
}
