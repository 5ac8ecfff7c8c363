import { mirrorTrouble, PlatformError, regression } from '../../../src/testing/index.ts'
import { cloudConfig } from '../probes/user-data.ts'

regression(
  'reg-mod-packages',
  {
    title: 'packages asked for in user-data are installed with the native package manager',
    because: 'a wrapper that does not know the package manager of a new release fails here first',
    source: 'https://docs.cloud-init.io/en/latest/reference/modules.html#package-update-upgrade-install',
    severity: 'major',
    instance: 'own',
    group: 'modules',
    // An index that is older than its archive allows is no fault of the image; its signature is still checked.
    userData: cloudConfig(`
      bootcmd:
        - [sh, -c, 'if [ -d /etc/apt/apt.conf.d ]; then echo "Acquire::Check-Valid-Until false;" > /etc/apt/apt.conf.d/zz-harness-archive-age; fi']
      package_update: true
      packages:
        - tree
    `),
    fix: 'see /var/log/cloud-init-output.log for what the package manager printed',
  },
  async ({ instance, expect, facts, skip }) => {
    if (facts.packages.some((entry) => entry.name === 'tree')) skip('the package is part of the image')
    const version = await instance.packages.version('tree')
    if (version === undefined) {
      const log = await instance.root.run('cat /var/log/cloud-init-output.log')
      const trouble = mirrorTrouble(log.stdout)
      if (trouble !== undefined)
        throw new PlatformError('unavailable', `the archive failed while cloud-init installed a package: ${trouble}`)
    }
    expect(version, 'version of the installed package').toBeDefined()
    const result = await instance.probe`tree --version`
    expect(result.exitCode, result.stderr).toBe(0)
  },
)
