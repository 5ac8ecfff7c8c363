import { TIERS } from '../matrix/tier.ts'

/** Options that choose a part of the matrix by what it is worth, not by name. */
export const NARROW_OPTIONS = {
  tier: {
    type: 'string',
    choices: [...TIERS],
    text: 'how much is judged in every cell; default as the matrix says, else full on the first instance type of each family and smoke, within 5 minutes, on the others',
  },
  'changed-since': {
    type: 'string',
    value: 'REV',
    text: 'only cells and checks that the changes of a project since this git revision concern, by rules; the others are reported with their last known result',
  },
  repo: { type: 'string', value: 'DIR', text: 'with --changed-since: the project; default ../cloud-init' },
  'change-rules': {
    type: 'string',
    value: 'FILE',
    text: 'with --changed-since: rules of your own; default those for cloud-init',
  },
  share: {
    type: 'string',
    value: 'N/M',
    text: 'only so many of M parts of the cells, other ones every day, for example 1/7; with --changed-since in addition to what changed',
  },
  day: { type: 'string', value: 'DAY', text: 'with --share: the day it is, as 2026-11-22; default today (UTC)' },
  'budget-usd': {
    type: 'string',
    value: 'USD',
    text: 'cut the plan where it would cost more, as estimated, and say which coverage is not bought',
  },
  'reports-dir': {
    type: 'string',
    value: 'DIR',
    text: 'folder of the runs, the earlier ones and this one; default ./reports',
  },
} as const
