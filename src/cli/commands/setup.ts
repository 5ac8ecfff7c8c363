import { defineCommand } from '../command.ts'
import { askConsent } from '../consent.ts'
import { note, print, printJson } from '../output.ts'
import { describePlan, prepareHost } from '../prepare-host.ts'

export default defineCommand({
  name: 'setup',
  text: 'Installs what this host needs for runs on LXD containers, and with --qemu for virtual machines, after saying what that is and asking. An LXD or Incus you have is used as it is; otherwise a private one is started that touches nothing else. Doing it twice is fine.',
  options: {
    yes: { type: 'boolean', short: 'y', text: 'agree without being asked' },
    qemu: { type: 'boolean', text: 'also QEMU and firmware for virtual machines' },
    'dry-run': { type: 'boolean', text: 'only say what would be done' },
    remove: { type: 'boolean', text: 'stop and remove the private LXD with everything in it' },
    json: { type: 'boolean', text: 'with --dry-run: print data' },
  },
  examples: ['harness setup --dry-run', 'sudo harness setup --yes --qemu', 'sudo harness setup --remove'],
  async run({ options, signal }) {
    const { lxdSettings, planSetup, teardownSetup } = await import('../../setup/index.ts')
    const consent = { yes: options.yes ?? false, signal }
    if (options.remove) {
      const { dir } = lxdSettings()
      note(`This stops the private LXD in ${dir} and removes it with its instances, images and network.`)
      if (options['dry-run']) return 0
      if (!(await askConsent('Remove it?', consent))) return 0
      await teardownSetup({ onLine: (line) => note(`setup: ${line}`), signal })
      return 0
    }
    if (options['dry-run']) {
      const plan = await planSetup({ qemu: options.qemu ?? false })
      const steps = plan.steps.map(({ id, title, reason, commands, needsRoot }) => ({
        id,
        title,
        reason,
        commands,
        needsRoot,
      }))
      if (options.json) await printJson({ ...plan, steps })
      else await print(describePlan(plan))
      return 0
    }
    await prepareHost(consent, { qemu: options.qemu ?? false })
    note('This host is ready: harness run')
    return 0
  },
})
