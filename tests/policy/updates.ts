import { isKnown, known, policy, wanted } from '../../src/testing/index.ts'

policy(
  'upd-automatic',
  {
    title: 'security updates are installed automatically',
    because: 'most instances are never logged in to again',
    source:
      'Debian Cloud Sprint 2016, https://wiki.debian.org/Sprints/2016/DebianCloudNov2016: unattended-upgrades by default; https://github.com/GoogleCloudPlatform/cloud-image-tests, TestAutomaticUpdates',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    fix: 'install unattended-upgrades and set both APT::Periodic values to 1 in /etc/apt/apt.conf.d/20auto-upgrades',
  },
  (context) => {
    const { facts, expect } = context
    if (wanted(context, 'automaticUpdates') === 'optional') context.skip('not asked of this distribution and release')
    if (facts.packageManager !== 'apt') {
      const timers = [
        'dnf-automatic.timer',
        'dnf-automatic-install.timer',
        'dnf5-automatic.timer',
        'yum-cron.service',
        'transactional-update.timer',
      ]
      expect(
        timers.filter((name) => facts.unitFiles[name] === 'enabled'),
        'timers of automatic updates',
      ).not.toEqual([])
      return
    }
    const installed = facts.packages.some(
      ({ name, status }) => name === 'unattended-upgrades' && status === 'installed',
    )
    expect(installed, 'unattended-upgrades is installed').toBe(true)
    for (const key of ['APT::Periodic::Update-Package-Lists', 'APT::Periodic::Unattended-Upgrade']) {
      const value = facts.aptConfig[key]?.at(-1) ?? '0 (unset)'
      expect(value, key).toMatch(/^([1-9]\d*[smhd]?|always)$/)
    }
    const timers = ['apt-daily.timer', 'apt-daily-upgrade.timer']
    expect(
      timers.filter((name) => !/^(enabled|static)/.test(known(facts.unitFiles, 'unit files')[name] ?? '')),
      'timers that are not enabled',
    ).toEqual([])
  },
)

policy(
  'upd-none-pending',
  {
    title: 'no security update is pending',
    because: 'an image is published with the fixes that exist on that day',
    source:
      'https://docs.aws.amazon.com/marketplace/latest/userguide/product-and-ami-policies.html, "must not contain known vulnerabilities"',
    severity: 'major',
    phase: ['first-boot', 'after-reboot'],
    fix: 'build the image again; it is older than the fix',
  },
  ({ facts, expect, skip }) => {
    if (!isKnown(facts, 'pendingUpgrades')) skip(`package lists were not refreshed: ${facts.unknown.pendingUpgrades}`)
    expect(
      facts.pendingUpgrades.filter(({ security }) => security).map(({ name, version }) => `${name} ${version}`),
      'pending security updates',
    ).toEqual([])
  },
)
