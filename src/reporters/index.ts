export { renderAllure } from './allure/render.ts'
export { consoleReporter, type ConsoleOptions } from './console/console.ts'
export { githubAnnotations } from './github.ts'
export { writeReports, type ReportFormat } from './write-reports.ts'
