export { renderAllure, type AllureRenderOptions } from './allure/render.ts'
export { consoleReporter, type ConsoleOptions } from './console/console.ts'
export { githubAnnotations } from './github.ts'
export type { Reporter } from './reporter.ts'
export {
  REPORT_FORMATS,
  writeReports,
  type ReportFormat,
  type WriteReportsOptions,
  type WrittenReports,
} from './write-reports.ts'
