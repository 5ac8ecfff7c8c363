interface CommandEntry {
  summary: string
  load(): Promise<{ default: unknown }>
}

/** Every command with its line in `harness --help`. The code of a command is imported only when it is called. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  run: { summary: 'test images: launch, upgrade, judge, report, destroy', load: () => import('./commands/run.ts') },
  worker: {
    summary: 'work on cells that `harness run --executor queue` gives away, on any machine',
    load: () => import('./commands/worker.ts'),
  },
  plan: {
    summary: 'show the cells a run would test, and why others are left out',
    load: () => import('./commands/plan.ts'),
  },
  list: { summary: 'list checks, log rules, platforms, images or runs', load: () => import('./commands/list.ts') },
  explain: {
    summary: 'tell what a check or log rule wants, why, and how to repair an image',
    load: () => import('./commands/explain.ts'),
  },
  check: {
    summary: 'judge recorded facts by the policy suite, without launching',
    load: () => import('./commands/check.ts'),
  },
  'check-logs': { summary: 'scan log files by the log rules', load: () => import('./commands/check-logs.ts') },
  issues: {
    summary: 'prove known issues, and look for them in old runs',
    load: () => import('./commands/issues.ts'),
  },
  gate: { summary: 'decide by a policy whether an image may be published', load: () => import('./commands/gate.ts') },
  approve: { summary: 'sign a decision of the gate', load: () => import('./commands/approve.ts') },
  site: { summary: 'write the pages of an archive of results as files', load: () => import('./commands/site.ts') },
  report: {
    summary: 'make the reports of a run again, or other formats of them',
    load: () => import('./commands/report.ts'),
  },
  history: {
    summary: 'tell how checks and cells did in the runs so far, and which axis explains failures',
    load: () => import('./commands/history.ts'),
  },
  merge: { summary: 'make one run of the parts of `harness run --shard`', load: () => import('./commands/merge.ts') },
  publish: {
    summary: 'publish a run: signed results and logs, to a server or an archive on this host',
    load: () => import('./commands/publish.ts'),
  },
  retract: { summary: 'take back what you published', load: () => import('./commands/retract.ts') },
  waive: {
    summary: 'sign that known failures do not count for a while',
    load: () => import('./commands/waive.ts'),
  },
  serve: {
    summary: 'serve an archive of published results: submissions, pages and data',
    load: () => import('./commands/serve.ts'),
  },
  archive: {
    summary: 'make, verify, rebuild, dump and back up an archive of published results',
    load: () => import('./commands/archive.ts'),
  },
  key: { summary: 'make the key that signs what you publish', load: () => import('./commands/key.ts') },
  image: {
    summary: 'build, download, list, inspect and remove test images',
    load: () => import('./commands/image.ts'),
  },
  inspect: {
    summary: 'tell what an image is and judge it without booting it',
    load: () => import('./commands/inspect.ts'),
  },
  diff: { summary: 'tell what changed between two images', load: () => import('./commands/diff.ts') },
  shell: {
    summary: 'launch an image, or attach to an instance, and get a prompt',
    load: () => import('./commands/shell.ts'),
  },
  imds: {
    summary: 'serve the metadata service of a cloud, with faults when you like',
    load: () => import('./commands/imds.ts'),
  },
  simulate: {
    summary: 'serve the API of a cloud on this host, with machines and faults',
    load: () => import('./commands/simulate.ts'),
  },
  sweep: { summary: 'remove what an interrupted run left behind', load: () => import('./commands/sweep.ts') },
  doctor: {
    summary: 'tell what this host can run, and what would fix the rest',
    load: () => import('./commands/doctor.ts'),
  },
  setup: { summary: 'install what this host needs, after asking', load: () => import('./commands/setup.ts') },
}
