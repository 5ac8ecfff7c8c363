export { checkHost } from './check-host.ts'
export {
  planSetup,
  runSetup,
  type RunContext,
  type SetupOptions,
  type SetupPlan,
  type SetupStep,
} from './plan-setup.ts'
export { lxdSettings, type LxdSettings } from './settings.ts'
export { teardownSetup } from './teardown.ts'
