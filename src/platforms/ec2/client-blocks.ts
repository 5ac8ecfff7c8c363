import { createHash } from 'node:crypto'
import type * as Sdk from '@aws-sdk/client-ebs'
import { persistently } from '../cloud-calls.ts'
import type { CallWaiting } from '../cloud-calls.ts'
import { loadPackage } from '../load-package.ts'
import type { Connection, Tag } from './client.ts'
import { toPlatformError } from './errors.ts'

const PACKAGE = '@aws-sdk/client-ebs@3.1138.0'

/** Bytes of a block: https://docs.aws.amazon.com/ebs/latest/APIReference/API_PutSnapshotBlock.html */
export const BLOCK_BYTES = 524_288

/** Writes snapshots block by block, without a bucket and without a role of a service. */
export class Blocks {
  readonly #sdk: Sdk.EBS

  private constructor(sdk: Sdk.EBS) {
    this.#sdk = sdk
  }

  /** @throws PrerequisiteError without the package */
  static async open({ region, endpoint, credentials, agent }: Connection): Promise<Blocks> {
    const { EBS } = await loadPackage('an image from a file on ec2', [PACKAGE], () => import('@aws-sdk/client-ebs'))
    const sdk = new EBS({
      maxAttempts: 1,
      region,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(credentials === undefined ? {} : { credentials }),
      ...(agent ? { requestHandler: { httpsAgent: agent } } : {}),
    })
    return new Blocks(sdk)
  }

  /** @param token the same for the same file in the same run, so that a lost answer makes no second one */
  async start(
    about: { sizeGiB: number; token: string; description: string; tags: Tag[] },
    waiting: CallWaiting,
  ): Promise<string> {
    const made = await this.#call('starting a snapshot', waiting, (options) =>
      this.#sdk.startSnapshot(
        {
          VolumeSize: about.sizeGiB,
          ClientToken: about.token,
          Description: about.description,
          Tags: about.tags,
          Timeout: 60,
        },
        options,
      ),
    )
    return made.SnapshotId ?? ''
  }

  async put(snapshot: string, index: number, data: Uint8Array, waiting: CallWaiting): Promise<void> {
    const Checksum = createHash('sha256').update(data).digest('base64')
    await this.#call(`writing block ${index} of ${snapshot}`, waiting, (options) =>
      this.#sdk.putSnapshotBlock(
        {
          SnapshotId: snapshot,
          BlockIndex: index,
          BlockData: data,
          DataLength: data.length,
          Checksum,
          ChecksumAlgorithm: 'SHA256',
        },
        options,
      ),
    )
  }

  async complete(snapshot: string, blocks: number, waiting: CallWaiting): Promise<void> {
    await this.#call(`completing ${snapshot}`, waiting, (options) =>
      this.#sdk.completeSnapshot({ SnapshotId: snapshot, ChangedBlocksCount: blocks }, options),
    )
  }

  close(): void {
    this.#sdk.destroy()
  }

  async #call<T>(
    doing: string,
    waiting: CallWaiting,
    call: (options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    return await persistently(
      doing,
      waiting,
      (error) => toPlatformError(error, doing),
      ({ timeoutMs, signal }) =>
        call({ abortSignal: AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(timeoutMs))]) }),
    )
  }
}
