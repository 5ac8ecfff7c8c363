export type InitSystem = 'systemd' | 'openrc' | 'sysvinit' | 'rc' | 'unknown'

export interface OsFacts {
  /** `ID` of os-release: `debian`, `ubuntu`, `alpine`, `rhel`, `freebsd`. */
  id: string
  idLike: string[]
  versionId?: string
  codename?: string
  prettyName?: string
  /** `SUPPORT_END`, ISO date. */
  supportEnd?: string
  variantId?: string
  fields: Record<string, string>
  /** Content of /etc/debian_version, /etc/alpine-release, freebsd-version ...: file to first line. */
  releaseFiles: Record<string, string>
}

export interface Unit {
  name: string
  load: string
  active: string
  sub: string
}

export interface Mount {
  source: string
  target: string
  type: string
  options: string[]
}

export interface FstabEntry extends Mount {
  dump: string
  pass: string
}

export interface Listener {
  protocol: 'tcp' | 'udp'
  address: string
  port: number
  /** Anything but loopback. */
  global: boolean
  process?: string
}

export interface InterfaceAddress {
  interface: string
  family: 'ipv4' | 'ipv6'
  address: string
  prefix: number
  scope: string
  /** Got by DHCP or router advertisement, so it has a lifetime. */
  dynamic: boolean
}

export interface SystemFacts {
  os: OsFacts
  system: {
    init: InitSystem
    /** A container, a virtual machine or hardware: `lxc`, `docker`, `kvm`, `none`. */
    virtualization: string
    container: boolean
    kernel: string
    machine: string
    /** 64 or 32, of the userland. */
    longBit: number
    /** Is /usr merged: /bin is a link. */
    usrMerged: boolean
    /** Files with a build serial: path to text. */
    buildStamps: Record<string, string>
  }
  /** Kernel command line of the running kernel. In a container it is the host's. */
  cmdline: string
  bootId: string
  uptimeSeconds: number
  /** Loader settings of the image: GRUB_TIMEOUT, GRUB_CMDLINE_LINUX ..., and the kernel arguments of its entries. */
  loader: { settings: Record<string, string>; arguments: string[] }
  /** Every unit systemd knows now. */
  units: Unit[]
  failedUnits: string[]
  /** `running`, `degraded`, `starting` ...: `systemctl is-system-running`. */
  systemState: string
  /** Unit (or service) to `enabled`, `disabled`, `static`, `masked` ... */
  unitFiles: Record<string, string>
  /** Services an OpenRC, sysvinit or rc system starts, by runlevel. Empty under systemd. */
  services: Record<string, string[]>
  defaultTarget: string
  timers: string[]
  mounts: Mount[]
  fstab: FstabEntry[]
  swaps: { name: string; type: string; sizeKiB: number }[]
  listeners: Listener[]
  addresses: InterfaceAddress[]
  /** Default and other routes as the tool prints them. */
  routes: { family: 'ipv4' | 'ipv6'; destination: string; gateway?: string; interface?: string; protocol?: string }[]
  dns: {
    servers: string[]
    search: string[]
    resolvConf: string
    /** Link target of /etc/resolv.conf. */ link?: string
    exists: boolean
  }
  /** Which of networkd, NetworkManager, ifupdown, wicked, dhcpcd, rc ... starts at boot. */
  networkRenderers: string[]
  /** Static addresses found in shipped network configuration: file and line. */
  staticAddresses: { file: string; line: string }[]
  hosts: {
    exists: boolean
    lines: string[]
    /** Addresses `getent ahosts localhost` gives; only in a running guest. */ localhost?: string[]
  }
  firewall: {
    /** Services enabled at boot. */ enabled: string[]
    active: string[]
    /** Lines of the loaded rule set. */ rules: string[]
  }
  hostname: { file?: string; effective?: string }
  time: {
    /** `UTC`, `Europe/Paris`. */ zone: string
    localtimeTarget?: string
    /** Daemons installed. */ daemons: string[]
    enabled: string[]
    synchronized?: boolean
    servers: string[]
  }
  locale: {
    /** LANG of the system. */ lang?: string
    settings: Record<string, string>
    /** `locale -a`, as printed. */ available: string[]
  }
  machineId: {
    exists: boolean
    /** `id` is a real one. */ state: 'absent' | 'empty' | 'uninitialized' | 'id'
    value?: string
    dbus: 'absent' | 'link' | 'file'
  }
  /** Seconds; `systemd-analyze time`. A container has only userspace. */
  bootTimes: { firmware?: number; loader?: number; kernel?: number; initrd?: number; userspace?: number; total: number }
  blame: { unit: string; seconds: number }[]
  modulesBlocked: { file: string; module: string; how: 'blacklist' | 'install' }[]
  /** Values of the running kernel. In a container some are the host's. */
  sysctls: Record<string, string>
  /** What the files of the image set, in the order they are read; keys with dots. */
  sysctlSettings: { file: string; key: string; value: string }[]
  mandatoryAccess: { kind: 'selinux' | 'apparmor' | 'none'; mode: string }
  cron: { file: string; line: string }[]
  remoteLogging: { file: string; line: string }[]
}
