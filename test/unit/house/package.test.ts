import { createRequire } from 'node:module'
import { join } from 'node:path'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface BuilderConfig {
  getConfig(
    folder: string,
    file: string | null,
    options: Record<string, unknown> | null,
  ): Promise<Record<string, unknown>>
  validateConfiguration(config: Record<string, unknown>, log: unknown): Promise<void>
}

const root = join(import.meta.dirname, '../../..')
const require = createRequire(import.meta.url)
const { getConfig, validateConfiguration } = require('app-builder-lib/out/util/config/config.js') as BuilderConfig
const { DebugLogger } = require('builder-util') as { DebugLogger: new (enabled: boolean) => unknown }

describe('electron-builder.yml', () => {
  it('is valid', async () => {
    const config = await getConfig(root, 'electron-builder.yml', null)
    await validateConfiguration(config, new DebugLogger(false))
    expect(config).toMatchObject({ asar: true, npmRebuild: false, publish: null })
    expect(config['electronFuses']).toMatchObject({ runAsNode: false, onlyLoadAppFromAsar: true })
  })

  it('would be refused with a key that electron-builder does not know', async () => {
    const config = { ...(await getConfig(root, 'electron-builder.yml', null)), colour: 'blue' }
    await expect(validateConfiguration(config, new DebugLogger(false))).rejects.toThrow('colour')
  })
})

it('the lockfile names no host, so that any registry serves', () => {
  expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved": "https?:/)
})
