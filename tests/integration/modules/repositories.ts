import { regression } from '../../../src/testing/index.ts'
import { cloudConfig } from '../probes/user-data.ts'

regression(
  'reg-mod-repos',
  {
    title: 'an extra package source of user-data is configured and read',
    because: 'companies install their software from their own archive at the first boot',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#apt-configure',
    severity: 'major',
    instance: 'own',
    group: 'modules',
    applies: { distributions: ['debian', 'ubuntu'] },
    userData: cloudConfig(`
      bootcmd:
        - [sh, -c, 'mkdir -p /var/lib/harness-repository && : > /var/lib/harness-repository/Packages']
      apt:
        preserve_sources_list: true
        sources:
          harness-regression:
            source: 'deb [trusted=yes] file:/var/lib/harness-repository ./'
    `),
    fix: 'see the apt_configure module in /var/log/cloud-init.log',
  },
  async ({ instance, expect }) => {
    const files = await instance.root.sh`grep -rl harness-repository /etc/apt/sources.list.d; :`
    expect(files.split('\n').filter(Boolean), 'files that name the source').toHaveLength(1)
    expect(files, 'its name').toContain('harness-regression')
    const targets = await instance.root.sh`apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages'`
    expect(targets, 'sources apt reads').toContain('/var/lib/harness-repository')
  },
)

regression(
  'reg-auto-update-off',
  {
    title: 'automatic updates can be switched off by user-data, and no package manager is left running',
    because: 'people who update by other means must be able to, and a lock held after boot breaks their tools',
    source: 'https://wiki.debian.org/UnattendedUpgrades and the Debian Cloud Sprint 2016 notes',
    severity: 'minor',
    instance: 'own',
    group: 'modules',
    applies: { distributions: ['debian', 'ubuntu'] },
    userData: cloudConfig(`
      apt:
        conf: |
          APT::Periodic::Update-Package-Lists "0";
          APT::Periodic::Unattended-Upgrade "0";
    `),
    fix: 'a file in /etc/apt/apt.conf.d that sorts behind 94cloud-init-config sets the value again',
  },
  async ({ instance, expect }) => {
    const config = await instance.root.sh`apt-config dump APT::Periodic`
    expect(config, 'APT::Periodic').toMatch(/^APT::Periodic::Unattended-Upgrade "0";$/m)
    expect(config, 'APT::Periodic').toMatch(/^APT::Periodic::Update-Package-Lists "0";$/m)
    const lock = await instance.root.run(
      'apt-get -s -o Debug::NoLocking=false -o DPkg::Lock::Timeout=5 clean && apt-get check',
      { deadline: '30 seconds' },
    )
    expect(lock.exitCode, lock.stderr).toBe(0)
  },
)
