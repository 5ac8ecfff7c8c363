import { cascade } from './cascade.ts'
import { EXPECTATION_RULES } from './expectation-rules.ts'
import { REGRESSION_RULES } from './regression-expectations.ts'
import type { RegressionExpectations } from './regression-expectations.ts'

/** A value with the place it comes from, so that a failed check can say who asked for it. */
export interface Expected<T> {
  value: T
  /** A public address, or a document and section. */
  source: string
}

/** What a file may look like. Modes are octal text without a leading zero. */
export interface FileExpectation {
  modes: string[]
  owners: string[]
  groups: string[]
}

/**
 * What a good image looks like where that differs by distribution, release, platform or variant.
 * A value of `undefined` means nobody asks for anything: the check is skipped.
 */
export interface Expectations extends RegressionExpectations {
  /** Login user cloud-init creates; `none` where an agent of the platform creates users. */
  defaultUser?: Expected<string>
  /** Groups the default user must not be in. */
  forbiddenUserGroups?: Expected<string[]>
  /** Login accounts an image may carry before its first boot. */
  bakedUsers?: Expected<string[]>
  /** Accounts that may have an empty password: variants without provisioning only. */
  emptyPasswords?: Expected<string[]>
  rootAccounts?: Expected<string[]>
  /** First user id of people. */
  firstUserId?: Expected<number>
  /** System accounts that may have a login shell. */
  systemShells?: Expected<string[]>
  /** Classes the root password may have. */
  rootPassword?: Expected<('locked' | 'star')[]>
  sshServer?: Expected<'required' | 'optional'>
  rootLogin?: Expected<string[]>
  clientAliveSeconds?: Expected<{ min: number; max: number }>
  hostKeyPrivate?: Expected<FileExpectation>
  forbiddenHostKeys?: Expected<string[]>
  rsaBits?: Expected<number>
  /** Path to what it may look like. */
  criticalFiles?: Expected<Record<string, FileExpectation>>
  /** Set-user-id and set-group-id files of a stock system; others are reported. */
  setuid?: Expected<string[]>
  hostnames?: Expected<string[]>
  /** Host names of the distribution's own archives, `*.` for any subdomain. */
  archiveHosts?: Expected<string[]>
  components?: Expected<string[]>
  /** Suites that must be enabled, with `{codename}` for the release. */
  requiredSuites?: Expected<string[]>
  backports?: Expected<'forbidden' | 'allowed'>
  requiredPackages?: Expected<string[]>
  /** Package names, `*` for anything. */
  unwantedPackages?: Expected<string[]>
  /** Paths (with `*`) that may differ from their package. */
  modifiedFiles?: Expected<string[]>
  automaticUpdates?: Expected<'required' | 'optional'>
  /** ISO date of the end of support. */
  endOfLife?: Expected<string>
  defaultTarget?: Expected<string[]>
  /** Units that may be failed for reasons outside the image. */
  failedUnits?: Expected<string[]>
  blockedModules?: Expected<string[]>
  loaderTimeoutSeconds?: Expected<number>
  consoles?: Expected<string[]>
  kernelArguments?: Expected<{ required: string[]; forbidden: string[] }>
  swap?: Expected<'forbidden' | 'allowed'>
  firewall?: Expected<'on' | 'off' | 'any'>
  /** `tcp/22`, `udp/68`; on one address only as `tcp/80 on 169.254.169.254`. */
  listeners?: Expected<string[]>
  ipv6?: Expected<'enabled' | 'any'>
  timezones?: Expected<string[]>
  timeDaemons?: Expected<string[]>
  timeServers?: Expected<string[]>
  locales?: Expected<string[]>
  mandatoryAccess?: Expected<{ kind: 'selinux' | 'apparmor' | 'none'; modes: string[] }>
  sysctls?: Expected<Record<string, string[]>>
  cronFiles?: Expected<string[]>
  timers?: Expected<string[]>
  platformAgents?: Expected<string[]>
  datasources?: Expected<{ declared: 'required' | 'optional'; allowed: string[] }>
  cloudInitModules?: Expected<string[]>
  /** Commands cloud-init of this release calls: alternatives in an inner list. */
  cloudInitCommands?: Expected<string[][]>
  buildStamp?: Expected<'required' | 'optional'>
}

export type ExpectationName = keyof Expectations

/** What an expectation table is looked up by. Names as in `matrix.yaml`; a release may be a version or a codename. */
export interface Subject {
  distribution: string
  release?: string
  platform?: string
  variant?: string
  /** It is a container, as its facts say. */
  container?: boolean
}

/** The expectations for one image on one platform: general rules first, then the more special ones that match. */
export function expectationsFor(subject: Subject): Expectations {
  return cascade([...EXPECTATION_RULES, ...REGRESSION_RULES], subject)
}
