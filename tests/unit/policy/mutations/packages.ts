import type { Repository } from '../../../../src/instance/facts/facts.ts'
import { type Mutation, atRest, onFirstBoot, pick } from './mutation.ts'

const repository = (more: Partial<Repository>): Repository => ({
  file: '/etc/apt/sources.list.d/extra.list',
  line: 1,
  types: ['deb'],
  uri: 'http://deb.debian.org/debian',
  suites: ['trixie'],
  components: ['main'],
  enabled: true,
  options: {},
  ...more,
})

export const PACKAGES: Record<string, Mutation[]> = {
  'repo-only-official': [
    atRest('an archive of a third party', (facts) =>
      facts.repositories.push(repository({ uri: 'https://packages.example.com/apt' })),
    ),
    atRest('a name that only begins like an official one', (facts) =>
      facts.repositories.push(repository({ uri: 'http://deb.debian.org.example.com/debian' })),
    ),
    atRest('a local folder', (facts) => facts.repositories.push(repository({ uri: 'file:/srv/localdebs' }))),
    atRest('no archive at all', (facts) => (facts.repositories = []), { alsoFails: ['repo-updates-enabled'] }),
  ],
  'repo-main-only': [
    atRest('non-free in a deb822 file', (facts) =>
      pick(facts.repositories, ({ file }) => file.endsWith('.sources')).components.push('non-free'),
    ),
    atRest('a package of non-free-firmware', (facts) =>
      facts.packages.push({
        name: 'firmware-amd',
        version: '1',
        arch: 'all',
        section: 'non-free-firmware/kernel',
        status: 'installed',
      }),
    ),
  ],
  'repo-updates-enabled': [
    atRest(
      'no security archive',
      (facts) =>
        (facts.repositories = facts.repositories.filter(
          ({ suites }) => !suites.some((suite) => suite.endsWith('-security')),
        )),
    ),
    atRest(
      'a security archive that is switched off',
      (facts) =>
        (pick(facts.repositories, ({ suites }) => suites.some((suite) => suite.endsWith('-security'))).enabled = false),
    ),
  ],
  'repo-no-backports': [
    atRest('backports', (facts) => facts.repositories.push(repository({ suites: ['trixie-backports'] }))),
  ],
  'repo-signed': [
    atRest('trusted=yes', (facts) => facts.repositories.push(repository({ insecure: 'trusted=yes' }))),
    atRest('unsigned packages allowed', (facts) => (facts.aptConfig['APT::Get::AllowUnauthenticated'] = ['true'])),
  ],
  'pkg-db-consistent': [
    atRest('a half-installed package', (facts) => facts.packageDb.output.push('foo 1.0: install ok half-installed')),
    onFirstBoot('an audit that fails without a word', (facts) => (facts.packageDb.exitCode = 2)),
  ],
  'pkg-files-unmodified': [
    atRest('a changed binary', (facts) =>
      facts.modifiedFiles.push({ path: '/usr/bin/sudo', flags: 'content', config: false }),
    ),
  ],
  'pkg-required': [
    atRest('no locales', (facts) => (facts.packages = facts.packages.filter(({ name }) => name !== 'locales'))),
  ],
  'pkg-unwanted': [
    atRest('a desktop', (facts) =>
      facts.packages.push({ name: 'task-xfce-desktop', version: '1', arch: 'all', status: 'installed' }),
    ),
  ],
  'pkg-no-orphans': [
    onFirstBoot(
      'a package from nowhere',
      (facts) => Object.defineProperty(facts, 'orphans', { value: ['mystery'] }) && delete facts.unknown.orphans,
    ),
  ],
  'pkg-64bit': [
    atRest('a foreign architecture', (facts) => facts.foreignArchitectures.push('i386')),
    atRest('a foreign package', (facts) =>
      facts.packages.push({ name: 'libc6', version: '1', arch: 'i386', status: 'installed' }),
    ),
  ],
  'upd-automatic': [
    atRest(
      'no unattended-upgrades',
      (facts) => (facts.packages = facts.packages.filter(({ name }) => name !== 'unattended-upgrades')),
      { alsoFails: ['pkg-required'] },
    ),
    atRest('switched off in apt.conf.d', (facts) => (facts.aptConfig['APT::Periodic::Unattended-Upgrade'] = ['0'])),
    atRest('masked timer', (facts) => (facts.unitFiles['apt-daily-upgrade.timer'] = 'masked'), {
      alsoFails: ['boot-no-masked-basics'],
    }),
  ],
  'upd-none-pending': [
    onFirstBoot(
      'a pending security update',
      (facts) =>
        Object.defineProperty(facts, 'pendingUpgrades', {
          value: [{ name: 'openssl', version: '3.5.1-1+deb13u9', security: true }],
        }) && delete facts.unknown.pendingUpgrades,
    ),
  ],
}
