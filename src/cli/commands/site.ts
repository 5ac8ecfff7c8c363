import { stat } from 'node:fs/promises'
import { toMs } from '../../core/duration.ts'
import { ConfigError } from '../../core/errors.ts'
import { bytesText } from '../../reporters/wording.ts'
import { defineCommand } from '../command.ts'
import { note, print } from '../output.ts'
import { siteOf } from '../site-of.ts'

export default defineCommand({
  name: 'site',
  text: 'Writes the pages of an archive of results as files: the same pages that `harness serve` shows, for any web server, without one of ours. They have no script and load nothing from elsewhere. The folder appears when it is whole, and takes the place of an older one.',
  options: {
    from: { type: 'string', value: 'DIR', text: 'the archive; default ./archive' },
    database: { type: 'string', value: 'URL', text: 'its database, when that is PostgreSQL' },
    out: { type: 'string', value: 'DIR', text: 'where the pages go; default ./site' },
    title: { type: 'string', value: 'TEXT', text: 'the name of the site' },
    issues: { type: 'string', value: 'DIR', text: 'folder of known issues; default ./known-issues, when there is one' },
    stale: { type: 'string', value: 'DURATION', text: 'older results are stale; default "14 days"' },
  },
  examples: ['harness site --from /srv/results --out public', 'harness site --title "Results of our images"'],
  async run({ options, signal }) {
    const { exportSite } = await import('../../site/index.ts')
    const { openToRead } = await import('../../archive/index.ts')
    const out = options.out ?? 'site'
    await refuseOther(out)
    await using archive = await openToRead(options.from ?? 'archive', options.database)
    const site = await siteOf(archive, {
      ...(options.title === undefined ? {} : { title: options.title }),
      ...(options.issues === undefined ? {} : { issues: options.issues }),
      ...(options.stale === undefined ? {} : { staleMs: toMs(options.stale) }),
    })
    const started = performance.now()
    const { pages, files, bytes } = await exportSite(site, out, signal)
    note(
      `${pages} pages, ${files} files, ${bytesText(bytes)} in ${((performance.now() - started) / 1000).toFixed(1)} s`,
    )
    await print(out)
    return 0
  },
})

/** A folder that holds something else is not replaced. */
async function refuseOther(out: string): Promise<void> {
  const there = await stat(out).catch(() => undefined)
  if (!there) return
  const ours = await stat(`${out}/icon.svg`).catch(() => undefined)
  const { readdir } = await import('node:fs/promises')
  const empty = there.isDirectory() && (await readdir(out)).length === 0
  if (ours || empty) return
  throw new ConfigError(`${out} holds something else than a site`, { hint: 'name another folder with --out' })
}
