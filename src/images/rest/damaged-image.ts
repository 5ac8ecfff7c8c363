import { HarnessError } from '../../core/errors.ts'

/** An image contradicts itself, or asks for more than an image can need. */
export class DamagedImageError extends HarnessError {
  readonly blame = 'image'

  constructor(message: string, cause?: unknown) {
    super(`the image is damaged: ${message}`, cause === undefined ? {} : { cause })
  }
}
