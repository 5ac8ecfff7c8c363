import { policy, wanted } from '../../src/testing/index.ts'

policy(
  'agent-present',
  {
    title: 'the agent the platform needs is installed and enabled',
    because: 'without it the platform cannot make users, report health or reset access',
    source:
      'https://cloud.google.com/compute/docs/images/guest-environment; https://learn.microsoft.com/en-us/azure/virtual-machines/extensions/agent-linux',
    severity: 'major',
    phase: ['rest', 'first-boot'],
    applies: { platforms: ['azure', 'gce', 'ec2', 'oci'] },
    fix: 'install the package of the agent and enable its service',
  },
  (context) => {
    const enabled = context.facts.platformAgents.filter((agent) => agent.enabled).map(({ name }) => name)
    context
      .expect(
        wanted(context, 'platformAgents').filter((name) => !enabled.includes(name)),
        `agents that are missing or not enabled; enabled are ${enabled.join(', ') || 'none'}`,
      )
      .toEqual([])
  },
)

policy(
  'agent-none-foreign',
  {
    title: 'no agent of another platform starts',
    because: 'an agent that does not find its platform waits, fails and fills the logs',
    source:
      'https://github.com/osbuild/cloud-image-val, unwanted packages; https://documentation.ubuntu.com/lxd/latest/',
    severity: 'minor',
    phase: ['rest', 'first-boot'],
    applies: { platforms: ['lxd'] },
    fix: 'leave the agent out of the image for this platform',
  },
  ({ facts, expect }) => {
    const foreign = facts.platformAgents.filter(
      ({ name, enabled }) => enabled && !['lxd-agent', 'qemu-guest-agent'].includes(name),
    )
    expect(
      foreign.map(({ name }) => name),
      'agents of other platforms that start at boot',
    ).toEqual([])
  },
)

policy(
  'agent-waagent-conf',
  {
    title: 'the Azure agent leaves provisioning to cloud-init',
    because: 'two programs that provision one machine undo what the other did',
    source: 'https://learn.microsoft.com/en-us/azure/virtual-machines/linux/create-upload-generic, waagent.conf',
    severity: 'blocker',
    phase: 'rest',
    applies: { platforms: ['azure'] },
    fix: 'Provisioning.Agent=cloud-init, ResourceDisk.Format=n and ResourceDisk.EnableSwap=n in /etc/waagent.conf',
  },
  ({ facts, expect }) => {
    const conf = facts.waagentConf
    expect(Object.keys(conf), 'settings in /etc/waagent.conf').not.toEqual([])
    expect(conf['Provisioning.Agent'] ?? 'auto', 'Provisioning.Agent').toBeOneOf(['cloud-init', 'auto'])
    expect(conf['ResourceDisk.Format'] ?? 'n', 'ResourceDisk.Format').toBe('n')
    expect(conf['ResourceDisk.EnableSwap'] ?? 'n', 'ResourceDisk.EnableSwap').toBe('n')
  },
)
