import type { ExpectationRule } from './cascade.ts'

const RHEL = 'https://docs.redhat.com/en/documentation/red_hat_enterprise_linux/'

/** Distributions outside the Debian family. */
export const OTHER_RULES: readonly ExpectationRule[] = [
  {
    distribution: ['alpine'],
    expect: {
      defaultUser: {
        value: 'alpine',
        source: 'https://gitlab.alpinelinux.org/alpine/cloud/alpine-cloud-images, scripts/setup',
      },
      bakedUsers: {
        value: ['alpine'],
        source: 'https://gitlab.alpinelinux.org/alpine/cloud/alpine-cloud-images, scripts/setup',
      },
      rootPassword: {
        value: ['star'],
        source:
          'sshd(8): without PAM a field that begins with ! refuses key logins too; https://github.com/lima-vm/lima/issues/313',
      },
      archiveHosts: {
        value: ['dl-cdn.alpinelinux.org', '*.alpinelinux.org'],
        source: 'https://mirrors.alpinelinux.org/',
      },
      components: { value: ['main', 'community'], source: 'https://wiki.alpinelinux.org/wiki/Repositories' },
      requiredPackages: {
        value: ['cloud-init', 'openssh-server'],
        source: 'https://gitlab.alpinelinux.org/alpine/cloud/alpine-cloud-images',
      },
      hostnames: {
        value: ['localhost', 'alpine'],
        source: 'https://gitlab.alpinelinux.org/alpine/cloud/alpine-cloud-images',
      },
      mandatoryAccess: {
        value: { kind: 'none', modes: ['none'] },
        source: 'https://wiki.alpinelinux.org/wiki/AppArmor: off by default',
      },
      cronFiles: { value: ['/etc/crontabs/root', '/etc/periodic/*'], source: 'busybox and alpine-baselayout packages' },
    },
  },
  {
    distribution: ['redhat-family'],
    expect: {
      criticalFiles: {
        value: {
          '/etc/passwd': { modes: ['644'], owners: ['root'], groups: ['root'] },
          '/etc/shadow': { modes: ['000'], owners: ['root'], groups: ['root'] },
          '/etc/gshadow': { modes: ['000'], owners: ['root'], groups: ['root'] },
          '/etc/sudoers': { modes: ['440'], owners: ['root'], groups: ['root'] },
          '/etc/machine-id': { modes: ['444'], owners: ['root'], groups: ['root'] },
        },
        source: 'https://github.com/osbuild/cloud-image-val, test_etc_machine_id_permissions; setup package',
      },
      hostKeyPrivate: {
        value: { modes: ['600', '640'], owners: ['root'], groups: ['root', 'ssh_keys'] },
        source: 'openssh package: group ssh_keys and mode 640 before 9.8, 600 since',
      },
      forbiddenUserGroups: {
        value: ['wheel'],
        source: 'https://github.com/osbuild/cloud-image-val, test_wheel_group_not_set_to_default_user',
      },
      mandatoryAccess: { value: { kind: 'selinux', modes: ['enforcing'] }, source: RHEL },
      requiredPackages: { value: ['cloud-init', 'openssh-server', 'sudo'], source: RHEL },
      firewall: {
        value: 'any',
        source: 'https://github.com/osbuild/cloud-image-val: required by one test, forbidden by another',
      },
    },
  },
  {
    distribution: ['rhel'],
    expect: {
      defaultUser: { value: 'cloud-user', source: RHEL },
      archiveHosts: { value: ['*.redhat.com'], source: RHEL },
    },
  },
  {
    distribution: ['fedora'],
    expect: {
      defaultUser: { value: 'fedora', source: 'https://docs.fedoraproject.org/en-US/cloud/' },
      archiveHosts: {
        value: ['*.fedoraproject.org', 'codecs.fedoraproject.org'],
        source: 'https://docs.fedoraproject.org/en-US/cloud/',
      },
      automaticUpdates: {
        value: 'optional',
        source: 'https://github.com/GoogleCloudPlatform/cloud-image-tests: not asked of Fedora',
      },
    },
  },
  {
    distribution: ['centos'],
    expect: {
      defaultUser: { value: 'cloud-user', source: 'https://cloud.centos.org/' },
      archiveHosts: {
        value: ['*.centos.org', '*.stream.centos.org'],
        source: 'https://www.centos.org/download/mirrors/',
      },
    },
  },
  {
    distribution: ['almalinux'],
    expect: {
      defaultUser: { value: 'almalinux', source: 'https://wiki.almalinux.org/cloud/' },
      archiveHosts: { value: ['*.almalinux.org'], source: 'https://mirrors.almalinux.org/' },
    },
  },
  {
    distribution: ['rocky'],
    expect: {
      defaultUser: { value: 'rocky', source: 'https://docs.rockylinux.org/' },
      archiveHosts: { value: ['*.rockylinux.org'], source: 'https://mirrors.rockylinux.org/' },
    },
  },
  {
    distribution: ['ol'],
    expect: {
      defaultUser: { value: 'opc', source: 'https://docs.oracle.com/en-us/iaas/images/' },
      archiveHosts: {
        value: ['yum*.oracle.com', '*.oracle.com', '*.oraclevcn.com'],
        source: 'https://yum.oracle.com/',
      },
    },
  },
  {
    distribution: ['amzn'],
    expect: {
      defaultUser: { value: 'ec2-user', source: 'https://docs.aws.amazon.com/linux/al2023/ug/' },
      archiveHosts: {
        value: ['*.amazonaws.com', 'cdn.amazonlinux.com'],
        source: 'https://docs.aws.amazon.com/linux/al2023/ug/',
      },
      mandatoryAccess: {
        value: { kind: 'selinux', modes: ['permissive', 'enforcing'] },
        source: 'https://docs.aws.amazon.com/linux/al2023/ug/selinux-modes.html',
      },
    },
  },
  {
    distribution: ['suse-family'],
    expect: {
      defaultUser: { value: 'opensuse', source: 'https://get.opensuse.org/' },
      archiveHosts: {
        value: ['*.opensuse.org', '*.suse.com', '*.susecloud.net'],
        source: 'https://mirrors.opensuse.org/',
      },
      systemShells: {
        value: ['sync', 'halt', 'shutdown', 'bin'],
        source: 'https://github.com/GoogleCloudPlatform/cloud-image-tests: SLES keeps a shell for bin',
      },
      rootLogin: {
        value: ['yes', 'no', 'prohibit-password', 'without-password', 'forced-commands-only'],
        source: 'https://github.com/GoogleCloudPlatform/cloud-image-tests: SLES ships yes',
      },
      criticalFiles: {
        value: {
          '/etc/passwd': { modes: ['644'], owners: ['root'], groups: ['root'] },
          '/etc/shadow': { modes: ['600', '640'], owners: ['root'], groups: ['root', 'shadow'] },
        },
        source: 'permissions package',
      },
    },
  },
  { distribution: ['sles'], expect: { defaultUser: { value: 'sles', source: 'https://documentation.suse.com/' } } },
  {
    distribution: ['freebsd'],
    expect: {
      defaultUser: { value: 'freebsd', source: 'https://docs.freebsd.org/en/books/handbook/' },
      rootAccounts: { value: ['root', 'toor'], source: 'https://docs.freebsd.org/en/books/faq/#toor-account' },
      firstUserId: { value: 1001, source: 'adduser(8)' },
      archiveHosts: { value: ['pkg.freebsd.org', '*.freebsd.org', 'pkg+http*'], source: 'pkg.conf(5)' },
      hostKeyPrivate: { value: { modes: ['600'], owners: ['root'], groups: ['wheel'] }, source: 'sshd(8)' },
      requiredPackages: {
        value: [],
        source: 'https://docs.freebsd.org/en/books/handbook/: the agent is a flavoured package',
      },
      cronFiles: { value: ['/etc/crontab', '/etc/cron.d/at'], source: 'FreeBSD base system' },
    },
  },
]
