import { UnsupportedError } from '../../core/errors.ts'
import type { LxdClient } from './client.ts'

export async function openImage(
  _client: LxdClient,
  imageId: string,
  _options: { signal?: AbortSignal },
): Promise<AsyncDisposable & { root: string }> {
  throw new UnsupportedError(`the image ${imageId} cannot be opened at rest yet`)
}
