import {posix, win32} from 'node:path'

export interface UserFolders {
  /** Holds `mfa.config.json`. */
  readonly config: string
  /** Runs, the sign-in, the sandbox: the default of `--state`. */
  readonly state: string
}

/**
 * Where a user's files belong: XDG folders, or `%APPDATA%\mfa` and `%LOCALAPPDATA%\mfa` on Windows.
 * Pure: the platform is given. A relative XDG or AppData path is ignored, as the XDG specification demands.
 */
export function userFolders(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, home: string): UserFolders {
  if (platform === 'win32') {
    const base = (name: string, fallback: string) =>
      absolute(win32, env[name]) ?? win32.join(home, 'AppData', fallback)
    return {
      config: win32.join(base('APPDATA', 'Roaming'), 'mfa'),
      state: win32.join(base('LOCALAPPDATA', 'Local'), 'mfa'),
    }
  }
  const base = (name: string, ...fallback: string[]) =>
    absolute(posix, env[name]) ?? posix.join(home, ...fallback)
  return {
    config: posix.join(base('XDG_CONFIG_HOME', '.config'), 'mfa'),
    state: posix.join(base('XDG_STATE_HOME', '.local', 'state'), 'mfa'),
  }
}

/** Where a user's files belong that can be made anew at any time: `$XDG_CACHE_HOME/mfa`, `%LOCALAPPDATA%\mfa\cache`. */
export function cacheFolder(platform: NodeJS.Platform, env: NodeJS.ProcessEnv, home: string): string {
  if (platform === 'win32') return win32.join(userFolders(platform, env, home).state, 'cache')
  return posix.join(absolute(posix, env['XDG_CACHE_HOME']) ?? posix.join(home, '.cache'), 'mfa')
}

function absolute(rules: Pick<typeof posix, 'isAbsolute'>, path: string | undefined): string | undefined {
  return path !== undefined && rules.isAbsolute(path) ? path : undefined
}
