import { regression } from 'harness/testing'
import { pause } from '../../../../src/core/wait-until.ts'

regression(
  'outlives-a-spot-machine',
  { title: 'it is judged', because: 'machines of clouds are taken away', source: 'here', severity: 'major' },
  async ({ instance, expect }) => {
    // Ends when the machine is taken away, and at once on one that stays.
    while (instance.machine.placement?.includes('spot')) {
      await pause(50)
      await instance.sh`true`
    }
    expect(await instance.sh`echo judged`).toBe('judged')
  },
)
