import { regression } from 'harness/testing'

regression(
  'hostile-output',
  {
    title: 'what the guest prints gets into the message of a failure',
    because: 'a guest can print anything',
    source: 'here',
    severity: 'major',
  },
  async ({ instance, expect, attach, measure }) => {
    const { stdout } = await instance.probe`cat /etc/payload`
    attach('payload', stdout)
    measure({ name: stdout.slice(0, 200), value: 1, unit: 'count' })
    expect(stdout).toBe('harmless')
  },
)

regression(
  'hostile-throw',
  {
    title: 'what the guest prints is thrown',
    because: 'a guest can print anything',
    source: 'here',
    severity: 'major',
  },
  async ({ instance }) => {
    throw new Error(await instance.sh`cat /etc/payload`)
  },
)
