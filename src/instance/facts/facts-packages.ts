export interface Package {
  name: string
  version: string
  arch: string
  /** Source package, where the database knows it. */
  source?: string
  /** Archive section (Debian family) such as `admin` or `non-free/libs`. */
  section?: string
  /** `installed`, or what the database says instead. */
  status: string
}

export type PackageManager = 'apt' | 'dnf' | 'zypper' | 'apk' | 'pkg' | 'unknown'

export interface Repository {
  file: string
  line: number
  /** `deb`, `deb-src`, `rpm`, `apk`, `pkg`. */
  types: string[]
  uri: string
  suites: string[]
  components: string[]
  enabled: boolean
  signedBy?: string
  /** Signatures are not checked because the entry says so. */
  insecure?: string
  options: Record<string, string>
}

export interface PackageFacts {
  packageManager: PackageManager
  packages: Package[]
  foreignArchitectures: string[]
  /** Architecture of the package database: `amd64`, `x86_64`. */
  architecture: string
  /** Audit of the database: `dpkg --audit`, `rpm -Va --nofiles`, `apk fix -s`, `pkg check -da`. */
  packageDb: { command: string; exitCode: number; output: string[] }
  /** Files that differ from their package: path, and what differs (`missing`, or the flags of the verifier). */
  modifiedFiles: { path: string; flags: string; config: boolean }[]
  /** Files kept from being unpacked: dpkg `path-exclude` patterns. */
  pathExcludes: string[]
  repositories: Repository[]
  /** Effective `apt-config dump`: key to values. Empty where apt is not used. */
  aptConfig: Record<string, string[]>
  /** Pins in apt preferences. */
  aptPreferences: { file: string; line: string }[]
  /** Key files below /etc/apt/trusted.gpg.d, /etc/apt/keyrings, /etc/pki/rpm-gpg, /etc/apk/keys. */
  archiveKeys: string[]
  /** Packages no configured archive offers; known only where package lists are present. */
  orphans: string[]
  /** Upgrades the present package lists offer, as `name version`, security ones marked. */
  pendingUpgrades: { name: string; version: string; security: boolean }[]
}
