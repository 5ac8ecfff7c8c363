import { atRest, NO_SSHD, running } from './bad-image.ts'

// the hash of a random password nobody kept
const HASH = '$6$saltsalt$Y5vQ0gnUfjqnR0BH6y0e3zTPKjjv5qCqf2d9oaYQGoLkVyJ8hGZ0qjZkTgIv3K2sCVx5rb1cVg3dX4l0mN7ab.'
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7d0lO8gT2jv8m0p1T4cF5hZy1C6tq3q1o2s7b9K4xE builder@example\n'

/** Faults of accounts and of the ways in. */
export const badAccounts = [
  atRest(
    'empty-root-password',
    'acct-no-empty-password',
    'root has an empty password',
    { edits: [`sed -i 's/^root:[^:]*:/root::/' "$tree/etc/shadow"`] },
    ['acct-root-locked'],
  ),
  atRest(
    'root-password',
    'acct-root-locked',
    'root has a password',
    { edits: [`sed -i 's|^root:[^:]*:|root:${HASH}:|' "$tree/etc/shadow"`] },
    ['acct-no-usable-password'],
  ),
  atRest('usable-password', 'acct-no-usable-password', 'an account has a password', {
    edits: [`sed -i 's|^games:[^:]*:|games:${HASH}:|' "$tree/etc/shadow"`],
  }),
  atRest('second-uid-0', 'acct-single-uid0', 'a second account is root', {
    edits: [
      `echo 'toor:x:0:0:second root:/root:/usr/sbin/nologin' >>"$tree/etc/passwd"`,
      `echo 'toor:*:20000:0:99999:7:::' >>"$tree/etc/shadow"`,
    ],
  }),
  atRest('system-shell', 'acct-system-nologin', 'a system account has a login shell', {
    edits: [`sed -i 's|^\\(games:.*\\):[^:]*$|\\1:/bin/bash|' "$tree/etc/passwd"`],
  }),
  atRest('baked-user', 'acct-no-baked-users', 'an ordinary account is in the image', {
    edits: [
      `echo 'builder:x:1001:1001::/home/builder:/bin/bash' >>"$tree/etc/passwd"`,
      `echo 'builder:!:20000:0:99999:7:::' >>"$tree/etc/shadow"`,
      `echo 'builder:x:1001:' >>"$tree/etc/group"`,
    ],
  }),
  atRest('baked-authorized-keys', 'ssh-no-baked-authorized-keys', 'the key of the builder opens every instance', {
    files: [{ path: '/root/.ssh/authorized_keys', content: KEY, mode: 0o600 }],
  }),
  atRest('shell-history', 'acct-no-history', 'the history of the builder is in the image', {
    files: [{ path: '/root/.bash_history', content: 'apt-get install secret-thing\n', mode: 0o600 }],
  }),
  running('password-auth', { by: 'policy', id: 'ssh-password-auth-off', phase: 'first-boot' }, 'sshd takes passwords', {
    files: [{ path: '/etc/ssh/sshd_config.d/00-bad-password.conf', content: 'PasswordAuthentication yes\n' }],
  }),
  running(
    'root-login',
    { by: 'policy', id: 'ssh-root-login-restricted', phase: 'first-boot' },
    'root may log in with a password',
    { files: [{ path: '/etc/ssh/sshd_config.d/00-bad-root.conf', content: 'PermitRootLogin yes\n' }] },
  ),
  atRest('no-ssh', 'ssh-enabled', 'nothing starts sshd', {
    edits: [
      'rm -f "$tree"/etc/systemd/system/*.wants/ssh.service "$tree"/etc/systemd/system/*.wants/ssh.socket "$tree/etc/systemd/system/sshd.service"',
    ],
  }),
  running(
    'sshd-syntax',
    { by: 'policy', id: 'ssh-config-valid', phase: 'first-boot' },
    'sshd refuses its configuration',
    { files: [{ path: '/etc/ssh/sshd_config.d/00-bad-syntax.conf', content: 'NoSuchOption yes\n' }] },
    NO_SSHD,
  ),
  running(
    'no-sudo',
    { by: 'policy', id: 'acct-sudo-policy', phase: 'first-boot' },
    'the default user cannot become root',
    {
      cfg: 'system_info:\n  default_user:\n    name: debian\n    lock_passwd: true\n    groups: [adm]\n    sudo: []\n    shell: /bin/bash\n',
    },
  ),
]
