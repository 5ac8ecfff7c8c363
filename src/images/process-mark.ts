export { isAlive, markText, ownMark, parseMark, type ProcessMark } from '../core/process-mark.ts'
