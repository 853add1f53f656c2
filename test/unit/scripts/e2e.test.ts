import { expect, it } from 'vitest'
import { findChromium } from '../../../scripts/e2e.mjs'

const there =
  (...paths: string[]) =>
  (path: unknown) =>
    paths.includes(String(path))

it.each([
  ['the first on the PATH', { PATH: '/a:/b' }, ['/b/chromium', '/a/google-chrome'], '/b/chromium'],
  ['a given path', { CHROMIUM_PATH: '/opt/c', PATH: '/a' }, ['/opt/c', '/a/chromium'], '/opt/c'],
  ['a given command', { CHROMIUM_PATH: 'brave', PATH: '/a' }, ['/a/brave', '/a/chromium'], '/a/brave'],
  ['none in place of a wrong one', { CHROMIUM_PATH: '/opt/c', PATH: '/a' }, ['/a/chromium'], undefined],
  ['none where there is none', {}, [], undefined],
])('The browser tests take %s', (_, env, paths, expected) => {
  expect(findChromium(env, there(...paths))).toBe(expected)
})
