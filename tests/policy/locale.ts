import { policy, wanted } from '../../src/testing/index.ts'

const normal = (locale: string) => locale.toLowerCase().replace('utf-8', 'utf8')

policy(
  'loc-default',
  {
    title: 'the default locale is C.UTF-8',
    because:
      'without UTF-8 programs fail on the first character outside ASCII; other locales change sorting and messages',
    source:
      'Debian Cloud Sprint 2016, https://wiki.debian.org/Sprints/2016/DebianCloudNov2016; https://salsa.debian.org/cloud-team/debian-cloud-images, test_etc_default_locale',
    severity: 'minor',
    phase: ['rest', 'first-boot'],
    fix: 'write LANG=C.UTF-8 into /etc/default/locale or /etc/locale.conf',
  },
  (context) => {
    const allowed = wanted(context, 'locales').map(normal)
    context.expect(normal(context.facts.locale.lang ?? '(not set)'), 'LANG').toBeOneOf(allowed)
  },
)

policy(
  'loc-default-available',
  {
    title: 'the default locale exists',
    because:
      'programs warn at every start, and perl-based tools most of all, when LANG names a locale that is not there',
    source: 'locale(7), setlocale(3)',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    fix: 'generate the locale, or use C.UTF-8, which needs none',
  },
  ({ facts, expect, skip }) => {
    const { lang, available } = facts.locale
    if (lang === undefined || ['C', 'POSIX', 'c.utf8'].includes(lang) || normal(lang) === 'c.utf8') return
    if (facts.os.id === 'alpine') skip('musl needs no locale files')
    expect(available.map(normal), `locales that exist; LANG is ${lang}`).toContain(normal(lang))
  },
)

policy(
  'loc-cloud-cfg-available',
  {
    title: 'the locale cloud-init will set exists',
    because: 'cloud-init fails its first boot when it cannot make the locale it is told to set',
    source: 'https://github.com/canonical/cloud-init/issues/4195',
    severity: 'major',
    phase: 'rest',
    applies: {
      distributions: ['debian', 'ubuntu', 'rhel', 'centos', 'almalinux', 'rocky', 'fedora', 'opensuse-leap', 'sles'],
    },
    fix: 'set locale: C.UTF-8 in /etc/cloud/cloud.cfg.d, or generate the locale in the image',
  },
  ({ facts, expect, skip }) => {
    if (!facts.cloudInit.installed) skip('cloud-init is not installed')
    const { config, modules, version = '0' } = facts.cloudInit
    const runs = [...modules.init, ...modules.config, ...modules.final].includes('locale')
    if (!runs) return
    const [major = 0, minor = 0] = version.split('.').map(Number)
    // Before 23.4 Debian's default was en_US.UTF-8; later versions leave the locale of the image alone.
    const old = (major < 23 || (major === 23 && minor < 4)) && ['debian', 'ubuntu'].includes(facts.os.id)
    const configured = config['locale']
    if (configured === false) return
    const locale = typeof configured === 'string' ? configured : old ? 'en_US.UTF-8' : (facts.locale.lang ?? 'C.UTF-8')
    const available = [...facts.locale.available.map(normal), 'c', 'posix', 'c.utf8']
    expect(available, `locales that exist; cloud-init ${version} will set ${locale}`).toContain(normal(locale))
  },
)
