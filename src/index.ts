export { openPlatform } from './platforms/open-platform.ts'
export type { OpenOptions, PlatformName, PlatformOptions } from './platforms/open-platform.ts'
export type { CloudIdentity } from './platforms/cloud-identity.ts'
export type { LaunchOptions, Session } from './platforms/session.ts'
export type { Ledger, LedgerEntry, Intent } from './platforms/ledger.ts'
export type { Owner, PlatformImage, PlatformManifest, Resource, ResourceKind } from './platforms/platform.ts'

export type { Instance, Snapshot, SshLine, WaitingOptions } from './instance/instance.ts'
export type { Account, RunOptions } from './instance/account.ts'
export type { BootReport, BootState } from './instance/boot.ts'
export type { CloudInitStatus } from './instance/cloud-init.ts'
export type { Distribution } from './instance/distribution.ts'
export type { FileOptions, PushOptions, WriteOptions } from './instance/files.ts'
export type { Address, Capability, Machine, MachineState } from './instance/machine.ts'
export type { InstallOptions, PackageOptions, Packages } from './instance/packages.ts'
export type { PackageManagerName } from './instance/package-managers.ts'
export type { ScriptOptions, ScriptSource } from './instance/script.ts'
export type { ShellValue } from './instance/shell.ts'
export type { SshIdentity } from './instance/ssh-keys.ts'

export { CommandError } from './instance/command-error.ts'
export type { CommandResult } from './instance/command-error.ts'
export {
  BootError,
  CancelledError,
  CleanupError,
  ConfigError,
  HarnessError,
  PlatformError,
  PrerequisiteError,
  TransportError,
  UnsupportedError,
  WaitTimeoutError,
} from './core/errors.ts'
export type { Blame, PlatformErrorKind } from './core/errors.ts'
export type { Duration } from './core/duration.ts'
