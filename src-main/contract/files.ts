import { z } from 'zod'

/**
 * Files as windows know them. A window never names a path: it picks a file here (or uploads one) and gets an id, which
 * stands wherever a command line has a path: `model: 'file:…'`, `data: 'cifar10:file:…'`, `out: 'file:…'`,
 * `device: 'replay:file:…'`, `ssh://pi@host?key=file:…`. Ids live as long as the program.
 */
export const fileId = z.string().regex(/^file:[\w-]{22}$/)

export const fileEntry = z.object({
  id: fileId,
  name: z.string().describe('to be shown: made safe and short, not what the disk has'),
  kind: z
    .enum(['file', 'folder', 'project', 'new'])
    .describe("'project': a folder with a run in it; 'new': not there yet"),
  path: z.string().describe('to be shown only'),
  bytes: z.number().optional().describe('of files'),
  modified: z.string().optional().describe('ISO 8601'),
})
export type FileEntry = z.infer<typeof fileEntry>

/** What is looked for; folders are always shown. */
export const wanted = z.enum(['model', 'plan', 'folder', 'any']).default('any')

export const filePlaces = {
  request: z.object({}),
  result: z.object({
    dialogs: z.boolean().describe("whether `files.pick` shows the system's own dialog (Electron); otherwise browse"),
    roots: z.array(fileEntry).describe('where browsing may begin; nothing outside them can be reached'),
    sample: fileEntry.describe('the built-in sample network'),
  }),
}

export const fileList = {
  request: z.object({
    folder: fileId,
    want: wanted,
    hidden: z.boolean().default(false).describe('names that begin with a dot too'),
    filter: z.string().max(1000).default('').describe('part of the name, in any case'),
    from: z.number().int().nonnegative().default(0),
  }),
  result: z.object({
    folder: fileEntry,
    parents: z.array(fileEntry).describe('from the root down; the folder itself is not among them'),
    entries: z.array(fileEntry).describe('folders first, by name; at most 500 from `from` on'),
    total: z.number().describe('how many there are'),
    outside: z.number().describe('links left out, because they lead outside the roots or nowhere'),
  }),
}

/** For a path that was typed or pasted. */
export const fileFind = { request: z.object({ path: z.string().min(1).max(4096) }), result: fileEntry }

/** A file or folder that is to be made: `out` of a job, the target of a copy. */
export const fileNew = {
  request: z.object({ folder: fileId, name: z.string().min(1).max(255) }),
  result: fileEntry.describe("'new', or what already has that name"),
}

/** The system's own dialog. @throws usage 'no-dialogs' in a browser */
export const filePick = {
  request: z.object({
    want: z.enum(['model', 'plan', 'folder', 'new-folder', 'save', 'any']),
    title: z.string().max(200).optional(),
    name: z.string().max(255).optional().describe("for 'save': the name proposed"),
    several: z.boolean().default(false),
  }),
  result: z.object({ entries: z.array(fileEntry).describe('none: cancelled') }),
}

/** Copies a file (an export): never a folder. */
export const fileCopy = {
  request: z.object({ from: fileId, to: fileId, overwrite: z.boolean().default(false) }),
  result: fileEntry,
}

/** Shows a file in the system's file manager. @throws usage 'no-dialogs' in a browser */
export const fileReveal = { request: z.object({ file: fileId }), result: z.object({}) }

/** Where a browser uploads to (POST, `?name=…&batch=…`; answers with an entry) and downloads from (GET, behind it the id). */
export const uploadPath = '/upload'
export const downloadPath = '/download/'
/** Bytes; what one ONNX file can hold. */
export const largestUpload = 2 ** 31
