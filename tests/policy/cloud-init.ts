import { describeFiles, policy, wanted } from '../../src/testing/index.ts'

const REFERENCE = 'https://docs.cloud-init.io/en/latest/reference'

policy(
  'ci-enabled',
  {
    title: 'cloud-init is installed and enabled',
    because: 'without it an instance gets no user, no key and no host name',
    source:
      'https://docs.cloud-init.io/en/latest/howto/disable_cloud_init.html; https://github.com/osbuild/cloud-image-val, test_cloud_init_is_installed',
    severity: 'blocker',
    phase: ['rest', 'first-boot', 'after-reboot'],
    fix: 'install cloud-init, enable its services, remove /etc/cloud/cloud-init.disabled',
  },
  ({ facts, expect }) => {
    const { installed, enabled, disabledBy, units } = facts.cloudInit
    expect(installed, 'cloud-init is installed').toBe(true)
    expect(enabled, `cloud-init is enabled; switched off by ${disabledBy ?? 'nothing'}`).toBe(true)
    const stages = ['cloud-init-local.service', 'cloud-config.service', 'cloud-final.service'].filter(
      (name) => units[name] !== undefined && units[name] !== 'enabled',
    )
    expect(
      stages.map((name) => `${name} is ${units[name]}`),
      'stages that do not start',
    ).toEqual([])
  },
)

policy(
  'ci-datasource-list',
  {
    title: 'the list of datasources is declared where the platform asks for it, and names only what it can be',
    because: 'each datasource that is probed costs time, and some answer to anybody on the network',
    source: `${REFERENCE}/base_config_reference.html, datasource_list; ${REFERENCE}/breaking_changes.html`,
    severity: 'major',
    phase: 'rest',
    fix: 'write datasource_list into /etc/cloud/cloud.cfg.d',
  },
  (context) => {
    const { declared, allowed } = wanted(context, 'datasources')
    const list = context.facts.cloudInit.datasourceList
    if (list === undefined) {
      if (declared === 'optional') context.skip('a generic image may leave the datasource to detection')
      return context.expect(list, 'datasource_list').toBeDefined()
    }
    context.expect(list, 'datasource_list').not.toEqual([])
    if (allowed.length > 0)
      context
        .expect(
          list.filter((name) => !allowed.includes(name)),
          'datasources the platform does not have',
        )
        .toEqual([])
  },
)

policy(
  'ci-config-valid',
  {
    title: 'the shipped configuration of cloud-init can be read',
    because: 'cloud-init ignores a file it cannot parse and boots with defaults nobody asked for',
    source: `${REFERENCE}/base_config_reference.html; https://github.com/osbuild/cloud-image-val, test_cloud_configs`,
    severity: 'major',
    phase: 'rest',
    fix: 'repair the YAML of the named file',
  },
  ({ facts, expect }) => {
    const { configFiles } = facts.cloudInit
    expect(
      configFiles.map(({ file }) => file),
      'configuration files',
    ).toContainEqual(expect.stringMatching(/\/cloud\.cfg$/))
    expect(
      configFiles.filter(({ parses }) => !parses).map(({ file, error }) => `${file}: ${error}`),
      'files that cannot be read',
    ).toEqual([])
  },
)

policy(
  'ci-modules-listed',
  {
    title: 'the modules that grow the disk, mount it and set up SSH and users are listed',
    because: 'a module that is not listed does not run, and nothing says so',
    source: `${REFERENCE}/modules.html; https://learn.microsoft.com/en-us/azure/virtual-machines/linux/create-upload-generic`,
    severity: 'major',
    phase: 'rest',
    fix: 'restore cloud_init_modules in /etc/cloud/cloud.cfg',
  },
  (context) => {
    const { init, config, final } = context.facts.cloudInit.modules
    const listed = [...init, ...config, ...final]
    context
      .expect(
        wanted(context, 'cloudInitModules').filter((name) => !listed.includes(name)),
        'modules that are not listed',
      )
      .toEqual([])
  },
)

policy(
  'ci-disable-root',
  {
    title: 'cloud-init keeps root out and makes new host keys',
    because: 'disable_root: false lets a key log in as root; ssh_deletekeys: false keeps keys of the image',
    source: `${REFERENCE}/modules.html, ssh`,
    severity: 'major',
    phase: 'rest',
    fix: 'remove both settings from /etc/cloud, or set them to true',
  },
  ({ facts, expect }) => {
    const { config } = facts.cloudInit
    const truthy = (value: unknown) =>
      value === undefined ||
      value === true ||
      value === 1 ||
      (typeof value === 'string' && /^(true|yes|1|on)$/i.test(value))
    expect(truthy(config['disable_root']), `disable_root is ${JSON.stringify(config['disable_root'])}`).toBe(true)
    expect(truthy(config['ssh_deletekeys']), `ssh_deletekeys is ${JSON.stringify(config['ssh_deletekeys'])}`).toBe(true)
    const password = config['ssh_pwauth']
    expect(
      password === undefined ||
        password === false ||
        (typeof password === 'string' && /^(unchanged|false|no|0|off)$/i.test(password)),
      `ssh_pwauth is ${JSON.stringify(password)}`,
    ).toBe(true)
  },
)

policy(
  'ci-log-perms',
  {
    title: 'the logs of cloud-init are not readable by everybody',
    because: 'they quote user-data and what its commands print, secrets included',
    source: 'https://bugs.launchpad.net/cloud-init/+bug/1918303; https://bugs.launchpad.net/cloud-init/+bug/2013967',
    severity: 'major',
    phase: ['first-boot', 'after-reboot'],
    fix: 'update cloud-init, or create the log with mode 640 in the image',
  },
  ({ facts, expect }) => {
    const logs = facts.cloudInit.logs.filter(({ type }) => type === 'f')
    expect(
      logs.map(({ path }) => path),
      'logs of cloud-init',
    ).not.toEqual([])
    expect(
      describeFiles(logs.filter(({ mode }) => (Number.parseInt(mode, 8) & 0o007) !== 0)),
      'logs others can read',
    ).toEqual([])
  },
)

policy(
  'ci-runtime-deps',
  {
    title: 'the commands cloud-init calls are installed',
    because: 'a missing command shows up as a failed module on the first boot of somebody else',
    source: `${REFERENCE}/breaking_changes.html; https://github.com/canonical/cloud-init/issues/6645`,
    severity: 'blocker',
    phase: 'rest',
    fix: 'install the packages that have the named commands',
  },
  (context) => {
    const { commands, installed } = context.facts.cloudInit
    if (!installed) context.skip('cloud-init is not installed')
    const missing = wanted(context, 'cloudInitCommands').filter(
      (names) => !names.some((name) => commands[name] !== undefined),
    )
    context
      .expect(
        missing.map((names) => names.join(' or ')),
        'commands that are missing',
      )
      .toEqual([])
  },
)

policy(
  'ci-templates',
  {
    title: 'the templates cloud-init fills in for this distribution exist',
    because: 'without its template cloud-init leaves archives, hosts or resolver untouched',
    source: 'https://docs.cloud-init.io/en/latest/reference/base_config_reference.html, paths.templates_dir',
    severity: 'minor',
    phase: 'rest',
    fix: 'reinstall cloud-init',
  },
  ({ facts, expect, skip }) => {
    if (!facts.cloudInit.installed) skip('cloud-init is not installed')
    const names = facts.cloudInit.templates.map((path) => path.slice(path.lastIndexOf('/') + 1))
    const family = facts.packageManager === 'apt' ? `sources.list.${facts.os.id}` : 'hosts'
    expect(
      names.filter((name) => name.startsWith(family) || name.startsWith('hosts.')),
      `templates named ${family}* or hosts.* among ${names.length}`,
    ).not.toEqual([])
    if (facts.packageManager === 'apt')
      expect(
        names.filter((name) => name.startsWith(family)),
        `templates named ${family}*`,
      ).not.toEqual([])
  },
)

policy(
  'ci-run-dir',
  {
    title: 'the run directory of cloud-init is emptied at every boot',
    because: 'state of the boot before decides there whether cloud-init runs',
    source:
      'https://github.com/canonical/cloud-init/issues/4180; https://docs.cloud-init.io/en/latest/reference/breaking_changes.html',
    severity: 'major',
    phase: 'first-boot',
    fix: 'mount /run as tmpfs, or point paths.run_dir at /var/run on FreeBSD',
  },
  ({ facts, expect }) => {
    if (facts.os.id === 'freebsd') {
      const { system_info: system } = facts.cloudInit.config
      return expect(JSON.stringify(system ?? {}), 'paths.run_dir').toContain('/var/run')
    }
    const run = facts.mounts.filter(({ target }) => target === '/run')
    expect(
      run.map(({ type }) => type),
      'file system of /run',
    ).toContain('tmpfs')
  },
)

policy(
  'ci-first-boot-clean',
  {
    title: 'cloud-init finished its first boot without an error',
    because: 'a failed first boot is invisible after a reboot, and the user gets half a configured instance',
    source: 'https://docs.cloud-init.io/en/latest/howto/status.html',
    severity: 'blocker',
    phase: ['first-boot', 'after-reboot'],
    fix: 'read /var/log/cloud-init.log from the first ERROR on',
  },
  ({ facts, expect, expected, skip }) => {
    if (!facts.cloudInit.installed) skip('cloud-init is not installed')
    const { status } = facts.cloudInit
    const tolerated = (expected.toleratedCloudInitMessages?.value ?? []).map(({ pattern }) => new RegExp(pattern))
    const unknown = Object.values(status?.recoverableErrors ?? {})
      .flat()
      .filter((message) => !tolerated.some((pattern) => pattern.test(message)))
    expect(status?.status ?? 'no status', `cloud-init status; errors: ${status?.errors.join('; ') || 'none'}`).toBe(
      'done',
    )
    // Nothing but errors that are known not to be the image's counts as none.
    if (status?.exitCode === 2 && tolerated.length > 0 && Object.keys(status.recoverableErrors).length > 0)
      return expect(unknown, 'recoverable errors of cloud-init').toEqual([])
    expect(status?.exitCode, 'exit status of cloud-init status: 1 is an error, 2 a recoverable one').toBe(0)
  },
)
