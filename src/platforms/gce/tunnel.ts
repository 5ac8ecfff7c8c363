import { UnsupportedError } from '../../core/errors.ts'

/** A line without inbound SSH. @throws UnsupportedError: it is not there yet */
export function openTunnel(machine: string): never {
  throw new UnsupportedError(`${machine} cannot be reached through Identity-Aware Proxy yet`, {
    hint: 'allow inbound SSH, or run the harness inside the network with address: private',
  })
}
