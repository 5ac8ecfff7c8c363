import type { ExpectStatic } from 'vitest'
import type { Capability } from '../instance/machine.ts'
import type { ImdsControl } from '../imds/control.ts'
import type { CloudName } from '../imds/cloud.ts'
import type { CloudIdentity } from '../platforms/cloud-identity.ts'
import type { Facts } from '../instance/facts/facts.ts'
import type { Instance } from '../instance/instance.ts'
import type { Measurement, Phase, Severity } from '../results/check-record.ts'
import type { Expectations } from '../distros/expectations.ts'
import type { CellSummary } from '../results/event.ts'

/** Where a check applies. Absent means everywhere. A check that does not apply is skipped with the reason. */
export interface Applicability {
  platforms?: readonly string[]
  notPlatforms?: readonly string[]
  distributions?: readonly string[]
  /** Needs its own kernel and firmware: not a container. */
  ownKernel?: boolean
  init?: readonly ('systemd' | 'openrc' | 'sysvinit' | 'rc')[]
  capabilities?: readonly Capability[]
  /** Only in cells with these values on axes of the matrix; `*` and `?` are wildcards, `{ disk: 'extra-*' }`. */
  axes?: Readonly<Record<string, string>>
  /** Only on a machine with the identity of a cloud: of any, or of one of these. */
  identities?: 'any' | readonly string[]
}

/** What every check says about itself. Plain data: it can be listed without launching anything. */
export interface CheckInfo {
  /** A sentence that is true on a good image. */
  title: string
  because: string
  /** Where the requirement comes from: an address, or a document and section. */
  source: string
  severity: Severity
  /** Policies that contain this check. Default `['generic']`. */
  policies?: readonly string[]
  /** What it means when it fails and how to repair the image. */
  fix?: string
  /** The smallest tier of checks it belongs to. Default derived: from severity, phase, own instance, disruption and time limit. */
  tier?: 'smoke' | 'standard' | 'full'
  applies?: Applicability
}

export interface PolicyInfo extends CheckInfo {
  phase: Phase | readonly Phase[]
}

export interface PolicyContext {
  facts: Facts
  /** Facts of a second instance of the same image; only in phase `pair`. */
  other: Facts | undefined
  phase: Phase
  expect: ExpectStatic
  /** Expectation tables for this distribution, release, platform and variant. */
  expected: Expectations
  cell: CellSummary
  /** Ends the check as `skip`. */
  skip: (reason: string) => never
}

export interface RegressionInfo extends CheckInfo {
  /** `shared`: many checks use one instance, in order of id; `own`: launched for this check from the prepared image. Default `shared`. */
  instance?: 'shared' | 'own'
  /** Own instance only. Checks with equal launch data share one launch when they also say `boot: 'shared'`. */
  userData?: string
  vendorData?: string
  networkConfig?: string
  /** Own instance with the identity of a cloud only: cards, addresses, metadata and faults from the first boot on; the same for all clouds, or by cloud. */
  cloud?: Omit<CloudIdentity, 'cloud'> | ((cloud: CloudName) => Omit<CloudIdentity, 'cloud'>)
  /** Own-instance checks with the same `group` run on one instance whose user-data are merged as a multipart message. */
  group?: string
  /**
   * The instance may continue from the saved memory of the prepared and rebooted machine, where the platform can do that, instead of
   * booting: an own instance without launch data, and for a disruptive check a copy of the shared one. Not for checks that look at
   * what a boot makes new: host keys, machine id, instance id and boot id are those of the shared instance.
   */
  warm?: boolean
  /** The check reboots or breaks the instance; it runs after those that do not. */
  disruptive?: boolean
  /** Default from the matrix. */
  timeoutMs?: number
}

export interface RegressionContext {
  instance: Instance
  /** The metadata service of the instance; every check with `applies.identities` has one. */
  imds?: ImdsControl
  /** Facts gathered on this boot of the instance's image. */
  facts: Facts
  /** Facts of the very first boot of the image, before anything was upgraded or cleaned; not on the unmodified instance. */
  firstBoot?: Facts
  expect: ExpectStatic
  expected: Expectations
  cell: CellSummary
  /** `environment` of the matrix. */
  environment: Readonly<Record<string, string>>
  skip: (reason: string) => never
  measure: (measurement: Measurement) => void
  /** Keeps `text` as a log of the cell, attached to this check. */
  attach: (name: string, text: string) => void
  signal: AbortSignal
}

export type PolicyCheck = {
  suite: 'policy'
  id: string
  info: PolicyInfo
  judge: (context: PolicyContext) => void | Promise<void>
  file: string
}
export type RegressionCheck = {
  suite: 'regression'
  id: string
  info: RegressionInfo
  judge: (context: RegressionContext) => Promise<void>
  file: string
}
export type Check = PolicyCheck | RegressionCheck
