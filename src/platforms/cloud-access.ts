import { UnsupportedError } from '../core/errors.ts'

/** How machines of a cloud are reached: SSH from here, or a way of the cloud's own where nothing may come in. */
export type CloudAccess = 'direct' | 'tunnel'

/**
 * Refuses what there is no way in for, before anything is made and paid for.
 * @param way what the cloud offers for it
 * @throws UnsupportedError
 */
export function checkAccess(platform: string, access: CloudAccess | undefined, way: string): void {
  if (access !== 'tunnel') return
  throw new UnsupportedError(
    `the platform ${platform} has no way in without inbound SSH yet: ${way} is not implemented`,
    {
      hint: 'let this host in with ssh-from, or run the harness inside the network with address: private',
    },
  )
}
