import type {Entry} from 'ldapts'

/** Values of an attribute, whatever the letter case of its name. */
export function texts(entry: Entry | undefined, name: string): readonly string[] {
  const key = Object.keys(entry ?? {}).find((each) => each.toLowerCase() === name.toLowerCase())
  return [key === undefined ? [] : (entry?.[key] ?? [])].flat().map(String)
}

export const text = (entry: Entry | undefined, name: string): string | undefined => texts(entry, name)[0]
