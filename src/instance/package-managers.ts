/** Package managers the harness can drive. */
export type PackageManagerName = 'apt' | 'dnf' | 'yum' | 'tdnf' | 'zypper' | 'apk' | 'pkg' | 'pacman'

/** Command lines of one package manager. Package names are appended. */
export interface PackageManager {
  /** The program whose presence tells that this manager is in use. */
  program: string
  env: Readonly<Record<string, string>>
  refresh: string
  install: string
  fromRelease?: (release: string) => string
  installFile: string
  remove: string
  upgrade: string
  upgradeAll: string
  list: string
  /** One line of `list` as name and version, or nothing. */
  parse: (line: string) => [string, string][]
  /** What it prints when another process holds its lock. */
  locked: RegExp
}

const C = { LC_ALL: 'C.UTF-8' }
const byTab = (line: string): [string, string][] => {
  const [name, version] = line.split('\t')
  return name && version ? [[name, version]] : []
}

// Configuration files keep what the administrator changed: the defaults would ask.
const APT =
  'apt-get -q -y -o DPkg::Lock::Timeout=60 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold'
const RPM_LIST = String.raw`rpm -qa --qf '%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|%{VERSION}-%{RELEASE}\n'`
const rpm = (program: string, quiet: string): PackageManager => ({
  program,
  env: C,
  refresh: `${program} ${quiet} makecache`,
  install: `${program} ${quiet} install`,
  installFile: `${program} ${quiet} install`,
  remove: `${program} ${quiet} remove`,
  upgrade: `${program} ${quiet} update`,
  upgradeAll: `${program} ${quiet} update`,
  list: RPM_LIST,
  parse: byTab,
  locked:
    /(?:Waiting for process with pid|Existing lock|another (?:copy|app)|Failed to obtain)[^\n]*(?:lock|transaction|yum|dnf|running)/i,
})

/** In order of detection: a system with dnf often has a `yum` link too. */
export const PACKAGE_MANAGERS: Readonly<Record<PackageManagerName, PackageManager>> = {
  apt: {
    program: 'apt-get',
    env: {
      ...C,
      DEBIAN_FRONTEND: 'noninteractive',
      NEEDRESTART_MODE: 'l',
      UCF_FORCE_CONFFOLD: '1',
      APT_LISTCHANGES_FRONTEND: 'none',
    },
    refresh: `${APT} update`,
    install: `${APT} install`,
    fromRelease: (release) => `-t ${release}`,
    installFile: `${APT} install --allow-downgrades`,
    remove: `${APT} remove`,
    upgrade: `${APT} install --only-upgrade`,
    upgradeAll: `${APT} full-upgrade`,
    list: String.raw`dpkg-query -W -f '\${db:Status-Status}\t\${Package}\t\${Version}\n'`.replaceAll('\\$', '$'),
    parse: (line) => {
      const [state, name, version] = line.split('\t')
      return state === 'installed' && name && version ? [[name, version]] : []
    },
    locked:
      /Could not get lock|Unable to acquire the dpkg frontend lock|Unable to lock (?:directory|the administration directory)|is another process using it/,
  },
  dnf: rpm('dnf', '-y -q'),
  tdnf: rpm('tdnf', '-y -q'),
  yum: rpm('yum', '-y -q'),
  zypper: {
    program: 'zypper',
    // Makes zypper itself wait for the lock, in seconds.
    env: { ...C, ZYPP_LOCK_TIMEOUT: '60' },
    refresh: 'zypper --non-interactive refresh',
    install: 'zypper --non-interactive install --auto-agree-with-licenses',
    installFile: 'zypper --non-interactive --no-gpg-checks install --allow-unsigned-rpm --oldpackage',
    remove: 'zypper --non-interactive remove',
    upgrade: 'zypper --non-interactive update',
    upgradeAll: 'zypper --non-interactive update',
    list: RPM_LIST,
    parse: byTab,
    locked: /System management is locked/,
  },
  apk: {
    program: 'apk',
    env: {},
    refresh: 'apk --wait 60 update',
    install: 'apk --wait 60 add',
    installFile: 'apk --wait 60 add --allow-untrusted',
    remove: 'apk --wait 60 del',
    upgrade: 'apk --wait 60 add --upgrade',
    upgradeAll: 'apk --wait 60 upgrade',
    list: 'apk info -v 2>/dev/null',
    parse: (line) => {
      const match = /^(.+)-(\d[^-]*-r\d+)$/.exec(line.trim())
      return match?.[1] && match[2] ? [[match[1], match[2]]] : []
    },
    locked: /Unable to lock database|temporarily unavailable/,
  },
  pkg: {
    program: 'pkg',
    env: { ASSUME_ALWAYS_YES: 'yes', HANDLE_RC_SCRIPTS: 'no' },
    refresh: 'pkg update',
    install: 'pkg install -y',
    installFile: 'pkg add -f',
    remove: 'pkg delete -y',
    upgrade: 'pkg upgrade -y',
    upgradeAll: 'pkg upgrade -y',
    list: String.raw`pkg query '%n\t%v' | sed 's/\\t/\t/'`,
    parse: (line) => byTab(line.replace('\\t', '\t')),
    locked: /database is locked|Cannot get an? (?:advisory|exclusive|read) lock/i,
  },
  pacman: {
    program: 'pacman',
    env: C,
    refresh: 'pacman --noconfirm -Sy',
    install: 'pacman --noconfirm --needed -S',
    installFile: 'pacman --noconfirm -U',
    remove: 'pacman --noconfirm -R',
    upgrade: 'pacman --noconfirm --needed -S',
    upgradeAll: 'pacman --noconfirm -Syu',
    list: 'pacman -Q',
    parse: (line) => {
      const [name, version] = line.split(' ')
      return name && version ? [[name, version]] : []
    },
    locked: /unable to lock database/,
  },
}
