import { ConfigError } from '../../core/errors.ts'
import { plural } from '../../core/text.ts'
import { toBytes } from '../bytes.ts'
import { defineCommand } from '../command.ts'
import { note, print, printJson } from '../output.ts'
import { unknownWord } from '../parse.ts'
import { retentionText } from '../retention-text.ts'

interface ArchiveFlags {
  database?: string
  owner?: string
  key?: string
  'dry-run'?: boolean
  'most-bytes'?: string
  issues?: string
  json?: boolean
}
type Action = (folder: string, flags: ArchiveFlags, files: readonly string[]) => Promise<void>

const ACTIONS: Readonly<Record<string, Action>> = {
  init,
  verify,
  rebuild,
  dump,
  backup,
  retention,
  'add-image': addImage,
}

export default defineCommand({
  name: 'archive',
  args: 'init|verify|rebuild|dump|backup|retention|add-image DIR [FILE...]',
  arity: [2, 4],
  text: 'Takes care of the folder that `harness serve` and `harness publish --to DIR` work with. `init` makes one. `verify` proves that nothing in its log was changed. `rebuild` makes its database anew from its files. `dump` prints all rows as lines of JSON. `backup` writes a copy of the database that is whole while the server runs; copy the other files after it. `retention` removes logs, judgements and rows that are older than their class is kept, and leaves tombstones. `add-image` takes the two files of an image of LXD in, so that clients of simplestreams can download it.',
  options: {
    database: {
      type: 'string',
      value: 'FILE|URL',
      text: 'default DIR/archive.db; a postgresql:// URL; backup: the copy to write',
    },
    owner: { type: 'string', value: 'NAME', text: 'init: register yourself, for everything' },
    key: { type: 'string', value: 'FILE', text: 'init: your key, for --owner; it is made when it does not exist' },
    'dry-run': { type: 'boolean', text: 'retention: say what would go, and remove nothing' },
    'most-bytes': {
      type: 'string',
      value: 'SIZE',
      text: 'retention: older logs go too until the others fit, e.g. 20G',
    },
    issues: {
      type: 'string',
      value: 'DIR',
      text: 'retention: known issues, of which the first and last results stay; default ./known-issues',
    },
    json: { type: 'boolean', text: 'print data' },
  },
  examples: [
    'harness archive init /srv/results --owner me --key publish.pem',
    'harness archive verify /srv/results',
    'harness archive add-image /srv/results metadata.tar.xz rootfs.squashfs',
    'harness archive backup /srv/results --database /backup/archive.db',
  ],
  async run({ options, args }) {
    const [name = '', folder = '', ...files] = args
    const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
    if (!action) throw unknownWord(`action ${name}`, name, Object.keys(ACTIONS), 'harness archive --help')
    await action(folder, options, files)
    return 0
  },
})

async function init(folder: string, { owner, key, json }: ArchiveFlags): Promise<void> {
  const { initArchive, registerOwner } = await import('../../archive/index.ts')
  const { makeKey, readKey } = await import('../../publish/index.ts')
  const { stat } = await import('node:fs/promises')
  if ((owner === undefined) !== (key === undefined))
    throw new ConfigError('--owner and --key belong together', { hint: '--owner me --key publish.pem' })
  const own = await initArchive(folder)
  if (json) await printJson({ folder, key: own.publicKey })
  else await print(`made an archive in ${folder}; it signs with ${own.publicKey}`)
  if (owner === undefined || key === undefined) {
    note(`register who may publish: write ${folder}/submitters/NAME.yaml`)
    return
  }
  const exists = (await stat(key).catch(() => undefined)) !== undefined
  const path = await registerOwner(folder, owner, exists ? await readKey(key) : await makeKey(key))
  note(`${exists ? '' : `made ${key}; `}registered ${owner} in ${path}`)
}

async function verify(folder: string, { json }: ArchiveFlags): Promise<void> {
  const { proveArchive } = await import('../../archive/index.ts')
  const found = await proveArchive(folder)
  if (json) await printJson(found)
  else await print(`proved ${plural(found.submissions, 'submission')}; the head is ${found.head}`)
}

async function rebuild(folder: string, { database, json }: ArchiveFlags): Promise<void> {
  const { loadSubmitters, openDatabase, PLACES, rebuild: make, syncSubmitters } = await import('../../archive/index.ts')
  const where = database ?? `${folder}/${PLACES.database}`
  await using sql = await openDatabase(where)
  const made = await make(folder, sql)
  await syncSubmitters(sql, await loadSubmitters(`${folder}/${PLACES.submitters}`))
  if (json) await printJson(made)
  else await print(`made ${sql.shownUrl} of ${plural(made.submissions, 'submission')}; the head is ${made.head}`)
}

async function dump(folder: string, { database }: ArchiveFlags): Promise<void> {
  const { dump: lines, openDatabase, PLACES } = await import('../../archive/index.ts')
  await using sql = await openDatabase(database ?? `${folder}/${PLACES.database}`)
  for await (const line of lines(sql)) await print(line)
}

async function backup(folder: string, { database }: ArchiveFlags): Promise<void> {
  const { copyDatabase, PLACES } = await import('../../archive/index.ts')
  if (database === undefined || /^postgres(ql)?:/.test(database)) {
    throw new ConfigError('say which file to write', {
      hint: '--database /backup/archive.db; for PostgreSQL use pg_dump',
    })
  }
  await copyDatabase(`${folder}/${PLACES.database}`, database)
  await print(`wrote ${database}`)
}

async function retention(folder: string, flags: ArchiveFlags): Promise<void> {
  const { applyRetention, Archive } = await import('../../archive/index.ts')
  const { siteOf } = await import('../site-of.ts')
  const most = flags['most-bytes']
  const mostBytes = most === undefined ? undefined : toBytes(most, '--most-bytes')
  await using archive = await Archive.open({
    folder,
    ...(flags.database === undefined ? {} : { database: flags.database }),
  })
  const site = await siteOf(archive, flags.issues === undefined ? {} : { issues: flags.issues })
  const report = await applyRetention(archive, {
    now: Date.now(),
    keep: await site.referencedResults(),
    ...(flags['dry-run'] ? { dryRun: true } : {}),
    ...(mostBytes === undefined ? {} : { mostBytes }),
  })
  if (flags.json) await printJson(report)
  else await print(retentionText(report, flags['dry-run'] ?? false))
}

async function addImage(folder: string, { json }: ArchiveFlags, [metadata, rootfs]: readonly string[]): Promise<void> {
  if (metadata === undefined || rootfs === undefined) {
    throw new ConfigError('name the metadata and the root file system of the image', {
      hint: 'harness archive add-image DIR metadata.tar.xz rootfs.squashfs',
    })
  }
  const { ImageFolder, PLACES } = await import('../../archive/index.ts')
  const files = await new ImageFolder(`${folder}/${PLACES.images}`).add(metadata, rootfs)
  if (json) await printJson(files)
  else await print(`added ${files.digest}`)
}
