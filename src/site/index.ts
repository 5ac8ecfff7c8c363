export { exportSite, type ExportReport } from './export-site.ts'
export { CONTENT_POLICY } from './layout.ts'
export { Site, type SiteAnswer, type SiteOptions } from './site.ts'
export { keepAnswers } from './keep-answers.ts'
