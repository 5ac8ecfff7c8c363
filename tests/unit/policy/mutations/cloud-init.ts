import { type Mutation, atRest, azureAtRest, onFirstBoot, pick } from './mutation.ts'

export const CLOUD_INIT: Record<string, Mutation[]> = {
  'ci-enabled': [
    atRest('cloud-init.disabled', (facts) =>
      Object.assign(facts.cloudInit, { enabled: false, disabledBy: '/etc/cloud/cloud-init.disabled' }),
    ),
    atRest('a stage that is disabled', (facts) => (facts.cloudInit.units['cloud-config.service'] = 'disabled')),
    onFirstBoot('not installed', (facts) => Object.assign(facts.cloudInit, { installed: false, enabled: false })),
  ],
  'ci-datasource-list': [
    azureAtRest('no list where one is required', (facts) => delete facts.cloudInit.datasourceList),
    azureAtRest('a datasource the platform does not have', (facts) =>
      facts.cloudInit.datasourceList?.push('OpenStack'),
    ),
    atRest('an empty list', (facts) => (facts.cloudInit.datasourceList = [])),
  ],
  'ci-config-valid': [
    atRest('a tab in a YAML file', (facts) =>
      facts.cloudInit.configFiles.push({
        file: '/etc/cloud/cloud.cfg.d/99.cfg',
        bytes: 10,
        parses: false,
        error: 'tabs are not allowed',
      }),
    ),
  ],
  'ci-modules-listed': [
    atRest(
      'no growpart',
      (facts) => (facts.cloudInit.modules.init = facts.cloudInit.modules.init.filter((name) => name !== 'growpart')),
    ),
  ],
  'ci-disable-root': [
    atRest('root allowed', (facts) => (facts.cloudInit.config['disable_root'] = false)),
    atRest('host keys kept', (facts) => (facts.cloudInit.config['ssh_deletekeys'] = false)),
    atRest('passwords allowed', (facts) => (facts.cloudInit.config['ssh_pwauth'] = true)),
  ],
  'ci-log-perms': [
    onFirstBoot('a log everybody can read', (facts) => (pick(facts.cloudInit.logs, () => true).mode = '644')),
    onFirstBoot('no log', (facts) => (facts.cloudInit.logs = [])),
  ],
  'ci-runtime-deps': [
    atRest('no growpart command', (facts) => delete facts.cloudInit.commands['growpart'], {
      alsoFails: ['disk-root-growable'],
    }),
  ],
  'ci-templates': [atRest('no templates', (facts) => (facts.cloudInit.templates = []))],
  'ci-run-dir': [
    onFirstBoot('/run on disk', (facts) => (facts.mounts = facts.mounts.filter(({ target }) => target !== '/run'))),
  ],
  'ci-first-boot-clean': [
    onFirstBoot(
      'an error',
      (facts) =>
        facts.cloudInit.status &&
        Object.assign(facts.cloudInit.status, { status: 'error', exitCode: 1, errors: ['boom'] }),
    ),
    onFirstBoot(
      'a recoverable error',
      (facts) => facts.cloudInit.status && Object.assign(facts.cloudInit.status, { exitCode: 2 }),
    ),
    onFirstBoot('no answer', (facts) => delete facts.cloudInit.status),
  ],
}
