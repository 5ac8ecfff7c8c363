export { describeImage, type ImageDescription } from './describe-image.ts'
export { diffImages, type Difference, type ImageDiff } from './diff-images.ts'
export { openSubject, type Subject } from './open-subject.ts'
export { diffMarkdown, diffText } from './write-diff.ts'
