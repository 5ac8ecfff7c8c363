import { ConfigError } from '../../core/errors.ts'
import { plural } from '../../core/text.ts'
import { defineCommand } from '../command.ts'
import { print, printJson } from '../output.ts'
import { placeAndIdentity, PUBLISH_OPTIONS } from '../publish-options.ts'
import { findRunFolder } from '../runs.ts'
import type { Published, PublishedFile } from '../../publish/index.ts'

interface Made {
  payloads: Buffer[]
  files: Map<string, PublishedFile>
  masked: number
  left: string[]
}

export default defineCommand({
  name: 'publish',
  args: '[RUN|FILE]',
  arity: [0, 1],
  text: 'Publishes a run: its results as a signed statement about the digests of its images, and its logs. RUN is the folder of a run or its id; default the newest. Secrets are masked before anything leaves, and the name of this host and the command line stay here. The same run again changes nothing, so an upload that was interrupted goes on by the same command. Results of other programs are published by --format.',
  options: {
    ...PUBLISH_OPTIONS,
    corrects: { type: 'string', value: 'ID', text: 'the submission this one replaces; both stay to be seen' },
    'reports-dir': { type: 'string', value: 'DIR', text: 'where runs are; default ./reports' },
    format: {
      type: 'string',
      value: 'FORMAT',
      choices: ['harness', 'junit', 'tap', 'kcidb', 'in-toto'],
      text: 'what FILE is; default harness',
    },
    cell: { type: 'string', value: 'ID', text: 'junit, tap, kcidb: which cell the tests ran in' },
    image: { type: 'string', value: 'NAME', text: 'junit, tap, kcidb: what the image is called' },
    digest: { type: 'string', value: 'sha256:…', text: 'junit, tap, kcidb: what the image is' },
    'dry-run': { type: 'boolean', text: 'print the statements that would be sent, and send nothing' },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness publish --to https://results.example.org --key publish.pem',
    'harness publish reports/20261120-101500-a1b2 --to /srv/results --key publish.pem',
    'harness publish a.xml --format junit --cell CELL --image debian-13 --digest sha256:… --to URL',
  ],
  async run({ options, args, signal }) {
    const { registerSecretsOf } = await import('../../publish/index.ts')
    registerSecretsOf(process.env)
    const format = options.format ?? 'harness'
    const made = format === 'harness' ? await ofRun(args[0], options) : await ofFile(args[0], format, options)
    if (options['dry-run']) {
      for (const payload of made.payloads) await print(payload.toString('utf8'))
      return 0
    }
    const { to, identity } = await placeAndIdentity(options)
    const { publishTo } = await import('../publish-into.ts')
    const published = await publishTo(to, made, identity, signal)
    if (options.json) await printJson(published)
    else await print(text(made, published, to))
    return 0
  },
})

async function ofRun(
  reference: string | undefined,
  options: { 'reports-dir'?: string; corrects?: string },
): Promise<Made> {
  const { statementsOfRun } = await import('../../publish/index.ts')
  const { readRun } = await import('../../results/read-run.ts')
  const runDir = await findRunFolder(reference, options['reports-dir'] ?? 'reports')
  const { run } = await readRun(runDir)
  return await statementsOfRun(run, runDir, {
    trigger: triggerOf(process.env),
    ...(options.corrects === undefined ? {} : { corrects: options.corrects }),
  })
}

async function ofFile(
  file: string | undefined,
  format: 'junit' | 'tap' | 'kcidb' | 'in-toto',
  { cell, image, digest }: { cell?: string; image?: string; digest?: string },
): Promise<Made> {
  if (file === undefined) throw new ConfigError(`name the file of ${format}`)
  const { readForeign } = await import('../../publish/index.ts')
  const about = {
    ...(cell === undefined ? {} : { cell }),
    ...(image === undefined ? {} : { image }),
    ...(digest === undefined ? {} : { digest }),
  }
  return { payloads: [await readForeign(file, format, about)], files: new Map(), masked: 0, left: [] }
}

function triggerOf(env: NodeJS.ProcessEnv): { kind: 'person' | 'ci'; url?: string } {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id, CI_JOB_URL: job } = env
  if (server && repository && id) return { kind: 'ci', url: `${server}/${repository}/actions/runs/${id}` }
  if (job) return { kind: 'ci', url: job }
  return { kind: env.CI ? 'ci' : 'person' }
}

function text(made: Made, published: readonly Published[], to: string): string {
  const lines = published.map(
    ({ id, seq, repeated, uploaded }) =>
      `${repeated ? 'was there' : 'published'} as ${id}, number ${seq} of the log${uploaded > 0 ? `, with ${plural(uploaded, 'file')}` : ''}`,
  )
  if (/^https?:/.test(to)) for (const { id } of published) lines.push(`${to.replace(/\/+$/, '')}/run/${id.slice(7)}/`)
  if (made.masked > 0) lines.push(`${plural(made.masked, 'secret')} masked`)
  for (const file of made.left) lines.push(`left out, cannot be read: ${file}`)
  return lines.join('\n')
}
