import { trainingHandlers } from '../training/handlers'
import { openTensorFlow } from './backend'

/** What the tensorflow process answers. */
export const handlers = trainingHandlers(openTensorFlow)
