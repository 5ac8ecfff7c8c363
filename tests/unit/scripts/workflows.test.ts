import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { checkWorkflows } from '../../../scripts/check-workflows.ts'
import { workflowFaults } from '../../../scripts/workflow-rules.ts'

const ROOT = join(import.meta.dirname, '../../..')
const cells = readFileSync(join(ROOT, '.github/workflows/cells.yml'), 'utf8')
const PIN = 'actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd # v6.0.2'

/** A good workflow with one thing changed. */
function changed(from: string | RegExp, to: string): string[] {
  const text = cells.replace(from, to)
  expect(text).not.toBe(cells)
  return workflowFaults(text).map(({ message }) => message)
}

test('our own workflows are good', async () => {
  expect(await checkWorkflows(ROOT)).toEqual([])
})

test('the clouds that workflows name have cells', () => {
  const folder = join(ROOT, '.github/workflows')
  const commands = readdirSync(folder).flatMap((file) => [
    ...readFileSync(join(folder, file), 'utf8').matchAll(/harness (?:plan|run|sweep)[^\n]*/g),
  ])
  const onClouds = commands.map(([command]) => command).filter((command) => /PLATFORM|platforms|cells\[/.test(command))
  expect(onClouds).toHaveLength(6)
  for (const command of onClouds) expect(command).toContain('--matrix matrix-clouds.yaml')
  const { axes } = parse(readFileSync(join(ROOT, 'matrix-clouds.yaml'), 'utf8')) as { axes: { platform: string[] } }
  const signedIn = [...cells.matchAll(/if: matrix\.platform == '(\w+)'/g)].map(([, platform]) => platform)
  expect(new Set(signedIn)).toEqual(new Set(axes.platform))
})

test.each<[string, string | RegExp, string, string]>([
  ['an action by its tag', PIN, 'actions/checkout@v6.0.2', 'actions/checkout@v6.0.2 is not pinned by its full commit'],
  ['an action by a short commit', PIN, 'actions/checkout@de0fac2 # v6.0.2', 'is not pinned by its full commit'],
  ['an action without its release', PIN, PIN.replace(' # v6.0.2', ''), 'needs its release as comment'],
  ['an expression in a script', 'run: npm ci', 'run: npm ci ${{ inputs.commit }}', '`run` must take values from `env`'],
  [
    'a trigger with rights for strangers',
    'workflow_call:',
    'pull_request_target:',
    'gives rights to what a stranger wrote',
  ],
  [
    'a workflow that runs after one of a stranger',
    'workflow_call:',
    'workflow_run:',
    'gives rights to what a stranger wrote',
  ],
  ['a workflow with the rights of the default', 'permissions: {}\n', '', 'the workflow must say its `permissions`'],
  ['rights for all jobs', 'permissions: {}\n', 'permissions: write-all\n', 'nobody needs to write everything'],
  ['a right nobody needs', 'actions: read', 'actions: write', 'nobody needs to write actions'],
  ['clouds without a guard', / +environment: .*\n/, '', 'must name the environment that guards them'],
  ['a job without an end', /timeout-minutes: .*\n/, '', 'the job needs `timeout-minutes`'],
  ['a token left on disk', 'persist-credentials: false', 'fetch-depth: 1', 'must say `persist-credentials: false`'],
  [
    'code of a pull request beside credentials',
    'persist-credentials: false',
    'persist-credentials: false\n          ref: refs/pull/1/head',
    'a job with rights checks out nothing but the commit of the workflow',
  ],
  ['a cache beside credentials', 'node-version: 24', 'node-version: 24\n          cache: npm', 'no caches'],
  ['a secret', '${{ github.token }}', '${{ secrets.TOKEN }}', 'no secrets'],
])('%s is refused', (_, from, to, message) => {
  expect(changed(from, to).join('\n')).toContain(message)
})

test('a workflow that is no YAML is one fault', () => {
  expect(workflowFaults('on: [\n')).toHaveLength(1)
})
