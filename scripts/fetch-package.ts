// Fetches the package a pull request built, as bytes: it is never executed here, only installed by the machine under test.
import { createHash } from 'node:crypto'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runHost } from '../src/core/subprocess.ts'
import { requireHead } from './cloud-request.ts'
import { type GithubApi, githubApi, required } from './github-api.ts'

const MOST_BYTES = 256 * 1024 * 1024

/** The archive of an artifact. @throws Error when it is not what was asked for */
export async function fetchArtifact(api: GithubApi, id: string, digest: string): Promise<Buffer> {
  const archive = await api.download(`/actions/artifacts/${Number(id)}/zip`, MOST_BYTES)
  const found = createHash('sha256').update(archive).digest('hex')
  if (found !== digest) throw new Error(`the package has the digest ${found}, not ${digest}`)
  return archive
}

/** The only file there may be. @throws Error when there is another, or none */
export function onlyPackage(names: readonly string[]): string {
  const [name] = names
  if (names.length !== 1 || name === undefined || !/^[A-Za-z0-9][A-Za-z0-9.+~_-]*\.(deb|rpm)$/.test(name))
    throw new Error(`expected one .deb or .rpm, found ${names.length} files`)
  return name
}

if (import.meta.main) {
  const { env } = process
  const api = githubApi(env)
  const [dir = 'package'] = process.argv.slice(2)
  await requireHead(api, required(env, 'PULL_REQUEST'), required(env, 'COMMIT'))
  if (env['PACKAGE']) {
    const archive = `${dir}.zip`
    await writeFile(archive, await fetchArtifact(api, env['PACKAGE'], required(env, 'DIGEST')))
    await mkdir(dir)
    // Without folders: no name in the archive can lead elsewhere.
    await runHost(['unzip', '-j', '-q', archive, '-d', dir], {
      deadlineMs: 60_000,
      installHint: 'apt-get install unzip',
    })
    console.log(join(dir, onlyPackage(await readdir(dir))))
  }
}
