import type { MachineRecord } from './record.ts'

/** What the first card of a machine gets from the network that QEMU plays. */
export interface UserNetwork {
  subnet: string
  prefix: number
  address: string
  gateway: string
  dns: string
}

/**
 * QEMU passes on whatever a guest sends to other networks, and keeps what stays inside of one. So the network contains the addresses
 * of the metadata services of clouds, 169.254.169.254 and 168.63.129.16: a guest asks for them on its own wire, where nobody answers
 * but a service that was put there. Root of a guest can get around it with a route of its own; `isolated` is for guests nobody trusts. Public addresses from 168.0.0.0 to 169.255.255.255 cannot be reached for it.
 */
const SHIELDED: UserNetwork = {
  subnet: '168.0.0.0/7',
  prefix: 7,
  address: '168.0.2.15',
  gateway: '168.0.2.2',
  dns: '168.0.2.3',
}

const OPEN: UserNetwork = {
  subnet: '10.0.2.0/24',
  prefix: 24,
  address: '10.0.2.15',
  gateway: '10.0.2.2',
  dns: '10.0.2.3',
}

/** The network of a machine's first card. */
export function userNetwork({ network, cloud }: Pick<MachineRecord, 'network' | 'cloud'>): UserNetwork {
  return network === 'user' || cloud ? SHIELDED : OPEN
}
