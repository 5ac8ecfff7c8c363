import { type Mutation, atRest, azureOnFirstBoot, entry, onFirstBoot, pick } from './mutation.ts'

const person = {
  name: 'builder',
  uid: 1000,
  gid: 1000,
  home: '/home/builder',
  shell: '/bin/bash',
  password: 'star' as const,
}

export const ACCOUNTS_AND_SSH: Record<string, Mutation[]> = {
  'acct-no-empty-password': [
    atRest(
      'a service account without a password',
      (facts) => (pick(facts.accounts, ({ name }) => name === 'games').password = 'empty'),
    ),
  ],
  'acct-no-usable-password': [
    atRest(
      'a service account with a hash',
      (facts) => (pick(facts.accounts, ({ name }) => name === 'games').password = 'usable'),
    ),
  ],
  'acct-root-locked': [
    atRest(
      'root with an empty password',
      (facts) => (pick(facts.accounts, ({ name }) => name === 'root').password = 'empty'),
      { alsoFails: ['acct-no-empty-password'] },
    ),
    onFirstBoot(
      'root with a hash',
      (facts) => (pick(facts.accounts, ({ name }) => name === 'root').password = 'usable'),
      { alsoFails: ['acct-no-usable-password'] },
    ),
  ],
  'acct-single-uid0': [
    atRest('a second account with id 0', (facts) => facts.accounts.push({ ...person, name: 'toor', uid: 0 })),
  ],
  'acct-system-nologin': [
    atRest(
      'a service account with bash',
      (facts) => (pick(facts.accounts, ({ name }) => name === 'games').shell = '/bin/bash'),
    ),
    atRest(
      'a service account with an empty shell, which is /bin/sh',
      (facts) => (pick(facts.accounts, ({ name }) => name === 'games').shell = ''),
    ),
  ],
  'acct-no-baked-users': [atRest('an account of the builder', (facts) => facts.accounts.push(person))],
  'acct-default-user': [
    onFirstBoot('no default user', (facts) =>
      facts.accounts.splice(
        facts.accounts.findIndex(({ name }) => name === 'debian'),
        1,
      ),
    ),
    onFirstBoot('a default user in group disk', (facts) =>
      pick(facts.groups, ({ name }) => name === 'disk').members.push('debian'),
    ),
  ],
  'acct-sudo-policy': [
    onFirstBoot('a syntax error in sudoers.d', (facts) =>
      Object.assign(facts.sudo, { checkExitCode: 1, checkOutput: 'syntax error' }),
    ),
    onFirstBoot('Defaults targetpw', (facts) =>
      facts.sudo.lines.push({ file: '/etc/sudoers.d/suse', line: 'Defaults targetpw' }),
    ),
    onFirstBoot(
      'no rule without a password',
      (facts) => (facts.sudo.lines = facts.sudo.lines.filter(({ line }) => !line.includes('NOPASSWD'))),
    ),
    onFirstBoot('neither sudo nor doas', (facts) => (facts.sudo.programs = [])),
  ],
  'acct-no-history': [atRest('history of root', (facts) => facts.history.push(entry('/root/.bash_history')))],
  'ssh-enabled': [
    atRest('a disabled server', (facts) => {
      for (const name of ['ssh.service', 'sshd.service', 'ssh.socket']) facts.unitFiles[name] = 'disabled'
    }),
  ],
  'ssh-config-valid': [
    onFirstBoot('a bad option', (facts) =>
      Object.assign(facts.sshd, { testExitCode: 255, testOutput: 'Bad configuration option: Foo' }),
    ),
  ],
  'ssh-password-auth-off': [
    onFirstBoot('passwords', (facts) => (facts.sshd.options['passwordauthentication'] = 'yes')),
    onFirstBoot('passwords asked another way', (facts) => (facts.sshd.options['kbdinteractiveauthentication'] = 'yes')),
    onFirstBoot('empty passwords', (facts) => (facts.sshd.options['permitemptypasswords'] = 'yes')),
  ],
  'ssh-root-login-restricted': [
    onFirstBoot('root with anything', (facts) => (facts.sshd.options['permitrootlogin'] = 'yes')),
  ],
  'ssh-client-alive': [azureOnFirstBoot('no keepalive', (facts) => (facts.sshd.options['clientaliveinterval'] = '0'))],
  'ssh-no-baked-authorized-keys': [
    atRest('a key of the builder', (facts) =>
      facts.authorizedKeys.push({ ...entry('/root/.ssh/authorized_keys', { mode: '600' }), keys: 1, forced: 0 }),
    ),
  ],
  'ssh-hostkey-perms': [
    onFirstBoot('a host key everybody can read', (facts) => (pick(facts.hostKeys, (key) => key.private).mode = '644')),
    onFirstBoot(
      'a host key of another owner',
      (facts) => (pick(facts.hostKeys, (key) => key.private).owner = 'debian'),
    ),
    onFirstBoot('no host key', (facts) => (facts.hostKeys = [])),
  ],
  'ssh-no-weak-hostkey': [
    onFirstBoot('a DSA key', (facts) =>
      facts.hostKeys.push({
        path: '/etc/ssh/ssh_host_dsa_key',
        type: 'dsa',
        private: true,
        mode: '600',
        owner: 'root',
        group: 'root',
        bytes: 668,
      }),
    ),
    onFirstBoot(
      'a short RSA key',
      (facts) => (pick(facts.hostKeys, (key) => key.type === 'rsa' && !key.private).bits = 1024),
    ),
  ],
}
