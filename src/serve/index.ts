export { serve, type Pages, type ResultsServer, type ServeOptions } from './serve.ts'
