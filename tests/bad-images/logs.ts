import { MODULE_FAILED, NO_NETWORK, NO_SSHD, running, WARNED } from './bad-image.ts'

const dropIn = (unit: string, content: string) => ({ path: `/etc/systemd/system/${unit}.d/bad.conf`, content })
const told = (id: string) => ({ by: 'log-rule', id, phase: 'first-boot' }) as const
// Three seconds instead of two minutes for a network that never comes.
const shortWait = dropIn(
  'systemd-networkd-wait-online.service',
  '[Service]\nExecStart=\nExecStart=/usr/lib/systemd/systemd-networkd-wait-online --timeout=3\n',
)
const DEAD_ARCHIVE =
  'Types: deb\nURIs: http://127.0.0.1:9/debian\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n'

/** Faults of which the logs tell more than any state that is left behind. */
export const badLogs = [
  running(
    'fallback-datasource',
    told('ds-none-fallback'),
    'cloud-init may use the fallback only',
    { cfg: 'datasource_list: [None]\n', files: [shortWait] },
    [...NO_NETWORK, 'reg-ci-datasource', 'reg-net-render'],
  ),
  running(
    'no-such-datasource',
    told('ci-likely-bad'),
    'cloud-init looks for a disk that never comes',
    { cfg: 'datasource_list: [ConfigDrive]\n', files: [shortWait] },
    [
      ...NO_NETWORK,
      ...NO_SSHD,
      ...MODULE_FAILED.filter((id) => id !== 'log-ci-module-failed'),
      'acct-default-user',
      'acct-sudo-policy',
      'loc-default',
      'log-ci-traceback',
      'reg-ci-datasource',
      'reg-ci-no-secrets',
      'reg-net-render',
      'ssh-hostkey-perms',
    ],
  ),
  running(
    'no-renderer',
    told('net-render-failed'),
    'cloud-init may write no network configuration',
    { cfg: 'system_info:\n  network:\n    renderers: [sysconfig]\n', files: [shortWait] },
    [...NO_NETWORK, ...WARNED],
  ),
  running(
    'bad-commands',
    told('ci-bootcmd-failed'),
    'commands of the image fail at the first boot',
    { cfg: 'bootcmd: ["exit 3"]\nruncmd: ["exit 4"]\n' },
    [...MODULE_FAILED, 'log-ci-script-failed'],
  ),
  running(
    'no-such-module',
    told('ci-module-missing'),
    'a module that does not exist is configured',
    { cfg: 'cloud_final_modules: [scripts-user, nosuch, final_message]\n' },
    WARNED,
  ),
  running(
    'dead-archive',
    told('pkg-update-failed'),
    'packages come from an archive that does not answer',
    {
      cfg: 'package_update: true\npackages: [nosuch-package]\napt:\n  preserve_sources_list: true\n',
      files: [{ path: '/etc/apt/sources.list.d/debian.sources', content: DEAD_ARCHIVE }],
    },
    [...MODULE_FAILED, 'log-ci-level-warning', 'log-pkg-apt-fetch', 'reg-net-dns'],
  ),
  running(
    'bad-accounts',
    told('user-create-failed'),
    'accounts that cannot be made are configured',
    {
      cfg: 'users: [default, {name: late, expiredate: never}]\nchpasswd:\n  expire: false\n  users: [{name: nobody-here, password: x, type: text}]\n',
    },
    [
      ...MODULE_FAILED,
      'acct-default-user',
      'acct-sudo-policy',
      'log-ci-level-warning',
      'log-ssh-creds-failed',
      'log-user-passwd-failed',
      'reg-boot-ssh',
    ],
  ),
  running(
    'bad-disks',
    told('disk-setup-failed'),
    'a disk that is not there should be partitioned',
    { cfg: 'disk_setup:\n  /dev/nosuch: {table_type: gpt, layout: true}\n' },
    ['ci-first-boot-clean', 'reg-ci-no-traceback', 'reg-ci-no-warnings'],
  ),
  running(
    'no-keygen',
    told('ssh-keygen-failed'),
    'host keys cannot be made',
    { files: [{ path: '/usr/bin/ssh-keygen', content: '#!/bin/sh\nexit 1\n', mode: 0o755 }] },
    [...NO_SSHD, ...WARNED, 'reg-ci-no-traceback', 'ssh-hostkey-perms'],
  ),
  running(
    'stage-fails',
    told('sd-unit-failed'),
    'the unit of a stage fails',
    { files: [dropIn('cloud-config.service', '[Service]\nExecStartPost=/bin/false\n')] },
    ['reg-ci-units', 'reg-journal-baseline', 'reg-svc-failed'],
  ),
  running(
    'log-owner',
    told('log-perms-failed'),
    'the log should belong to somebody who does not exist',
    { cfg: 'syslog_fix_perms: "nosuch:nosuch"\n' },
    WARNED,
  ),
  running(
    'no-templates',
    told('ci-template-missing'),
    'a template of cloud-init is gone',
    {
      cfg: 'manage_etc_hosts: true\n',
      edits: ['rm -f "$tree/etc/cloud/templates/hosts.debian.tmpl"'],
    },
    MODULE_FAILED,
  ),
  running('unknown-setting', told('sd-unknown-key'), 'a unit has a setting that systemd does not know', {
    files: [dropIn('cron.service', '[Service]\nNoSuchSetting=1\n')],
  }),
  running(
    'no-locale',
    told('locale-update-failed'),
    'the locale cloud-init sets does not exist',
    { cfg: 'locale: xx_XX.UTF-8\n' },
    [...MODULE_FAILED, 'loc-default'],
  ),
  running(
    'no-default-user',
    told('user-no-default'),
    'a password is set for a default user that is not made',
    { cfg: 'users: []\npassword: x\n' },
    [...WARNED, 'acct-default-user', 'acct-sudo-policy', 'reg-boot-ssh'],
  ),
]
