import { createHash } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { makeTempDir } from '../../core/temp-dir.ts'
import type { ApiReply, ApiRequest } from '../serve.ts'
import { ApiError } from './api-error.ts'
import type { SimulatedSnapshot, World } from './world.ts'
import { ACCOUNT } from './world.ts'

const BLOCK_BYTES = 524_288
const GIB = 1024 ** 3

const ROUTES: readonly (readonly [method: string, path: RegExp, action: string])[] = [
  ['POST', /^\/snapshots$/, 'StartSnapshot'],
  ['PUT', /^\/snapshots\/(snap-[0-9a-f]+)\/blocks\/(\d+)$/, 'PutSnapshotBlock'],
  ['POST', /^\/snapshots\/completion\/(snap-[0-9a-f]+)$/, 'CompleteSnapshot'],
]

/** Name and parameters of an operation of the EBS direct APIs, or undefined when a request is for something else. */
export function blockAction({ method, url }: ApiRequest): { action: string; id: string; index: number } | undefined {
  for (const [verb, path, action] of ROUTES) {
    const match = verb === method ? path.exec(url.pathname) : null
    if (match) return { action, id: match[1] ?? '', index: Number(match[2] ?? 0) }
  }
  return undefined
}

/** https://docs.aws.amazon.com/ebs/latest/APIReference/Welcome.html */
export async function answerBlocks(
  world: World,
  request: ApiRequest,
  { action, id, index }: NonNullable<ReturnType<typeof blockAction>>,
): Promise<ApiReply> {
  if (action === 'StartSnapshot') return json(201, start(world, request))
  const snapshot = world.snapshots.get(id)
  if (!snapshot.blocks) throw new ApiError('ValidationException', `The snapshot ${id} is not written block by block`)
  if (action === 'PutSnapshotBlock') {
    put(snapshot.blocks, index, request)
    return { status: 201, headers: { 'x-amz-checksum-algorithm': 'SHA256' } }
  }
  if (Number(request.headers['x-amz-changedblockscount']) !== snapshot.blocks.size)
    throw new ApiError('ValidationException', `${snapshot.blocks.size} blocks were put`)
  void complete(world, snapshot, snapshot.blocks)
  return json(202, { Status: 'pending' })
}

function start(world: World, { body }: ApiRequest): object {
  const input = JSON.parse(body.toString('utf8')) as {
    VolumeSize?: number
    Description?: string
    ClientToken?: string
    Tags?: { Key: string; Value: string }[]
  }
  const known = world.tokens.get(`StartSnapshot ${input.ClientToken}`)
  if (known) return known.answer
  const SnapshotId = world.id('snap')
  const { VolumeSize = 1, Description, Tags = [] } = input
  const StartTime = new Date()
  world.snapshots.add(SnapshotId, {
    data: { SnapshotId, VolumeSize, Description, Tags, OwnerId: ACCOUNT, State: 'pending', Progress: '0%', StartTime },
    blocks: new Map(),
  })
  const answer = {
    SnapshotId,
    VolumeSize,
    Description,
    Tags,
    OwnerId: ACCOUNT,
    Status: 'pending',
    BlockSize: BLOCK_BYTES,
    StartTime: StartTime.getTime() / 1000,
  }
  world.tokens.set(`StartSnapshot ${input.ClientToken}`, { parameters: '', answer })
  return answer
}

function put(blocks: Map<number, Uint8Array>, index: number, { headers, body }: ApiRequest): void {
  if (body.length !== BLOCK_BYTES || Number(headers['x-amz-data-length']) !== BLOCK_BYTES)
    throw new ApiError('ValidationException', `A block has ${BLOCK_BYTES} bytes`)
  if (createHash('sha256').update(body).digest('base64') !== headers['x-amz-checksum'])
    throw new ApiError('ValidationException', 'The checksum is not that of the block')
  blocks.set(index, body)
}

async function complete(
  world: World,
  snapshot: SimulatedSnapshot,
  blocks: ReadonlyMap<number, Uint8Array>,
): Promise<void> {
  const dir = await makeTempDir('snapshot')
  try {
    const path = join(dir, 'disk.raw')
    await using file = await open(path, 'w')
    await file.truncate((snapshot.data.VolumeSize ?? 1) * GIB)
    for (const [index, block] of blocks) await file.write(block, 0, block.length, index * BLOCK_BYTES)
    snapshot.boots = await world.settings.backend.importDisk(path)
    Object.assign(snapshot.data, { State: 'completed', Progress: '100%' })
  } catch (error) {
    Object.assign(snapshot.data, { State: 'error', StateMessage: (error as Error).message })
  } finally {
    delete snapshot.blocks
    await rm(dir, { recursive: true, force: true })
  }
}

function json(status: number, value: object): ApiReply {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) }
}

/** A refusal in the form of the JSON protocols. */
export function jsonError({ code, message, status }: ApiError): ApiReply {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ __type: code, message, Message: message }),
  }
}
