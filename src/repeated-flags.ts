import {shellWord} from './lib/model/shell-word.js'

/** Flags that say where things are: the next command wants them too. */
export const WHERE = [
  'tenant',
  'cloud',
  'source',
  'source-certificate',
  'source-ca',
  'seed-file',
  'mapping',
  'default-domain',
  'netbios',
  'ad-url',
  'ad-base',
  'ad-attribute',
  'ad-ca',
  'ad-referrals',
  'ad-anonymous',
  'config',
  'state',
] as const

/** These flags as they were typed, such as ` --tenant contoso.com`; empty where none of them was. */
export function repeatedFlags(flags: Readonly<Record<string, unknown>>, names: readonly string[]): string {
  const parts = names.flatMap((name) =>
    [flags[name] ?? []]
      .flat()
      .map((value: unknown) =>
        typeof value === 'boolean'
          ? ` --${value ? '' : 'no-'}${name}`
          : ` --${name} ${shellWord(String(value))}`,
      ),
  )
  return parts.join('')
}
