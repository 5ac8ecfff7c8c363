import { toMs } from '../../core/duration.ts'
import { ConfigError } from '../../core/errors.ts'
import { plural } from '../../core/text.ts'
import { toBytes } from '../bytes.ts'
import { defineCommand } from '../command.ts'
import { note, print } from '../output.ts'
import { retentionText } from '../retention-text.ts'
import { servedPages, siteOf } from '../site-of.ts'

export default defineCommand({
  name: 'serve',
  args: 'DIR',
  arity: [1, 1],
  ownHangup: true,
  text: 'Serves an archive of results: takes what registered submitters sign, answers by JSON and pages. One process; DIR holds everything but a database in PostgreSQL. Put a proxy with TLS before it. SIGHUP reads the registrations again; Ctrl-C or SIGTERM lets open requests end, then stops.',
  options: {
    listen: { type: 'string', value: 'HOST:PORT', text: 'default 127.0.0.1:8080' },
    url: {
      type: 'string',
      value: 'URL',
      text: 'how others reach it, for example https://results.example.org; tokens are bound to it',
    },
    database: {
      type: 'string',
      value: 'FILE|URL',
      text: 'default DIR/archive.db; or postgresql://…; also $HARNESS_ARCHIVE_DATABASE',
    },
    title: { type: 'string', value: 'TEXT', text: 'the name of the site' },
    issues: { type: 'string', value: 'DIR', text: 'folder of known issues; default ./known-issues, when there is one' },
    retention: {
      type: 'string',
      value: 'EVERY',
      text: 'remove what is older than its class is kept, now and then as often as this, for example "1 day"; default never',
    },
    'most-bytes': {
      type: 'string',
      value: 'SIZE',
      text: 'retention: older logs go too until the others fit, for example 20G',
    },
    'trusted-proxy': {
      type: 'string',
      multiple: true,
      value: 'ADDRESS',
      text: 'a proxy whose X-Forwarded-For is believed',
    },
  },
  examples: [
    'harness serve /srv/results --url https://results.example.org --trusted-proxy 127.0.0.1',
    'harness serve /srv/results --retention "1 day" --most-bytes 20G',
  ],
  async run({ options, args, signal }) {
    const [folder = ''] = args
    const { host, port } = readListen(options.listen ?? '127.0.0.1:8080')
    const often = readRetention(options.retention, options['most-bytes'])
    const { Archive } = await import('../../archive/index.ts')
    const { serve } = await import('../../serve/index.ts')
    const database = options.database ?? process.env.HARNESS_ARCHIVE_DATABASE
    await using archive = await Archive.open({ folder, ...(database === undefined ? {} : { database }) })
    const site = await siteOf(archive, {
      ...(options.title === undefined ? {} : { title: options.title }),
      ...(options.issues === undefined ? {} : { issues: options.issues }),
    })
    await using server = await serve({
      archive,
      pages: await servedPages(site, archive),
      issues: () => site.triage(),
      ...(often
        ? {
            retention: {
              ...often,
              keep: () => site.referencedResults(),
              onRound: (report) => note(retentionText(report, false)),
            },
          }
        : {}),
      host,
      port,
      ...(options.url === undefined ? {} : { publicUrl: options.url }),
      ...(options.title === undefined ? {} : { title: options.title }),
      trustedProxies: options['trusted-proxy'] ?? [],
      onError: (message) => note(`error: ${message}`),
    })
    const reload = () => {
      archive.loadSubmitters().then(
        () => note(`read ${plural(archive.submitters.length, 'registration')}`),
        (error: unknown) =>
          note(`the registrations stay as they were: ${error instanceof Error ? error.message : String(error)}`),
      )
    }
    process.on('SIGHUP', reload)
    await print(`serves ${folder} on ${server.url}`)
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    process.off('SIGHUP', reload)
    return 0
  },
})

/** How often what is old is removed. @throws ConfigError */
function readRetention(every: string | undefined, most: string | undefined) {
  if (every === undefined) {
    if (most !== undefined) throw new ConfigError('--most-bytes goes with --retention', { hint: '--retention "1 day"' })
    return undefined
  }
  const everyMs = toMs(every)
  if (everyMs < 60_000) throw new ConfigError(`--retention "${every}" is too often`, { hint: '--retention "1 day"' })
  return { everyMs, ...(most === undefined ? {} : { mostBytes: toBytes(most, '--most-bytes') }) }
}

function readListen(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === '' || Number(port) > 65_535)
    throw new ConfigError(`--listen ${text} is not HOST:PORT`, { hint: '--listen 127.0.0.1:8080' })
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
