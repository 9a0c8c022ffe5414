import {z} from 'zod'

/** Whose data file it is: the primary's, or a subordinate's read-only replica (H1). */
export type Role = 'primary' | 'subordinate' | 'unknown'

export const MANIFEST = 'manifest.json'
/** Its hash, as `sha256sum -c` reads it. */
export const MANIFEST_HASH = 'manifest.json.sha256'
/** The key of this backup, sealed with the passphrase. */
export const KEY_FILE = 'key.age'
/** Hashes of the contents of a sealed backup, sealed as well: a hash lets anybody try out a guess. */
export const CONTENTS = 'contents.json.age'
/** When the backup was last verified, and how that ended; the only file that changes. */
export const VERIFIED = 'verified.json'

const hex = z.string().regex(/^[\da-f]{64}$/, 'is no SHA-256')
const size = z.number().int().min(0)
const time = z.iso.datetime()
const mode = z.number().int().min(0).max(0o7777)

/** Where something is put back: relative, with `/`, and never out of the folder. */
const inFolder = z
  .string()
  .refine(
    (path) => !path.includes('\0') && path.split('/').every((part) => !['', '.', '..'].includes(part)),
    'leads out of the data folder',
  )

const storedFile = z.object({
  /** Relative to the data folder, with `/`. */
  path: inFolder,
  bytes: size,
  mode,
  modified: time,
  /** Relative to the backup. */
  stored: z.string().min(1),
  storedBytes: size,
  /** Of the file as it is stored; the same as of the content where nothing is sealed. */
  storedSha256: hex,
})

const manifestSchema = z
  .object({
    format: z.literal('mfa-server-backup', 'is not "mfa-server-backup"'),
    formatVersion: z.literal(1, 'is not 1: the backup was made by another version of mfa'),
    /** The data are those of this moment. */
    madeAt: time,
    finishedAt: time,
    tool: z.string(),
    /** Name of the machine. */
    server: z.string(),
    /** The data folder, as the machine calls it. */
    data: z.string(),
    role: z.enum(['primary', 'subordinate', 'unknown']),
    serverVersion: z.string().nullable(),
    sealed: z.enum(['none', 'recipients', 'passphrase']),
    recipients: z.array(z.string()),
    /** How often the folder was read until two times agreed. */
    passes: size,
    files: z.array(storedFile),
    folders: z.array(z.object({path: z.literal('').or(inFolder), mode})),
    /** Links that lead to no file; what they lead to is not in the backup. */
    links: z.array(z.object({path: inFolder, target: z.string()})),
    installer: z
      .object({
        name: z.string().min(1),
        bytes: size,
        stored: z.string().min(1),
        storedBytes: size,
        storedSha256: hex,
      })
      .nullable(),
    /** What belongs to the backup besides: sealed keys and hashes. */
    extras: z.array(z.object({stored: z.string().min(1), storedBytes: size, storedSha256: hex})),
  })
  .superRefine(({files, folders, links}, context) => {
    for (const [list, index] of misplaced({files, folders, links}))
      context.addIssue({
        code: 'custom',
        path: [list, index, 'path'],
        message: 'has the place of something else',
      })
  })

export type Manifest = z.infer<typeof manifestSchema>

const contentsSchema = z.object({
  /** SHA-256 of the content by path. */
  files: z.record(z.string(), hex),
  installer: hex.nullable(),
})
export type Contents = z.infer<typeof contentsSchema>

const verificationSchema = z.object({
  at: time,
  mode: z.enum(['fast', 'full']),
  /** Whether everything was opened too; null where nothing is sealed. */
  opened: z.boolean().nullable(),
  good: z.boolean(),
  faults: size,
})
export type Verification = z.infer<typeof verificationSchema>

type Parsed<T> = {readonly value: T} | {readonly faults: readonly string[]}

export const parseManifest = (text: string): Parsed<Manifest> => parse(MANIFEST, manifestSchema, text)
export const parseContents = (text: string): Parsed<Contents> => parse(CONTENTS, contentsSchema, text)
export const parseVerification = (text: string): Parsed<Verification> =>
  parse(VERIFIED, verificationSchema, text)

/** Every file that a backup has to hold, with its size and hash as stored. */
export function storedParts({files, installer, extras}: Manifest): readonly {
  readonly stored: string
  readonly storedBytes: number
  readonly storedSha256: string
}[] {
  return [...files, ...(installer === null ? [] : [installer]), ...extras]
}

type Placed = Readonly<Record<'files' | 'folders' | 'links', readonly {readonly path: string}[]>>

/** What could not be put back: two things of one name, and what lies below something that is no folder. */
function* misplaced(all: Placed): Generator<readonly [list: keyof Placed, index: number]> {
  const leaves = new Set<string>()
  const taken = new Set<string>()
  for (const list of ['folders', 'files', 'links'] as const)
    for (const [index, {path}] of all[list].entries()) {
      if (taken.has(path)) yield [list, index]
      taken.add(path)
      if (list !== 'folders') leaves.add(path)
    }
  for (const list of ['folders', 'files', 'links'] as const)
    for (const [index, {path}] of all[list].entries())
      if (above(path).some((folder) => leaves.has(folder))) yield [list, index]
}

/** `a/b/c`: `a`, `a/b`. */
const above = (path: string): readonly string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, index, parts) => parts.slice(0, index + 1).join('/'))

/** Faults name file and field. */
function parse<T>(name: string, schema: z.ZodType<T>, text: string): Parsed<T> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return {faults: [`${name} is no JSON`]}
  }
  const result = schema.safeParse(value)
  if (result.success) return {value: result.data}
  return {
    faults: result.error.issues.map(
      ({path, message}) => `${name}, field ${path.join('.') || '(whole)'}: ${message}`,
    ),
  }
}
