import {fileURLToPath} from 'node:url'
import {Config} from '@oclif/core'
import {describe, expect, it} from 'vitest'
import {cacheFolder} from '../../src/lib/config/user-folders.js'
import {quickVersion} from '../../src/quick-version.js'

describe('mfa --version', () => {
  it('says what oclif would say, or leaves it to oclif', async () => {
    const config = await Config.load({root: fileURLToPath(new URL('../..', import.meta.url))})
    expect([config.userAgent, undefined]).toContain(quickVersion())
    expect(quickVersion() === undefined).toBe(config.platform === 'wsl')
  })
})

describe('the cache folder', () => {
  it.each([
    ['linux', {}, '/home/jane', '/home/jane/.cache/mfa'],
    ['linux', {XDG_CACHE_HOME: '/cache'}, '/home/jane', '/cache/mfa'],
    ['linux', {XDG_CACHE_HOME: 'here'}, '/home/jane', '/home/jane/.cache/mfa'],
    ['win32', {LOCALAPPDATA: 'D:\\Local'}, 'C:\\Users\\jane', 'D:\\Local\\mfa\\cache'],
    ['win32', {}, 'C:\\Users\\jane', 'C:\\Users\\jane\\AppData\\Local\\mfa\\cache'],
  ] as const)('on %s with %o', (platform, env, home, folder) => {
    expect(cacheFolder(platform, env, home)).toBe(folder)
  })
})
