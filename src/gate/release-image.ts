import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { formatMs } from '../core/duration.ts'
import { ConfigError } from '../core/errors.ts'
import type { Submitter } from '../archive/submitters.ts'
import { verifyApproval } from './approval.ts'
import type { Decision } from '../publish/decision.ts'
import type { ReadPolicy } from './policy.ts'

export interface Release {
  /** The image file. */
  file: string
  /** Folder of released images. */
  to: string
  decision: Decision
  policy: ReadPolicy
  /** Text of the signed envelope. */
  approval: string
  approvers: readonly Submitter[]
  /** A decision older than this is refused. */
  maxAgeMs: number
  now?: number
}

/**
 * Copies an image into the folder of released ones, with the decision and the approval beside it. The folder appears when it is whole.
 * @returns the folder
 * @throws ConfigError when anything speaks against it; then nothing is written
 */
export async function releaseImage(release: Release): Promise<string> {
  const { file, to, decision, policy, approval, approvers, maxAgeMs, now = Date.now() } = release
  const info = await stat(file).catch(() => undefined)
  if (!info?.isFile()) throw new ConfigError(`there is no image file ${file}`)
  if (decision.policy.digest !== policy.digest) {
    throw new ConfigError(`the decision was made by another text of the policy ${decision.policy.id}`, {
      hint: 'harness gate decides again',
    })
  }
  const age = now - Date.parse(decision.asOf.at)
  if (age > maxAgeMs) {
    throw new ConfigError(`the decision is ${formatMs(age)} old, and ${formatMs(maxAgeMs)} is the limit`, {
      hint: 'harness gate decides again',
    })
  }
  const signed = verifyApproval(approval, decision, approvers, now)
  const hex = decision.image.digest.replace(/^\w+:/, '')
  const parent = join(to, nameOfFolder(decision.image.name))
  const folder = join(parent, hex)
  if (await stat(folder).catch(() => undefined)) return folder
  await mkdir(parent, { recursive: true })
  const fresh = join(parent, `.${hex}.${process.pid}`)
  try {
    await mkdir(fresh, { recursive: true })
    const name = basename(file)
    // The bytes that are released are those that were hashed: one reading does both.
    const found = await copyAndHash(file, join(fresh, name))
    if (found !== decision.image.digest) {
      throw new ConfigError(`${file} is ${found}, and the decision is about ${decision.image.digest}`, {
        hint: 'release the file that was tested',
      })
    }
    await writeFile(join(fresh, 'SHA256SUMS'), `${hex}  ${name}\n`)
    await writeFile(join(fresh, 'decision.json'), `${JSON.stringify(decision, undefined, 2)}\n`)
    await writeFile(join(fresh, 'approval.dsse.json'), approval)
    const about = { image: decision.image, approver: signed.approver, submitter: signed.submitter, at: signed.at }
    await writeFile(join(fresh, 'release.json'), `${JSON.stringify(about, undefined, 2)}\n`)
    await rename(fresh, folder)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return folder
}

async function copyAndHash(from: string, to: string): Promise<string> {
  const hash = createHash('sha256')
  const tap = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk)
      done(undefined, chunk)
    },
  })
  await pipeline(createReadStream(from), tap, createWriteStream(to, { flags: 'wx' }))
  return `sha256:${hash.digest('hex')}`
}

function nameOfFolder(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, '-').replace(/^\.+/, '') || 'image'
}
