import { CELL_OPTIONS, selectedCells } from '../cells.ts'
import { defineCommand } from '../command.ts'

export default defineCommand({
  name: 'plan',
  text: 'Shows the cells a run would test, with the checks that apply, and why other cells are left out. Launches nothing.',
  options: { ...CELL_OPTIONS, json: { type: 'boolean', text: 'print everything, with each check and each reason' } },
  examples: ['harness plan', 'harness plan --filter debian-13 --suite policy --json'],
  async run({ options }) {
    const [{ cells, excluded }, { printPlan, printPlanJson }] = await Promise.all([
      selectedCells(options),
      import('../print-plan.ts'),
    ])
    await (options.json ? printPlanJson(cells, excluded) : printPlan(cells, excluded))
    return 0
  },
})
