import { type Document, isMap, isScalar, LineCounter, type Pair, parseDocument, visit } from 'yaml'

/** Something in a workflow that must not be. */
export interface WorkflowFault {
  line: number
  message: string
}

interface Step {
  uses?: string
  run?: string
  with?: Record<string, unknown>
}

interface Job {
  uses?: string
  environment?: unknown
  permissions?: Permissions
  steps?: Step[]
  'timeout-minutes'?: unknown
}

type Permissions = string | Record<string, string>

interface Workflow {
  on?: string | string[] | Record<string, unknown>
  permissions?: Permissions
  jobs?: Record<string, Job>
}

const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40}$/
/** What a job may write; everything else would let a mistake in it change the repository. */
const MAY_WRITE = new Set(['id-token', 'pages', 'pull-requests'])
/** Events whose jobs run code of the main branch with more rights than a pull request has. */
const UNTRUSTED_TRIGGERS = ['pull_request_target', 'workflow_run']
/** Who may hold a token for clouds without naming an environment: the workflow it calls names one. */
const CALLABLE = ['./.github/workflows/cells.yml', './.github/workflows/sweep.yml']

/** Rules of this repository that general linters do not know. */
export function workflowFaults(text: string): WorkflowFault[] {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const faults: WorkflowFault[] = []
  for (const error of document.errors) faults.push({ line: lines.linePos(error.pos[0]).line, message: error.message })
  if (faults.length > 0) return faults
  const lineOf = (offset: number | undefined) => lines.linePos(offset ?? 0).line
  eachPair(document, (pair, key) => {
    const { value } = pair
    const line = lineOf(isScalar(pair.key) ? pair.key.range?.[0] : undefined)
    if (!isScalar(value) || typeof value.value !== 'string') return
    if (key === 'run' && value.value.includes('${{'))
      faults.push({ line, message: '`run` must take values from `env`: an expression in it becomes code' })
    if (key === 'uses' && !value.value.startsWith('./')) {
      if (!PINNED.test(value.value)) faults.push({ line, message: `${value.value} is not pinned by its full commit` })
      else if (!/^ v\d+(\.\d+)*$/.test(value.comment ?? ''))
        faults.push({ line, message: `${value.value} needs its release as comment, for example # v1.2.3` })
    }
    if (value.value.includes('secrets.'))
      faults.push({ line, message: 'no secrets: clouds are reached by short-lived tokens, GitHub by github.token' })
  })
  const workflow = document.toJS() as Workflow
  const add = (path: readonly (string | number)[], message: string) => {
    const node = document.getIn(path, true)
    const range = isMap(node) || isScalar(node) ? node.range : undefined
    faults.push({ line: lineOf(range?.[0]), message })
  }
  for (const trigger of UNTRUSTED_TRIGGERS) {
    if (triggersOf(workflow).includes(trigger)) add(['on'], `${trigger} gives rights to what a stranger wrote`)
  }
  judgePermissions(workflow.permissions, ['permissions'], add, new Set())
  if (workflow.permissions === undefined) add(['jobs'], 'the workflow must say its `permissions`')
  for (const [name, job] of Object.entries(workflow.jobs ?? {})) judgeJob(name, job, add)
  return faults.sort((a, b) => a.line - b.line)
}

type Add = (path: readonly (string | number)[], message: string) => void

function judgeJob(name: string, job: Job, add: Add): void {
  const at = ['jobs', name]
  judgePermissions(job.permissions, [...at, 'permissions'], add, MAY_WRITE)
  const writes = job.permissions !== undefined && writtenBy(job.permissions).length > 0
  const cloud = typeof job.permissions === 'object' && job.permissions['id-token'] === 'write'
  if (cloud && job.environment === undefined && !CALLABLE.includes(job.uses ?? ''))
    add(at, 'a job that can get tokens of clouds must name the environment that guards them')
  if (!job.uses && job['timeout-minutes'] === undefined) add(at, 'the job needs `timeout-minutes`')
  for (const [index, step] of (job.steps ?? []).entries()) {
    const path = [...at, 'steps', index]
    if (step.uses?.startsWith('actions/checkout@')) {
      if (step.with?.['persist-credentials'] !== false) add(path, 'checkout must say `persist-credentials: false`')
      if ((writes || cloud) && (step.with?.['ref'] !== undefined || step.with?.['repository'] !== undefined))
        add(path, 'a job with rights checks out nothing but the commit of the workflow')
    }
    // A cache that a pull request can fill must never be read where rights are.
    if (step.uses?.startsWith('actions/cache') || step.with?.['cache'] !== undefined) add(path, 'no caches')
  }
}

function judgePermissions(
  permissions: Permissions | undefined,
  path: readonly string[],
  add: Add,
  allowed: Set<string>,
): void {
  if (permissions === undefined) return
  for (const scope of writtenBy(permissions)) {
    if (!allowed.has(scope)) add(path, `nobody needs to write ${scope}`)
  }
}

function writtenBy(permissions: Permissions): string[] {
  if (typeof permissions === 'string') return permissions === 'write-all' ? ['everything'] : []
  return Object.entries(permissions).flatMap(([scope, right]) => (right === 'write' ? [scope] : []))
}

function triggersOf({ on }: Workflow): string[] {
  if (typeof on === 'string') return [on]
  return Array.isArray(on) ? on : Object.keys(on ?? {})
}

function eachPair(document: Document, take: (pair: Pair, key: unknown) => void): void {
  visit(document, { Pair: (_, pair) => take(pair, isScalar(pair.key) ? pair.key.value : undefined) })
}
