import { UnsupportedError } from '../../core/errors.ts'
import { definePlatform } from '../platform.ts'
import { manifest } from './manifest.ts'

export interface Options {
  seed?: number
}

export default definePlatform<Options>({
  manifest,
  open: () => Promise.reject(new UnsupportedError('not yet')),
  doctor: () => Promise.resolve([]),
})
