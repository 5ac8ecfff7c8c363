/**
 * What a file with checks imports: `import { policy, regression } from 'harness/testing'`.
 *
 * Loading it costs next to nothing and starts nothing, so that checks can be listed by plain Node.
 * `expect` therefore comes with the context of a check and is not exported from here.
 *
 * @module
 */
export { policy, regression } from './registry.ts'
export { describeFiles, matches, wanted } from './judging.ts'
export { isKnown, known, UnknownFactError } from '../instance/facts/unknown-fact.ts'
/** Thrown by a check, it says that something outside the image failed: the check is then `miss`, not `fail`. */
export { PlatformError } from '../core/errors.ts'
export { refreshArchive } from '../instance/agent/archive.ts'
export { mirrorTrouble, withMirrorRetries } from '../instance/agent/mirror.ts'
export type {
  Applicability,
  Check,
  CheckInfo,
  PolicyCheck,
  PolicyContext,
  PolicyInfo,
  RegressionCheck,
  RegressionContext,
  RegressionInfo,
} from './check.ts'
export { healthReports } from '../imds/azure-wire.ts'
export { CLOUDS } from '../imds/clouds.ts'
export { crawlSize } from '../imds/exchange.ts'
export type { CloudName } from '../imds/cloud.ts'
export type { ImdsControl, ImdsState } from '../imds/control.ts'
export type { Facts } from '../instance/facts/facts.ts'
export type { Instance } from '../instance/instance.ts'
export type { Capability } from '../instance/machine.ts'
export type { Expectations } from '../distros/expectations.ts'
export type { Measurement, Phase, Severity } from '../results/check-record.ts'
export type { CellSummary } from '../results/event.ts'
export type { Duration } from '../core/duration.ts'
