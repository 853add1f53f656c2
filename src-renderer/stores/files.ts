import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { z } from 'zod'
import { fileEntry, type CallRequest, type CallResult, type FileEntry } from '../../src-main/contract'
import type { Result } from '../../src-main/core/failure'
import { useClient } from './client'
import { keep, readKept } from './kept'

const most = 100
const mostRecent = 8

const keptSchema = z.object({
  /** Files that were picked, the last ones at the end. */
  entries: z.array(fileEntry).catch([]).default([]),
  /** Paths of models opened, the last first. */
  recent: z.array(z.string()).catch([]).default([]),
})

/**
 * Files as this window knows them: requests carry ids (contract/files.ts), people read paths. What was picked is
 * remembered, so that an address with an id in it can be shown, and found again when the program has been started anew.
 */
export const useFiles = defineStore('files', () => {
  const client = useClient()
  const kept = ref(readKept('lupine.files', keptSchema))
  keep('lupine.files', kept)
  const places = shallowRef<CallResult<'files.places'>>()

  client.onState((state) => {
    if (state !== 'open') return
    void client.call('files.places', {}).then((result) => {
      if (!result.ok) return
      places.value = result.value
      remember(result.value.sample)
    })
  })

  function remember(entry: FileEntry): void {
    const others = kept.value.entries.filter(({ id, path }) => id !== entry.id && path !== entry.path)
    kept.value.entries = [...others, entry].slice(-most)
  }

  function remembered<T extends FileEntry>(result: Result<T>): Result<T> {
    if (result.ok) remember(result.value)
    return result
  }

  const entryOf = (address: string): FileEntry | undefined => kept.value.entries.find(({ id }) => address.includes(id))
  /** An address with paths in place of ids, for people and shells. */
  const shown = (address: string): string => {
    const entry = entryOf(address)
    return entry ? address.replace(entry.id, entry.path) : address
  }
  const nameOf = (address: string): string => entryOf(address)?.name ?? address.split(/[\\/]/).at(-1) ?? ''

  /** For a path that was typed. */
  const find = async (path: string): Promise<Result<FileEntry>> => remembered(await client.call('files.find', { path }))
  const create = async (folder: FileEntry, name: string): Promise<Result<FileEntry>> =>
    remembered(await client.call('files.new', { folder: folder.id, name }))

  /** Something new in a folder, under that name or, when there is something already, under one like it. */
  async function make(folder: FileEntry, name: string): Promise<Result<FileEntry>> {
    const [, stem = name, end = ''] = /^(.+?)(\.\w+)?$/s.exec(name) ?? []
    for (let i = 1; ; i++) {
      const made = await create(folder, i === 1 ? name : `${stem}-${i}${end}`)
      if (!made.ok || made.value.kind === 'new' || i === 50) return made
    }
  }

  const list = (request: CallRequest<'files.list'>) => client.call('files.list', request)
  /** The system's own dialog, where there is one. @returns undefined: cancelled */
  async function pick(request: CallRequest<'files.pick'>): Promise<Result<FileEntry | undefined>> {
    const result = await client.call('files.pick', request)
    if (!result.ok) return result
    const [entry] = result.value.entries
    if (entry) remember(entry)
    return { ok: true, value: entry }
  }

  /** The same address in a program that was started anew and knows none of the old ids. */
  async function refreshed(address: string): Promise<Result<string>> {
    const entry = entryOf(address)
    if (!entry) return { ok: true, value: address }
    const found = await find(entry.path)
    return found.ok ? { ok: true, value: address.replace(entry.id, found.value.id) } : found
  }

  const noteOpened = (path: string): void => {
    kept.value.recent = [path, ...kept.value.recent.filter((one) => one !== path)].slice(0, mostRecent)
  }

  return {
    ...{ places, remember, entryOf, shown, nameOf, find, create, make, list, pick, refreshed, noteOpened },
    recent: computed(() => kept.value.recent),
    hasDialogs: computed(() => places.value?.dialogs ?? false),
  }
})
