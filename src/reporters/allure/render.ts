import { cp, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { PrerequisiteError } from '../../core/errors.ts'
import { probeHost, runHost } from '../../core/subprocess.ts'

export interface AllureRenderOptions {
  /** Folder of an earlier report whose history is continued. */
  historyFrom?: string
  /** Everything in one `index.html` that opens from a file. Default true. */
  singleFile?: boolean
  signal?: AbortSignal
}

const RENDER_DEADLINE_MS = 300_000

/**
 * Renders `<runDir>/allure-results` to `<runDir>/allure-report` by allure-commandline, offline and without its analytics.
 * @throws PrerequisiteError when Java or the package is missing, with the command that installs it.
 */
export async function renderAllure(runDir: string, options: AllureRenderOptions = {}): Promise<string> {
  const results = join(runDir, 'allure-results')
  const report = join(runDir, 'allure-report')
  const signal = options.signal ? { signal: options.signal } : {}
  await needJava(signal)
  const script = allureScript()
  await continueHistory(results, options.historyFrom)
  await rm(report, { recursive: true, force: true })
  const flags = options.singleFile === false ? [] : ['--single-file']
  await runHost([process.execPath, script, 'generate', results, '--clean', ...flags, '-o', report], {
    // The word must be `true`: other values leave the analytics in the page.
    env: { ...process.env, ALLURE_NO_ANALYTICS: 'true' },
    deadlineMs: RENDER_DEADLINE_MS,
    ...signal,
  })
  return join(report, 'index.html')
}

async function needJava(signal: { signal?: AbortSignal }): Promise<void> {
  const hint = 'apt-get install default-jre-headless; the same results are in junit.xml and index.html'
  const home = process.env.JAVA_HOME
  const java = home ? join(home, 'bin', 'java') : 'java'
  const installHint = { installHint: hint }
  const { exitCode, stderr } = await probeHost([java, '-version'], { deadlineMs: 30_000, ...installHint, ...signal })
  if (exitCode !== 0)
    throw new PrerequisiteError(`\`${java} -version\` failed: ${stderr.trim().slice(0, 300)}`, { hint })
}

function allureScript(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('allure-commandline/package.json')), 'bin', 'allure')
  } catch (error) {
    throw new PrerequisiteError('the package allure-commandline is not installed', {
      hint: 'npm install allure-commandline',
      cause: error,
    })
  }
}

async function continueHistory(results: string, earlier: string | undefined): Promise<void> {
  if (earlier === undefined) return
  const history = join(earlier, 'history')
  const exists = await stat(history).then(
    () => true,
    () => false,
  )
  if (exists) await cp(history, join(results, 'history'), { recursive: true })
}
