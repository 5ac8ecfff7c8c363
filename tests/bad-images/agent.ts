import { atRest, MODULE_FAILED, running } from './bad-image.ts'

/** Faults of the agent as the image ships it. */
export const badAgent = [
  atRest('cloud-init-disabled', 'ci-enabled', 'cloud-init is switched off', {
    files: [{ path: '/etc/cloud/cloud-init.disabled', content: '' }],
  }),
  atRest('no-datasource', 'ci-datasource-list', 'cloud-init may ask nobody for data', { cfg: 'datasource_list: []\n' }),
  atRest('broken-locale', 'loc-cloud-cfg-available', 'the locale cloud-init sets does not exist', {
    cfg: 'locale: xx_XX.UTF-8\n',
  }),
  atRest('root-enabled', 'ci-disable-root', 'cloud-init lets root log in', { cfg: 'disable_root: false\n' }),
  atRest('old-host-keys-kept', 'ci-disable-root', 'cloud-init keeps the host keys of the image', {
    cfg: 'ssh_deletekeys: false\n',
  }),
  atRest('broken-yaml', 'ci-config-valid', 'a configuration file of cloud-init is not YAML', {
    cfg: 'locale: [C.UTF-8\n',
  }),
  atRest('no-growpart', 'ci-modules-listed', 'the root file system does not grow', {
    cfg: 'cloud_init_modules: [migrator, bootcmd, write-files, set_hostname, users-groups, ssh]\n',
  }),
  atRest(
    'no-lsblk',
    'ci-runtime-deps',
    'a command that cloud-init calls is gone',
    { edits: ['rm -f "$tree/usr/bin/lsblk"'] },
    ['pkg-files-unmodified'],
  ),
  running(
    'module-fails',
    { by: 'regression', id: 'reg-ci-status-first', phase: 'regression' },
    'a module of cloud-init fails at the first boot',
    { cfg: 'timezone: Nowhere/Land\n' },
    MODULE_FAILED,
  ),
  running(
    'script-fails',
    { by: 'log-rule', id: 'ci-script-failed', phase: 'first-boot' },
    'a script of the image fails at the first boot',
    {
      files: [{ path: '/var/lib/cloud/scripts/per-instance/bad.sh', content: '#!/bin/sh\nexit 3\n', mode: 0o755 }],
    },
    MODULE_FAILED,
  ),
  running(
    'log-readable',
    { by: 'policy', id: 'ci-log-perms', phase: 'after-reboot' },
    'everybody may read the log of cloud-init',
    {
      files: [
        {
          path: '/etc/systemd/system/cloud-final.service.d/bad.conf',
          content: '[Service]\nExecStartPost=/bin/chmod 0644 /var/log/cloud-init.log\n',
        },
      ],
    },
  ),
]
