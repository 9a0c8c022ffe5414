import type {GeneratedFile} from '../topology/generate/generated.js'
import type {Show} from './show.js'

/** Into the folder, or to stdout: one file as it is, several each under its name. */
export async function showGenerated(
  made: readonly GeneratedFile[],
  {out, files}: Show,
  folder: string | undefined,
): Promise<Readonly<Record<string, unknown>>> {
  const written: (GeneratedFile & {readonly path?: string})[] = []
  for (const file of made) {
    if (folder === undefined) {
      if (made.length > 1) out.line(`==> ${file.name} <==`)
      out.line(file.text.replaceAll('\r\n', '\n').trimEnd())
      written.push(file)
      continue
    }
    const path = `${folder.replace(/[\\/]+$/, '')}/${file.name}`
    await files.write(path, [file.text])
    out.line(`Written: ${path}`)
    written.push({...file, path})
  }
  return {files: written}
}
