import { z } from 'zod'
import { outPath, projectFolder } from './options'

/** What a run came to as one HTML file that stands alone: figures, drawings and what it was made by. */
export const report = {
  request: z.object({ dir: projectFolder, out: outPath.optional().describe("the file; the project's report.html") }),
  result: z.object({ report: z.string().describe('path of the file'), bytes: z.number() }),
}
