import { ConfigError } from '../core/errors.ts'
import type { Claim } from './leases.ts'

/** What one account may use of a platform in one region at a time. */
export interface Quota {
  vcpus?: number | undefined
  machines?: number | undefined
  /** What the account has in all where `vcpus` is what is free of it. A cell that fits into all of it may try, alone. */
  'account-vcpus'?: number | undefined
}

/** Quotas of a platform: for every region, and for single ones. */
export interface PlatformLimits extends Quota {
  regions?: Readonly<Record<string, Quota>> | undefined
  /** vCPUs of instance types that the harness does not know. */
  'vcpus-of'?: Readonly<Record<string, number>> | undefined
}

/** Machines that a cell has at the same time at most. */
export interface Demand {
  platform: string
  region: string
  instanceType: string
  machines: number
  /** Of one machine; undefined when nobody knows. */
  vcpus: number | undefined
}

/**
 * The units of each quota that a cell needs as long as it runs. All are taken at once, so that no two cells wait for each other.
 * @throws ConfigError when a quota counts vCPUs and the instance type has an unknown number, or the cell needs more than there is
 */
export function claimsOf(limits: PlatformLimits | undefined, demand: Demand): Claim[] {
  if (!limits) return []
  const { platform, region, instanceType, machines } = demand
  const quota = { vcpus: limits.vcpus, machines: limits.machines, ...limits.regions?.[region] }
  const claims: Claim[] = []
  if (quota.machines !== undefined)
    claims.push({ quota: `${platform}/${region}/machines`, units: machines, limit: quota.machines })
  const each = limits['vcpus-of']?.[instanceType] ?? demand.vcpus
  const account = quota['account-vcpus']
  // Who set a limit wants it kept; an account that was only asked must not refuse what it might take.
  if (quota.vcpus !== undefined && each === undefined && account === undefined) {
    throw new ConfigError(`nobody knows how many vCPUs ${instanceType} of ${platform} has`, {
      hint: `say it in the matrix: limits.${platform}.vcpus-of.${instanceType}`,
    })
  }
  if (quota.vcpus !== undefined && each !== undefined) {
    const units = machines * each
    claims.push({ quota: `${platform}/${region}/vcpus`, units, limit: limitOf(quota.vcpus, units, account) })
  }
  const never = claims.find(({ units, limit }) => units > limit)
  if (never) {
    const { units, limit } = never
    throw new ConfigError(
      `a cell with ${instanceType} needs ${units} units of ${never.quota}, and the limit is ${limit}`,
      {
        hint: 'raise the limit, or leave the cell out',
      },
    )
  }
  return claims
}

/** Others may be done with their machines by the time the cell begins. */
function limitOf(vcpus: number, units: number, account: number | undefined): number {
  return account !== undefined && units <= account ? Math.max(vcpus, units) : vcpus
}
