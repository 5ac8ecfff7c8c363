import { ConfigError } from '../../core/errors.ts'
import { plural } from '../../core/text.ts'
import { defineCommand } from '../command.ts'
import { note, print, printJson } from '../output.ts'
import { findRunFolder } from '../runs.ts'
import type { Published, RunToPublish } from '../../publish/index.ts'

export default defineCommand({
  name: 'publish',
  args: '[RUN]',
  arity: [0, 1],
  text: 'Publishes a run: its results as a signed statement about the digests of its images, and its logs. RUN is the folder of a run or its id; default the newest. Secrets are masked before anything leaves, and the name of this host and the command line stay here. The same run again changes nothing, so an upload that was interrupted goes on by the same command.',
  options: {
    to: { type: 'string', value: 'URL|DIR', text: 'a server of results, or the folder of an archive on this host' },
    key: {
      type: 'string',
      value: 'FILE',
      text: 'the Ed25519 key that signs; default $HARNESS_KEY, else a token of the CI job',
    },
    'token-command': {
      type: 'string',
      value: 'COMMAND',
      text: 'prints an OIDC token for the audience in $HARNESS_AUDIENCE',
    },
    corrects: { type: 'string', value: 'ID', text: 'the submission this one replaces; both stay to be seen' },
    'reports-dir': { type: 'string', value: 'DIR', text: 'where runs are; default ./reports' },
    'dry-run': { type: 'boolean', text: 'print the statements that would be sent, and send nothing' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness publish --to https://results.example.org --key publish.pem',
    'harness publish reports/20261120-101500-a1b2 --to /srv/results --key publish.pem',
  ],
  async run({ options, args, signal }) {
    const { findIdentity, registerSecretsOf, statementsOfRun } = await import('../../publish/index.ts')
    const { readRun } = await import('../../results/read-run.ts')
    const runDir = await findRunFolder(args[0], options['reports-dir'] ?? 'reports')
    registerSecretsOf(process.env)
    const { run } = await readRun(runDir)
    const made = await statementsOfRun(run, runDir, {
      trigger: triggerOf(process.env),
      ...(options.corrects === undefined ? {} : { corrects: options.corrects }),
    })
    if (options['dry-run']) {
      for (const payload of made.payloads) await print(payload.toString('utf8'))
      return 0
    }
    const { to } = options
    if (to === undefined) throw new ConfigError('say where to publish', { hint: 'harness publish --to https://…' })
    const key = options.key ?? process.env.HARNESS_KEY
    const identity = await findIdentity({
      ...(key === undefined ? {} : { key }),
      ...(options['token-command'] === undefined ? {} : { tokenCommand: options['token-command'] }),
      env: process.env,
    })
    const published = /^https?:\/\//.test(to) ? await toServer(to) : await toFolder(to)
    if (options.json) await printJson(published)
    else await print(text(made, published, to))
    return 0

    async function toServer(url: string): Promise<Published[]> {
      const { publishPayload, ResultsClient } = await import('../../publish/index.ts')
      const client = new ResultsClient(url, { signal, onWait: note })
      const all: Published[] = []
      for (const payload of made.payloads) all.push(await publishPayload(client, payload, made.files, identity, note))
      return all
    }

    async function toFolder(folder: string): Promise<Published[]> {
      const { Archive } = await import('../../archive/index.ts')
      const { publishInto } = await import('../publish-into.ts')
      await using archive = await Archive.open({ folder })
      return await publishInto(archive, made, identity)
    }
  },
})

function triggerOf(env: NodeJS.ProcessEnv): { kind: 'person' | 'ci'; url?: string } {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id, CI_JOB_URL: job } = env
  if (server && repository && id) return { kind: 'ci', url: `${server}/${repository}/actions/runs/${id}` }
  if (job) return { kind: 'ci', url: job }
  return { kind: env.CI ? 'ci' : 'person' }
}

function text(made: RunToPublish, published: readonly Published[], to: string): string {
  const lines = published.map(
    ({ id, seq, repeated, uploaded }) =>
      `${repeated ? 'was there' : 'published'} as ${id}, number ${seq} of the log${uploaded > 0 ? `, with ${plural(uploaded, 'file')}` : ''}`,
  )
  if (/^https?:/.test(to)) for (const { id } of published) lines.push(`${to.replace(/\/+$/, '')}/run/${id.slice(7)}/`)
  if (made.masked > 0) lines.push(`${plural(made.masked, 'secret')} masked`)
  for (const file of made.left) lines.push(`left out, cannot be read: ${file}`)
  return lines.join('\n')
}
