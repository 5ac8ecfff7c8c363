import type { LogRule } from '../rule.ts'
import { cloudInit } from './sources.ts'

/** SSH keys, users and passwords. */
export const accountRules: readonly LogRule[] = [
  {
    id: 'ssh-creds-failed',
    severity: 'critical',
    means: 'no SSH key was installed for the default user',
    pattern: 'Applying SSH credentials failed!',
    source: cloudInit('cloudinit/config/cc_ssh.py'),
    hits: ['util.py[WARNING]: Applying SSH credentials failed!'],
    misses: ['util.py[WARNING]: Applying credentials failed!', 'Applying SSH credentials'],
  },
  {
    id: 'ssh-keygen-failed',
    severity: 'critical',
    means: 'an SSH host key could not be made',
    pattern: 'Failed generating key type [^ ]+ to file',
    source: cloudInit('cloudinit/config/cc_ssh.py'),
    hits: ['util.py[WARNING]: Failed generating key type rsa to file /etc/ssh/ssh_host_rsa_key'],
    misses: ['Generating public/private rsa key pair.', 'Failed generating key type to file'],
  },
  {
    id: 'ssh-deletekeys-failed',
    severity: 'error',
    means: 'an old SSH host key could not be deleted',
    pattern: 'Failed deleting key file',
    source: cloudInit('cloudinit/config/cc_ssh.py'),
    hits: ['util.py[WARNING]: Failed deleting key file /etc/ssh/ssh_host_rsa_key'],
    misses: ['util.py[DEBUG]: Attempting to remove /etc/ssh/ssh_host_rsa_key', 'Failed deleting file'],
  },
  {
    id: 'ssh-redirect-nokey',
    severity: 'allow',
    means: 'Oracle: a redirected user without a key',
    pattern: 'Unable to disable SSH logins for [^ ]+ given ssh_redirect_user',
    scope: { platforms: ['oci', 'oracle'] },
    source: cloudInit('cloudinit/distros/__init__.py'),
    reason: 'the platform gives no public key to users it redirects; upstream allows the line there',
    hits: [
      '__init__.py[WARNING]: Unable to disable SSH logins for opc given ssh_redirect_user: ubuntu. No cloud public-keys present.',
    ],
    misses: [
      '__init__.py[WARNING]: Unable to disable SSH logins for opc',
      'Unable to disable logins for x given ssh_redirect_user',
    ],
  },
  {
    id: 'ssh-pwauth-restart',
    severity: 'error',
    means: 'the SSH server did not take over its password setting',
    pattern: "'ssh_pwauth' configuration may not be applied",
    versions: '>22.4.2',
    source: cloudInit('cloudinit/config/cc_set_passwords.py'),
    hits: [
      "cc_set_passwords.py[WARNING]: 'ssh_pwauth' configuration may not be applied. Cloud-init was unable to restart SSH daemon due to error: 'x'",
    ],
    misses: ["cc_set_passwords.py[DEBUG]: 'ssh_pwauth' configuration applied"],
  },
  {
    id: 'user-passwd-failed',
    severity: 'error',
    means: 'a password could not be set',
    pattern: 'Failed to set (hashed )?passwords? ',
    source: cloudInit('cloudinit/config/cc_set_passwords.py'),
    hits: ["util.py[WARNING]: Failed to set passwords with chpasswd for ['a']"],
    misses: ['cc_set_passwords.py[DEBUG]: Changing password for a:', 'Failed to set passphrase'],
  },
  {
    id: 'user-create-failed',
    severity: 'critical',
    means: 'a user or group could not be made',
    pattern: 'Failed to create (user|group) [^ ]+',
    where: ['cloud-init.log', 'cloud-init-output.log'],
    source: cloudInit('cloudinit/distros/__init__.py'),
    hits: ['util.py[WARNING]: Failed to create user debian'],
    misses: ['__init__.py[DEBUG]: Adding user debian', 'Failed to create user'],
  },
  {
    id: 'user-no-default',
    severity: 'warn',
    means: 'the image has no default user',
    pattern: 'No default(_user| or defined user)|Distro has not implemented default user access',
    source: cloudInit('cloudinit/config/cc_set_passwords.py'),
    hits: ['cc_set_passwords.py[WARNING]: No default or defined user to change password for.'],
    misses: ['No default route', 'default_user: debian'],
  },
]
