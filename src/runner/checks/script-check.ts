import { constants } from 'node:fs'
import { access, open, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { ConfigError, HarnessError } from '../../core/errors.ts'
import { capText, cleanText } from '../../core/text.ts'
import { toMs } from '../../core/duration.ts'
import type { RegressionContext, RegressionInfo } from '../../testing/check.ts'
import { declareCheck } from '../../testing/registry.ts'

const METADATA = /^\s*(?:#|\/\/|--|;)\s*harness: ?(.*)$/

const metadata = z.strictObject({
  id: z.string(),
  title: z.string().min(1),
  because: z.string().min(1),
  source: z.string().min(1).optional(),
  severity: z.enum(['blocker', 'major', 'minor']),
  suite: z.literal('regression').optional(),
  fix: z.string().optional(),
  timeout: z.string().optional(),
  disruptive: z.boolean().optional(),
  distributions: z.array(z.string()).optional(),
  platforms: z.array(z.string()).optional(),
})

/** The script said no: its exit code, with what it printed. */
export class ScriptCheckError extends HarnessError {
  readonly blame = 'image'
  readonly evidence: string

  constructor(message: string, evidence: string) {
    super(`${message}${evidence ? `\n${evidence}` : ''}`)
    this.evidence = evidence
  }
}

/** Whether a file can be run. */
export async function isScript(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}

/** Whether a file that cannot be run says of itself that it is a check: it names its interpreter and has metadata. */
export async function wouldBeScript(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined)
  if (!info?.isFile()) return false
  const head = await readHead(path).catch(() => '')
  return head.startsWith('#!') && head.split('\n').some((line) => METADATA.test(line))
}

/**
 * Declares an executable as a regression check, from its lines `# harness: YAML`. On the instance it runs as root:
 * exit code 0 passes, 77 skips, any other fails; what it prints is the evidence.
 * @throws ConfigError when the lines are missing or wrong
 */
export async function declareScript(path: string): Promise<void> {
  const { id, info } = await readScript(path)
  const deadlineMs = info.timeoutMs ?? 120_000
  const judge = async ({ instance, environment, skip, attach, signal }: RegressionContext) => {
    const result = await instance.root.script({ path }, { deadline: `${deadlineMs} ms`, env: environment, signal })
    const output = capText(cleanText(`${result.stdout}${result.stderr}`).trim(), 8000)
    if (output) attach(`${id}.txt`, output)
    if (result.exitCode === 77) skip(output.split('\n').at(-1) || `${basename(path)} skipped itself`)
    if (result.exitCode !== 0) throw new ScriptCheckError(`${basename(path)} exited with ${result.exitCode}`, output)
  }
  declareCheck({ suite: 'regression', id, info, judge, file: path })
}

/** The metadata in an executable. @throws ConfigError with the line */
export async function readScript(path: string): Promise<{ id: string; info: RegressionInfo }> {
  const lines: { text: string; line: number }[] = []
  for (const [index, line] of (await readHead(path)).split('\n').entries()) {
    const match = METADATA.exec(line)
    if (match) lines.push({ text: match[1] ?? '', line: index + 1 })
  }
  const first = lines[0]
  if (!first) {
    throw new ConfigError('is executable but says nothing about itself', {
      position: { file: path },
      hint: 'add lines like `# harness: {id: my-check, title: ..., because: ..., severity: major}`, or remove its x bit',
    })
  }
  const position = { file: path, line: first.line }
  let parsed: unknown
  try {
    parsed = parse(lines.map(({ text }) => text).join('\n'))
  } catch (error) {
    throw new ConfigError((error as Error).message, { position, cause: error })
  }
  const result = metadata.safeParse(parsed)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw new ConfigError(`${issue?.path.join('.') || 'metadata'}: ${issue?.message}`, { position })
  }
  const { id, title, because, source, severity, fix, timeout, disruptive, distributions, platforms } = result.data
  return {
    id,
    info: {
      title,
      because,
      source: source ?? path,
      severity,
      ...(fix === undefined ? {} : { fix }),
      ...(timeout === undefined ? {} : { timeoutMs: toMs(timeout) }),
      ...(disruptive === undefined ? {} : { disruptive }),
      ...(distributions || platforms
        ? { applies: { ...(distributions ? { distributions } : {}), ...(platforms ? { platforms } : {}) } }
        : {}),
    },
  }
}

async function readHead(path: string): Promise<string> {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16_384), 0, 16_384, 0)
    return buffer.subarray(0, bytesRead).toString('utf8')
  } finally {
    await file.close()
  }
}
