import { createInterface } from 'node:readline/promises'
import { ConfigError } from '../core/errors.ts'

/**
 * Asks a person at the terminal. `yes` answers without asking.
 * @throws ConfigError when nobody can be asked
 */
export async function askConsent(question: string, options: { yes: boolean; signal: AbortSignal }): Promise<boolean> {
  if (options.yes) return true
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new ConfigError('this needs your consent, and there is no terminal to ask at', { hint: 'add --yes to agree' })
  }
  const line = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const answer = await line.question(`${question} [y/N] `, { signal: options.signal })
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    line.close()
  }
}
