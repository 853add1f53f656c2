import { trainingHandlers } from '../training/handlers'
import { openWasm } from './backend'

/** What the wasm process answers. */
export const handlers = trainingHandlers(openWasm)
