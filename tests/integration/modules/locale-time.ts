import { regression } from '../../../src/testing/index.ts'
import { cloudConfig } from '../probes/user-data.ts'

const ZONE = 'Pacific/Chatham'

regression(
  'reg-mod-locale-tz',
  {
    title: 'time zone and locale of user-data are applied',
    because:
      'a time zone without its data or a locale that was never generated fails the stage for every user who asks',
    source:
      'https://docs.cloud-init.io/en/latest/reference/modules.html#timezone and https://github.com/canonical/cloud-init/issues/4195',
    severity: 'major',
    instance: 'own',
    group: 'modules',
    userData: cloudConfig(`
      timezone: ${ZONE}
      locale: POSIX
    `),
    fix: 'install tzdata and locales; see the timezone and locale modules in /var/log/cloud-init.log',
  },
  async ({ instance, expect }) => {
    expect(await instance.sh`readlink -f /etc/localtime`, 'target of /etc/localtime').toMatch(new RegExp(`/${ZONE}$`))
    expect(await instance.sh`env -u TZ date +%:z`, 'offset of the zone').toMatch(/^\+1[23]:45$/)
    const locale = await instance.root.sh`cat /etc/default/locale /etc/locale.conf 2>/dev/null; :`
    expect(locale, 'the locale file').toMatch(/^LANG="?(?:POSIX|C)"?$/m)
  },
)
