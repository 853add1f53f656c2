import type { Dataset } from '../dataset'

export function createSample(): Dataset {
  throw new Error('not yet')
}
