import { z } from 'zod'
import type { CommandResult } from './command-error.ts'

/** What cloud-init says about its last run. A bad status is data: checks judge it. */
export interface CloudInitStatus {
  /** `absent` when the program is not installed; else the word of `cloud-init status`, for example `done`, `error`, `running`, `disabled`. */
  status: string
  /** `degraded done` and the like, where the version has it; else equal to `status`. */
  extendedStatus: string
  /**
   * Exit code of `cloud-init status`: 0 fine, 1 failed, 2 recoverable errors (from 23.4 on only).
   * Computed from the result files by the same rule where the program has no `--format`.
   */
  exitCode: number
  errors: string[]
  /** Messages by level, for example `{ WARNING: [...] }`. Empty before 23.4. */
  recoverableErrors: Record<string, string[]>
  detail: string
  datasource: string
  /** Version of cloud-init as `--version` printed it, or empty. */
  version: string
  /** Everything the program printed, as data where it was JSON. */
  raw: unknown
}

const messages = z.array(z.string()).catch([])
const report = z.object({
  status: z.string(),
  extended_status: z.string().optional().catch(undefined),
  detail: z.string().catch(''),
  datasource: z.string().nullish().catch(''),
  errors: messages,
  recoverable_errors: z.record(z.string(), messages).catch({}),
})

/** Separates the parts of `STATUS_SCRIPT`'s output. */
const MARK = '---harness-part---'

/**
 * Prints version, status as JSON and its exit code, and the result files, in one round trip. The version is read where a package
 * writes it; the program itself is asked only where that is not one plain answer, because each start of it costs a third of a second.
 */
export const STATUS_SCRIPT = `command -v cloud-init >/dev/null 2>&1 || { echo absent; exit 0; }
run=/run; [ -d /run/cloud-init ] || run=/var/run
version=
case $(command -v cloud-init) in
  /usr/bin/cloud-init) version=$(sed -nE 's/^_PACKAGED_VERSION *= *"([0-9][^"]*)".*/\\1/p' /usr/lib/python3*/*-packages/cloudinit/version.py 2>/dev/null) ;;
esac
case $version in
  '' | *[!0-9A-Za-z.+:~-]*) cloud-init --version 2>&1 | head -c 200 ;;
  *) echo "$version" ;;
esac
echo; echo ${MARK}
cloud-init status --format json 2>/dev/null </dev/null
code=$?
echo; echo ${MARK}; echo $code; echo ${MARK}
cat $run/cloud-init/result.json 2>/dev/null
echo; echo ${MARK}
cat $run/cloud-init/status.json 2>/dev/null
echo; echo ${MARK}
if [ -e $run/cloud-init/disabled ] || [ -e /etc/cloud/cloud-init.disabled ]; then echo disabled; fi`

/** Reads the output of `STATUS_SCRIPT`. */
export function parseStatus(result: CommandResult): CloudInitStatus {
  if (result.stdout.trim() === 'absent') return { ...EMPTY, status: 'absent', extendedStatus: 'absent' }
  const [version = '', json = '', code = '', resultJson = '', statusJson = '', disabled = ''] = result.stdout
    .split(`${MARK}\n`)
    .map((part) => part.trim())
  const release = /(\d+\.\d+(?:\.\d+)?\S*)/.exec(version)?.[1] ?? ''
  const parsed = report.safeParse(parseJson(json))
  if (parsed.success) {
    const data = parsed.data
    return {
      status: data.status,
      extendedStatus: data.extended_status ?? data.status,
      exitCode: Number(code),
      errors: data.errors,
      recoverableErrors: data.recoverable_errors,
      detail: data.detail,
      datasource: data.datasource ?? '',
      version: release,
      raw: parseJson(json),
    }
  }
  return fromFiles(release, resultJson, statusJson, disabled === 'disabled')
}

const resultFile = z.object({ v1: z.object({ datasource: z.string().nullish(), errors: messages }) })
const statusFile = z.object({
  v1: z.object({ datasource: z.string().nullish(), stage: z.string().nullish() }).catchall(z.unknown()),
})

/** Versions before `--format` and broken programs: the result files say the same. */
function fromFiles(version: string, resultJson: string, statusJson: string, disabled: boolean): CloudInitStatus {
  if (disabled) return { ...EMPTY, version, status: 'disabled', extendedStatus: 'disabled' }
  const raw = { result: parseJson(resultJson), status: parseJson(statusJson) }
  const done = resultFile.safeParse(raw.result)
  const progress = statusFile.safeParse(raw.status)
  const stageErrors = progress.success ? Object.values(progress.data.v1).flatMap(errorsOf) : []
  const errors = done.success ? done.data.v1.errors : stageErrors
  const word = errors.length > 0 ? 'error' : done.success ? 'done' : progress.success ? 'running' : 'not started'
  const datasource =
    (done.success ? done.data.v1.datasource : progress.success ? progress.data.v1.datasource : '') ?? ''
  return {
    ...EMPTY,
    status: word,
    extendedStatus: word,
    exitCode: errors.length > 0 ? 1 : 0,
    errors,
    datasource,
    version,
    raw,
  }
}

function errorsOf(stage: unknown): string[] {
  const parsed = z.object({ errors: messages }).safeParse(stage)
  return parsed.success ? parsed.data.errors : []
}

/** True when cloud-init will not change its answer by itself any more. */
export function isFinished(status: CloudInitStatus): boolean {
  return ['absent', 'done', 'disabled', 'error', 'degraded'].includes(status.status)
}

const EMPTY: CloudInitStatus = {
  status: '',
  extendedStatus: '',
  exitCode: 0,
  errors: [],
  recoverableErrors: {},
  detail: '',
  datasource: '',
  version: '',
  raw: undefined,
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
