import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CancelledError, PlatformError } from '../../core/errors.ts'
import { waitUntil } from '../../core/wait-until.ts'
import type { Attempt } from '../../core/wait-until.ts'
import type { AliasInfo, ImageInfo } from './api.ts'
import type { LxdClient } from './client.ts'

/** An image as files: metadata and root file system apart, or both in one. */
export interface ImageFiles {
  metadata: string
  rootfs?: string | undefined
  type: 'container' | 'virtual-machine'
}

interface ImportOptions {
  alias?: string | undefined
  properties: Record<string, string>
  signal?: AbortSignal | undefined
}

const IMPORT_MS = 600_000

/**
 * Uploads an image unless the server has the very same one, and points the alias at it.
 * Several imports of one image at once are fine: the server keeps the first.
 * @returns the fingerprint, which is the sha256 of metadata and root file system
 */
export async function importImage(client: LxdClient, files: ImageFiles, options: ImportOptions): Promise<string> {
  const fingerprint = await fingerprintOf(files, options.signal)
  if (!(await findByFingerprint(client, fingerprint))) await upload(client, files, fingerprint, options)
  if (options.alias !== undefined) await setAlias(client, options.alias, fingerprint)
  return fingerprint
}

/** What LXD computes for an image: the sha256 of its files one after another. */
export async function fingerprintOf(files: ImageFiles, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for (const path of [files.metadata, files.rootfs]) {
    if (signal?.aborted) throw new CancelledError('cancelled while an image was read')
    if (path !== undefined)
      await pipeline(createReadStream(path, { highWaterMark: 1024 * 1024 }), async (source) => {
        for await (const chunk of source) hash.update(chunk as Buffer)
      })
  }
  return hash.digest('hex')
}

export async function findByFingerprint(client: LxdClient, fingerprint: string): Promise<ImageInfo | undefined> {
  return orUndefined(client.get<ImageInfo>(`/1.0/images/${fingerprint}`))
}

export async function findByAlias(client: LxdClient, alias: string): Promise<ImageInfo | undefined> {
  const found = await orUndefined(client.get<AliasInfo>(`/1.0/images/aliases/${encodeURIComponent(alias)}`))
  return found && findByFingerprint(client, found.target)
}

/** Points an alias at an image, moving it when it points elsewhere. */
export async function setAlias(client: LxdClient, alias: string, target: string): Promise<void> {
  try {
    await client.call('POST', '/1.0/images/aliases', { json: { name: alias, target } })
  } catch (error) {
    if (!(error instanceof PlatformError && error.kind === 'conflict')) throw error
    await client.call('PUT', `/1.0/images/aliases/${encodeURIComponent(alias)}`, { json: { target } })
  }
}

async function upload(
  client: LxdClient,
  files: ImageFiles,
  fingerprint: string,
  options: ImportOptions,
): Promise<void> {
  const { body, length, contentType } = await multipart(files)
  try {
    await client.operate(
      'POST',
      '/1.0/images',
      { stream: body, length },
      {
        headers: {
          'content-type': contentType,
          'x-lxd-properties': new URLSearchParams(options.properties).toString(),
          'x-lxd-fingerprint': fingerprint,
        },
        deadlineMs: IMPORT_MS,
        signal: options.signal,
      },
    )
  } catch (error) {
    if (
      !(error instanceof PlatformError) ||
      !/already exists|same fingerprint|UNIQUE constraint|conflict/i.test(`${error.message} ${error.kind}`)
    )
      throw error
    await appearance(client, fingerprint, options.signal)
  }
}

/** The other import of the same image may not have ended. */
async function appearance(client: LxdClient, fingerprint: string, signal: AbortSignal | undefined): Promise<void> {
  const what = `another import of the image ${fingerprint.slice(0, 12)}`
  await waitUntil({ what, deadlineMs: IMPORT_MS, ...(signal ? { signal } : {}) }, async (): Promise<Attempt<true>> => {
    const done = await findByFingerprint(client, fingerprint)
    return done ? { done: true, value: true } : { done: false, saw: 'not there yet' }
  })
}

async function multipart(files: ImageFiles): Promise<{ body: Readable; length: number; contentType: string }> {
  const boundary = `harness${randomBytes(12).toString('hex')}`
  const parts = [
    { name: 'metadata', path: files.metadata },
    ...(files.rootfs === undefined
      ? []
      : [{ name: files.type === 'virtual-machine' ? 'rootfs.img' : 'rootfs', path: files.rootfs }]),
  ]
  const sized = await Promise.all(
    parts.map(async ({ name, path }) => {
      const head = `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`
      return { head: Buffer.from(head), path, size: (await stat(path)).size }
    }),
  )
  const end = Buffer.from(`--${boundary}--\r\n`)
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const part of sized) {
      yield part.head
      for await (const chunk of createReadStream(part.path, { highWaterMark: 1024 * 1024 })) yield chunk as Buffer
      yield Buffer.from('\r\n')
    }
    yield end
  }
  const length = sized.reduce((sum, part) => sum + part.head.length + part.size + 2, end.length)
  return { body: Readable.from(bytes()), length, contentType: `multipart/form-data; boundary=${boundary}` }
}

async function orUndefined<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof PlatformError && error.kind === 'not-found') return undefined
    throw error
  }
}
