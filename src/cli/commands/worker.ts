import { DATABASE_OPTION, databaseUrl } from '../database-option.ts'
import { defineCommand } from '../command.ts'
import { note } from '../output.ts'
import { readConcurrency } from '../run-options.ts'

export default defineCommand({
  name: 'worker',
  text: 'Works on cells that `harness run --executor queue` puts into a database, until it is told to stop: the first Ctrl-C or SIGTERM lets it finish what it works on and take no more, the second one ends it at once. Start as many as you like, on any machine; a cell whose worker is lost is worked on by another one.',
  options: {
    database: DATABASE_OPTION,
    concurrency: { type: 'string', short: 'j', value: 'N', text: 'cells at the same time; default 2' },
    name: { type: 'string', value: 'NAME', text: 'how the worker is called; default host and process id' },
  },
  examples: ['harness worker --database postgresql://harness@db.example.org/harness --concurrency 8'],
  async run({ options, signal }) {
    const url = databaseUrl(options.database)
    const { runWorker } = await import('../../queue/index.ts')
    await runWorker({
      url,
      concurrency: readConcurrency(options.concurrency, undefined),
      drain: signal,
      onNote: note,
      ...(options.name === undefined ? {} : { name: options.name }),
    })
    return 0
  },
})
