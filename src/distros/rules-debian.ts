import type { ExpectationRule } from './cascade.ts'

const SPRINT = 'Debian Cloud Sprint 2016, report: https://wiki.debian.org/Sprints/2016/DebianCloudNov2016'
const IMAGES = 'https://salsa.debian.org/cloud-team/debian-cloud-images, config_space'
const POLICY = 'https://www.debian.org/doc/debian-policy/ch-archive.html'

/** Debian and what descends from it. */
export const DEBIAN_RULES: readonly ExpectationRule[] = [
  {
    distribution: ['debian-family'],
    expect: {
      hostKeyPrivate: {
        value: { modes: ['600'], owners: ['root'], groups: ['root'] },
        source: 'openssh-server, ssh-keygen -A',
      },
      automaticUpdates: { value: 'required', source: `${SPRINT}: unattended-upgrades on by default` },
      components: { value: ['main'], source: `${SPRINT}: everything in the image comes from main` },
      setuid: {
        value: [
          '/usr/bin/chage',
          '/usr/bin/chfn',
          '/usr/bin/chsh',
          '/usr/bin/expiry',
          '/usr/bin/gpasswd',
          '/usr/bin/mount',
          '/usr/bin/newgrp',
          '/usr/bin/passwd',
          '/usr/bin/su',
          '/usr/bin/umount',
          '/usr/bin/sudo',
          '/usr/bin/ssh-agent',
          '/usr/bin/crontab',
          '/usr/bin/dotlockfile',
          '/usr/bin/wall',
          '/usr/bin/write',
          '/usr/bin/write.ul',
          '/usr/bin/bsd-write',
          '/usr/bin/fusermount',
          '/usr/bin/fusermount3',
          '/usr/bin/ntfs-3g',
          '/usr/bin/pkexec',
          '/usr/bin/at',
          '/usr/bin/screen',
          '/usr/bin/mlocate',
          '/usr/bin/plocate',
          '/usr/bin/newuidmap',
          '/usr/bin/newgidmap',
          '/usr/bin/staprun',
          '/usr/sbin/unix_chkpwd',
          '/usr/sbin/pam_extrausers_chkpwd',
          '/usr/sbin/mount.cifs',
          '/usr/sbin/mount.nfs',
          '/usr/sbin/pppd',
          '/usr/lib/dbus-1.0/dbus-daemon-launch-helper',
          '/usr/lib/openssh/ssh-keysign',
          '/usr/lib/polkit-1/polkit-agent-helper-1',
          '/usr/lib/policykit-1/polkit-agent-helper-1',
          '/usr/lib/eject/dmcrypt-get-device',
          '/usr/lib/snapd/snap-confine',
          '/usr/lib/x86_64-linux-gnu/utempter/utempter',
          '/usr/lib/aarch64-linux-gnu/utempter/utempter',
        ],
        source: 'packages of the distribution, files with set-id bits in main',
      },
      requiredPackages: {
        value: ['cloud-init', 'openssh-server', 'sudo', 'ca-certificates', 'unattended-upgrades', 'locales'],
        source: `${IMAGES}, package lists of the generic class`,
      },
      modifiedFiles: {
        value: [
          '/etc/cloud/*',
          '/etc/default/*',
          '/etc/ssh/*',
          '/etc/apt/*',
          '/etc/locale.*',
          '/etc/sudoers.d/*',
          '/etc/issue*',
          '/etc/motd',
          '/usr/share/doc/*',
          '/usr/share/locale/*',
          '/usr/share/man/*',
          '/boot/*',
        ],
        source: `${SPRINT}: "the list of changes should be clear"; documentation may be stripped by dpkg path-exclude`,
      },
      defaultTarget: {
        value: ['multi-user.target', 'graphical.target'],
        source: 'systemd package: graphical.target is the stock default and equals multi-user without a desktop',
      },
      cronFiles: {
        value: [
          '/etc/crontab',
          '/etc/cron.d/*e2scrub_all*',
          '/etc/cron.daily/*',
          '/etc/cron.weekly/*',
          '/etc/cron.monthly/*',
          '/etc/cron.hourly/*',
          '/etc/cron.d/sysstat',
          '/etc/cron.d/mdadm',
          '/etc/cron.d/popularity-contest',
          '/etc/cron.d/.placeholder',
        ],
        source: 'packages of the distribution that ship cron files',
      },
      timers: {
        value: [
          'apt-daily.timer',
          'apt-daily-upgrade.timer',
          'dpkg-db-backup.timer',
          'e2scrub_all.timer',
          'fstrim.timer',
          'logrotate.timer',
          'man-db.timer',
          'systemd-tmpfiles-clean.timer',
          'motd-news.timer',
          'update-notifier-*.timer',
          'snapd.*.timer',
          'ua-timer.timer',
          'apport-autoreport.timer',
          'sysstat-*.timer',
          'chrony-*.timer',
        ],
        source: 'packages of the distribution that ship timers',
      },
      listeners: {
        value: ['tcp/22', 'udp/68', 'udp/546', 'udp/123', 'udp/323', 'udp/5355', 'tcp/5355'],
        source:
          'https://github.com/GoogleCloudPlatform/cloud-image-tests, test_suites/security: 5355 is systemd-resolved',
      },
      mandatoryAccess: {
        value: { kind: 'apparmor', modes: ['enabled'] },
        source:
          'https://wiki.debian.org/AppArmor and https://documentation.ubuntu.com/server/how-to/security/apparmor/',
      },
      sshServer: { value: 'required', source: SPRINT },
    },
  },
  {
    distribution: ['debian'],
    expect: {
      defaultUser: { value: 'debian', source: `${IMAGES}, cloud.cfg.d` },
      forbiddenUserGroups: { value: ['root', 'shadow', 'disk'], source: 'https://wiki.debian.org/SystemGroups' },
      archiveHosts: {
        value: [
          'deb.debian.org',
          'security.debian.org',
          '*.debian.org',
          'cdn-aws.deb.debian.org',
          'cloudfront.debian.net',
          'debian-archive.trafficmanager.net',
          '*.deb.debian.cloud',
          'deb.debian.cloud',
        ],
        source: 'https://www.debian.org/mirror/list and https://wiki.debian.org/Cloud',
      },
      requiredSuites: {
        value: ['{codename}', '{codename}-updates', '{codename}-security'],
        source: `${SPRINT}: "Stable release images will include stable-updates"`,
      },
      hostnames: { value: ['localhost', 'debian', 'localhost.localdomain'], source: `${IMAGES}, files/etc/hostname` },
      blockedModules: { value: ['pcspkr', 'floppy'], source: `${IMAGES}, files/etc/modprobe.d` },
    },
  },
  {
    distribution: ['debian'],
    release: ['sid', 'forky', '14'],
    expect: {
      requiredSuites: {
        value: ['{codename}'],
        source: `${POLICY}: unstable has neither an updates nor a security suite`,
      },
      automaticUpdates: {
        value: 'optional',
        source: 'https://wiki.debian.org/DebianUnstable: updates of unstable are not security updates',
      },
    },
  },
  {
    distribution: ['debian'],
    release: ['11'],
    expect: { endOfLife: { value: '2026-08-31', source: 'https://wiki.debian.org/LTS' } },
  },
  {
    distribution: ['debian'],
    release: ['12'],
    expect: { endOfLife: { value: '2028-06-30', source: 'https://wiki.debian.org/LTS' } },
  },
  {
    distribution: ['debian'],
    release: ['13'],
    expect: { endOfLife: { value: '2030-06-30', source: 'https://wiki.debian.org/LTS' } },
  },
  {
    distribution: ['debian'],
    platform: ['ec2'],
    expect: { defaultUser: { value: 'admin', source: 'https://wiki.debian.org/Cloud/AmazonEC2Image' } },
  },
  {
    distribution: ['debian'],
    variant: ['nocloud'],
    expect: {
      emptyPasswords: {
        value: ['root'],
        source:
          'https://cloud.debian.org/images/cloud/: the nocloud variant lets root log in on the console without a password',
      },
      rootPassword: { value: [], source: 'https://cloud.debian.org/images/cloud/' },
      requiredPackages: {
        value: [],
        source: 'https://cloud.debian.org/images/cloud/: nocloud has no provisioning agent',
      },
    },
  },
  {
    distribution: ['ubuntu'],
    expect: {
      defaultUser: { value: 'ubuntu', source: 'https://documentation.ubuntu.com/public-images/' },
      archiveHosts: {
        value: [
          'archive.ubuntu.com',
          '*.archive.ubuntu.com',
          'security.ubuntu.com',
          'ports.ubuntu.com',
          '*.ubuntu.com',
          'archive.lxd-vm',
          '*.clouds.archive.ubuntu.com',
          'azure.archive.ubuntu.com',
        ],
        source: 'https://documentation.ubuntu.com/server/reference/debian-package-management/',
      },
      components: {
        value: ['main', 'restricted', 'universe', 'multiverse'],
        source: 'https://help.ubuntu.com/community/Repositories/Ubuntu: all four are on in official images',
      },
      requiredSuites: {
        value: ['{codename}', '{codename}-updates', '{codename}-security'],
        source: 'https://ubuntu.com/security',
      },
      backports: {
        value: 'allowed',
        source: 'https://help.ubuntu.com/community/UbuntuBackports: on by default, pinned low',
      },
      hostnames: {
        value: ['localhost', 'ubuntu', 'localhost.localdomain'],
        source: 'https://documentation.ubuntu.com/public-images/',
      },
    },
  },
]
