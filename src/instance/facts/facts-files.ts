export interface FileEntry {
  path: string
  /** `f` file, `d` directory, `l` link, `p`, `s`, `b`, `c`. */
  type: string
  /** Octal without a leading zero: `644`, `4755`. */
  mode: string
  owner: string
  group: string
  bytes: number
  /** Target of a link. */
  target?: string
}

export interface FileFacts {
  /** Files whose owner and mode matter: passwd, shadow, group, sudoers, machine-id, hostname, resolv.conf, localtime ... Absent files are not listed. */
  criticalFiles: FileEntry[]
  /** Set-user-id and set-group-id files. */
  setuid: FileEntry[]
  worldWritableFiles: FileEntry[]
  /** Writable by everybody and without the sticky bit. */
  worldWritableDirs: FileEntry[]
  /** Owned by a user or group that does not exist. */
  unowned: FileEntry[]
  /** Shell and interpreter history with content. */
  history: FileEntry[]
  /** `authorized_keys` files; `keys` counts lines that are keys without a forced command that only prints a message. */
  authorizedKeys: (FileEntry & { keys: number; forced: number })[]
  /** Files of at most 1 MiB that contain a private key, by path only. `package` names the owner package where one is known. */
  privateKeys: (FileEntry & { package?: string })[]
  /** Places where cloud and registry credentials live, and files of at most 1 MiB with something shaped like an access key. */
  credentials: FileEntry[]
  leftovers: {
    /** Non-empty files below /var/log. */
    logs: FileEntry[]
    /** Entries of /tmp, /var/tmp. */
    tmp: FileEntry[]
    /** Entries of /run, /proc, /sys, /dev of a root at rest. */
    runtime: FileEntry[]
    /** Package lists and archives. */
    packageCache: FileEntry[]
    /** What builders leave: policy-rc.d, qemu-user, proxies, kickstart files. */
    build: FileEntry[]
    /** State of cloud-init below /var/lib/cloud and /run/cloud-init. */
    cloudState: FileEntry[]
    randomSeeds: FileEntry[]
    dhcpLeases: FileEntry[]
    /** Rules, link files and network configuration that name a MAC address. */
    macPinning: FileEntry[]
  }
  danglingLinks: FileEntry[]
  /** Kernel, initrd, loader configuration, EFI loaders. */
  bootFiles: FileEntry[]
}
