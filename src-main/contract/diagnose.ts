import { z } from 'zod'
import { outPath, projectFolder } from './options'

/** What somebody who is to help has to know, with names of people, computers, boards and files taken out. */
export const diagnose = {
  request: z.object({
    dir: projectFolder.optional().describe('a project: its settings, and the end of its events'),
    out: outPath.optional().describe('where the bundle is written too'),
  }),
  result: z.object({
    bundle: z.record(z.string(), z.unknown()).describe('JSON, to be read before it is given away'),
    files: z.array(z.string()),
  }),
}
