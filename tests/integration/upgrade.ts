import { regression } from '../../src/testing/index.ts'
import type { Facts } from '../../src/testing/index.ts'
import { cloudInitStatus } from './probes/cloud-init.ts'

regression(
  'reg-upg-ci-dirty',
  {
    title:
      'after the agent was upgraded in place the instance boots as the image did: same datasource, network and state',
    because:
      'agents are upgraded in images that people run by the thousand; what the new version reads differently is found here',
    source: 'https://github.com/canonical/cloud-init/blob/main/tests/integration_tests/test_upgrade.py',
    severity: 'blocker',
    fix: 'compare the two facts files named in the report; read the breaking changes of the versions between',
  },
  async ({ facts, firstBoot, expect, skip, instance, signal }) => {
    const before = firstBoot ?? skip('there are no facts from before')
    if (before.cloudInit.version === facts.cloudInit.version)
      skip(`the agent is ${facts.cloudInit.version ?? 'the same'} before and after`)
    expect(seen(facts), 'what an instance shows of itself').toEqual(seen(before))
    const status = await cloudInitStatus(instance, signal)
    expect(status.errors, 'errors of the new version').toEqual([])
  },
)

regression(
  'reg-clean-rebaseline',
  {
    title: 'the boot after `cloud-init clean` equals the first boot of the image',
    because: 'test rigs and image builders rely on it; presets applied on the way cost two minutes per boot',
    source:
      'https://docs.cloud-init.io/en/latest/howto/rerun_cloud_init.html and https://github.com/systemd/systemd/issues/22225',
    severity: 'major',
    applies: { init: ['systemd'] },
    fix: 'compare enabled units before and after: do not use --machine-id, empty /etc/machine-id instead',
  },
  async ({ facts, firstBoot, expect, skip }) => {
    const before = firstBoot ?? skip('there are no facts from before')
    // A package that brings new units is the upgrade's doing; units of both boots must be as they were.
    const names = Object.keys(facts.unitFiles).filter((name) => name in before.unitFiles)
    const changed = names.filter((name) => facts.unitFiles[name] !== before.unitFiles[name] && !/^cloud-/.test(name))
    expect(
      changed.map((name) => `${name}: ${before.unitFiles[name]} -> ${facts.unitFiles[name]}`),
      'units that were switched',
    ).toEqual([])
    expect(facts.networkRenderers, 'network managers').toEqual(before.networkRenderers)
    expect(facts.failedUnits, 'failed units').toEqual(before.failedUnits)
    expect(facts.cloudInit.status?.status, 'cloud-init status').toBe(before.cloudInit.status?.status)
  },
)

function seen(facts: Facts): Record<string, unknown> {
  return {
    datasource: facts.cloudInit.datasource,
    status: facts.cloudInit.status?.status,
    errors: facts.cloudInit.status?.errors,
    renderers: facts.networkRenderers,
    interfaces: [
      ...new Set(facts.addresses.map((address) => `${address.interface} ${address.family} ${address.scope}`)),
    ].sort(),
    hostname: facts.hostname.effective,
    locale: facts.locale.lang,
    zone: facts.time.zone,
  }
}
