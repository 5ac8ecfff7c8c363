import { policy, regression } from 'harness/testing'

const info = {
  because: 'every kind of thing a run makes is to be left behind',
  source: 'here',
  severity: 'minor',
} as const

policy('leak-rest', { ...info, title: 'the image is opened at rest', phase: 'rest' }, () => {})
policy('leak-pair', { ...info, title: 'there is a second machine', phase: 'pair' }, () => {})
regression(
  'leak-own',
  { ...info, title: 'there is a machine from a snapshot', instance: 'own', userData: '#cloud-config\n{}\n' },
  async ({ instance }) => {
    await instance.sh`true`
  },
)
