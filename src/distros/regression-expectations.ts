import type { ExpectationRule } from './cascade.ts'
import type { Expected } from './expectations.ts'

/** A message that a sound image may log, and why. Patterns are regular expressions without anchors. */
export interface ToleratedMessage {
  pattern: string
  reason: string
}

/** What regression checks expect of a running instance, where that differs by distribution, release or platform. */
export interface RegressionExpectations {
  /** Seconds from the start of user space until the boot is over. */
  bootSeconds?: Expected<number>
  /** Seconds all stages of cloud-init may take together. */
  cloudInitSeconds?: Expected<number>
  /** Seconds from the start of user space until the SSH server listens. */
  sshSeconds?: Expected<number>
  /** Seconds one unit may take to start. */
  unitSeconds?: Expected<number>
  /** Size of the root file system. */
  imageMiB?: Expected<number>
  packageCount?: Expected<number>
  /** Names as cloud-init prints them, without `DataSource`. */
  cloudInitDatasource?: Expected<{ datasources: string[]; cloudIds: string[] }>
  /** Messages of cloud-init at WARNING or above. */
  toleratedCloudInitMessages?: Expected<ToleratedMessage[]>
  /** Messages of the journal at ERROR or above. */
  toleratedJournalMessages?: Expected<ToleratedMessage[]>
}

/** What systemd says in an unprivileged container, whose devices and kernel settings belong to the host. */
const CONTAINER_MESSAGES: ToleratedMessage[] = [
  {
    pattern: 'fchmod\\(\\) of /dev/(net/tun|fuse) failed',
    reason: 'device nodes of an unprivileged container belong to the host',
  },
  {
    pattern: "Failed to write '(add|change)' to '/sys/",
    reason: 'sysfs of an unprivileged container belongs to the host',
  },
  {
    pattern: 'Failed to set owner/mode of /dev/',
    reason: 'device nodes of an unprivileged container belong to the host',
  },
  {
    pattern: 'systemd-(binfmt|remount-fs|sysctl|modules-load|udev-settle)',
    reason: 'needs rights of the host',
  },
  {
    pattern: 'Failed to start .*(Binary Formats|Remount Root|Kernel Variables|Kernel Modules)',
    reason: 'needs rights of the host',
  },
  {
    pattern: 'Failed to (set|mount|listen|open) .*(binfmt|audit|kmsg|oom)',
    reason: 'needs rights of the host',
  },
  {
    pattern: 'sys-kernel-(config|debug|tracing)|Failed to mount .*(Kernel|POSIX|Huge)',
    reason: 'kernel file systems belong to the host',
  },
]

/** Guests of clouds and of QEMU are reached by SSH from their first moment on, and trusted by the host keys that the platform tells. */
const HUNG_UP: ToleratedMessage = {
  pattern:
    '^error: (Received disconnect from \\S+ port \\d+:3: .*\\[preauth\\]|kex_exchange_identification: (read: Connection reset by peer|Connection closed by remote host))$',
  reason:
    'the harness hangs up on a guest that is not up yet, or whose new host key its platform has not told yet, as after a clean',
}
const HUNG_UP_SOURCE = 'https://www.rfc-editor.org/rfc/rfc4253#section-11.1, SSH_DISCONNECT_KEY_EXCHANGE_FAILED'

/** General rules first. Budgets are generous: they catch a wait for a timeout, not a slow host. */
export const REGRESSION_RULES: readonly ExpectationRule[] = [
  {
    expect: {
      bootSeconds: {
        value: 60,
        source: 'cloud-image-val, test_generic.py: first boot at most 60 s; https://github.com/osbuild/cloud-image-val',
      },
      cloudInitSeconds: {
        value: 40,
        source: 'cloud-init summit notes of August 2023: 11.1 s measured on a t2.micro, times four',
      },
      sshSeconds: {
        value: 45,
        source: 'cloud-init summit notes of August 2023: time to SSH on first boot is the priority',
      },
      unitSeconds: {
        value: 30,
        source:
          'https://github.com/systemd/systemd/issues/22225 and the 30 s framebuffer wait in the Debian Cloud Sprint 2016 notes',
      },
      imageMiB: { value: 3072, source: 'Debian Cloud Sprint 2016: images are minimal' },
      packageCount: { value: 800, source: 'Debian Cloud Sprint 2016: images are minimal' },
    },
  },
  {
    platform: ['lxd'],
    expect: {
      cloudInitDatasource: {
        value: { datasources: ['NoCloud', 'LXD'], cloudIds: ['lxd', 'nocloud'] },
        source:
          'https://docs.cloud-init.io/en/latest/reference/datasources/lxd.html; image templates seed NoCloud, which comes first',
      },
      toleratedJournalMessages: {
        value: CONTAINER_MESSAGES,
        source:
          'measured in an unprivileged LXD 5.0 container; https://documentation.ubuntu.com/lxd/en/latest/security/',
      },
    },
  },
  {
    container: true,
    expect: {
      toleratedJournalMessages: {
        value: CONTAINER_MESSAGES,
        source:
          'measured in an unprivileged LXD 5.0 container; https://documentation.ubuntu.com/lxd/en/latest/security/',
      },
    },
  },
  {
    platform: ['ec2', 'azure', 'gce'],
    expect: { toleratedJournalMessages: { value: [HUNG_UP], source: HUNG_UP_SOURCE } },
  },
  {
    platform: ['ec2', 'azure', 'gce'],
    container: true,
    expect: {
      toleratedJournalMessages: {
        value: [HUNG_UP, ...CONTAINER_MESSAGES],
        source: `measured in an unprivileged LXD 5.0 container; ${HUNG_UP_SOURCE}`,
      },
    },
  },
  {
    platform: ['azure'],
    container: true,
    expect: {
      toleratedCloudInitMessages: {
        value: [
          {
            pattern: 'Exception when dumping dmesg log: .*read kernel buffer failed: Operation not permitted',
            reason: 'the log of the kernel belongs to the host',
          },
        ],
        source: 'https://docs.kernel.org/admin-guide/sysctl/kernel.html#dmesg-restrict; cloudinit/sources/azure',
      },
    },
  },
  {
    platform: ['qemu'],
    expect: {
      toleratedJournalMessages: {
        value: [
          HUNG_UP,
          {
            pattern:
              'Failed to query local AF_VSOCK CID: Cannot assign requested address|systemd-ssh-generator failed with exit status 1',
            reason: 'systemd 257 takes a machine without a vsock device for a failure',
          },
        ],
        source: `measured on Debian 13 in QEMU 7.2; https://www.freedesktop.org/software/systemd/man/latest/systemd-ssh-generator.html; ${HUNG_UP_SOURCE}`,
      },
    },
  },
  {
    distribution: ['debian'],
    release: ['14', 'sid'],
    platform: ['lxd'],
    expect: {
      toleratedJournalMessages: {
        value: [
          ...CONTAINER_MESSAGES,
          {
            pattern: 'PAM \\(systemd-user\\) /usr/lib/pam\\.d is not supported',
            reason: 'systemd of unstable ships its PAM file where the PAM of unstable does not want it',
          },
        ],
        source: 'measured on Debian unstable; /usr/share/doc/libpam0g/Debian-PAM-MiniPolicy.gz',
      },
    },
  },
  {
    platform: ['fake'],
    expect: {
      cloudInitDatasource: {
        value: { datasources: ['None', 'NoCloud'], cloudIds: ['none', 'nocloud'] },
        source: 'the platform has no metadata service',
      },
    },
  },
]
