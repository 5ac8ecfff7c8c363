import { spawn } from 'node:child_process'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')
export const HARNESS = join(ROOT, 'harness')

export interface CliResult {
  code: number | null
  stdout: string
  stderr: string
}

export interface CliOptions {
  cwd?: string
  env?: Record<string, string | undefined>
  /** Default the launcher of the checkout. */
  command?: string
}

/** Runs the harness as a user does. */
export function harness(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...options.env }
  return new Promise((resolve, reject) => {
    const child = spawn(options.command ?? HARNESS, args, {
      cwd: options.cwd ?? ROOT,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, stdout, stderr }))
  })
}
