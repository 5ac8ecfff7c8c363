/** Units of one quota that a cell needs while its machines exist. */
export interface Claim {
  /** Platform, region and unit, for example `ec2/eu-west-1/vcpus`. */
  quota: string
  units: number
  /** Most units of the quota that may be out at any moment, over all runs. */
  limit: number
}

/** Who asks for units, for messages and for the question whether the lease is still needed. */
export interface LeaseHolder {
  runId: string
  cell: string
  /** Unix milliseconds after which nothing that the holder launched can exist any more. */
  expiresAt: number
}

/** Units that were lent. */
export interface Lease {
  /** Gives the units back. Safe to call twice. */
  release(): Promise<void>
}

/** Lends units of quotas to concurrent runs, never more than there are. */
export interface Leases {
  /** Takes the units of all claims, or none of them and says what is in the way. */
  tryTake(claims: readonly Claim[], holder: LeaseHolder): Promise<Lease | { busy: string }>
  close(): void
}
