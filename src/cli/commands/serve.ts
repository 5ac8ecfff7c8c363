import { ConfigError } from '../../core/errors.ts'
import { defineCommand } from '../command.ts'
import { note, print } from '../output.ts'
import { servedPages, siteOf } from '../site-of.ts'

export default defineCommand({
  name: 'serve',
  args: 'DIR',
  arity: [1, 1],
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
    'trusted-proxy': {
      type: 'string',
      multiple: true,
      value: 'ADDRESS',
      text: 'a proxy whose X-Forwarded-For is believed',
    },
  },
  examples: ['harness serve /srv/results --url https://results.example.org --trusted-proxy 127.0.0.1'],
  async run({ options, args, signal }) {
    const [folder = ''] = args
    const { host, port } = readListen(options.listen ?? '127.0.0.1:8080')
    const { Archive } = await import('../../archive/index.ts')
    const { serve } = await import('../../serve/index.ts')
    const database = options.database ?? process.env.HARNESS_ARCHIVE_DATABASE
    await using archive = await Archive.open({ folder, ...(database === undefined ? {} : { database }) })
    const { CONTENT_POLICY } = await import('../../site/index.ts')
    const site = await siteOf(archive, {
      ...(options.title === undefined ? {} : { title: options.title }),
      ...(options.issues === undefined ? {} : { issues: options.issues }),
    })
    await using server = await serve({
      archive,
      pages: servedPages(site, CONTENT_POLICY),
      issues: () => site.triage(),
      host,
      port,
      ...(options.url === undefined ? {} : { publicUrl: options.url }),
      ...(options.title === undefined ? {} : { title: options.title }),
      trustedProxies: options['trusted-proxy'] ?? [],
      onError: (message) => note(`error: ${message}`),
    })
    const reload = () => {
      archive.loadSubmitters().then(
        () => note(`read ${archive.submitters.length} registrations`),
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

function readListen(text: string): { host: string; port: number } {
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === '' || Number(port) > 65_535)
    throw new ConfigError(`--listen ${text} is not HOST:PORT`, { hint: '--listen 127.0.0.1:8080' })
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}
