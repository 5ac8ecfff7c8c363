import { CELL_OPTIONS, selectedCells } from '../cells.ts'
import { defineCommand } from '../command.ts'

export default defineCommand({
  name: 'plan',
  text: 'Shows the cells a run would test, with the checks that apply, what they will take and cost, and why other cells are left out. Launches nothing.',
  options: {
    ...CELL_OPTIONS,
    json: { type: 'boolean', text: 'print everything, with each check and each reason' },
    format: {
      type: 'string',
      choices: ['text', 'json', 'github'],
      text: 'github prints the jobs of a workflow, for `matrix: ${{ fromJSON(...) }}`; default text',
    },
    jobs: { type: 'string', value: 'N', text: 'with --format github: at most so many jobs; default and most 256' },
    'update-lock': { type: 'boolean', text: 'also write the cells to matrix.lock.json beside the matrix' },
  },
  examples: [
    'harness plan',
    'harness plan --filter debian-13 --suite policy --json',
    'harness plan --format github --jobs 20',
    'harness plan --update-lock',
  ],
  async run({ options }) {
    const [selected, { printJobs, printPlan, printPlanJson, updateLock }] = await Promise.all([
      selectedCells(options, true),
      import('../print-plan.ts'),
    ])
    if (options['update-lock']) await updateLock(selected)
    const format = options.json ? 'json' : (options.format ?? 'text')
    if (format === 'json') await printPlanJson(selected)
    else if (format === 'github') await printJobs(selected, options.jobs)
    else await printPlan(selected)
    return 0
  },
})
