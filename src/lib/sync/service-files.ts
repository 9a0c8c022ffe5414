/** A file by a name that secrets of Kubernetes and credentials of systemd may have. */
export interface NamedFile {
  readonly path: string
  readonly name: string
}

/** Each by the last part of its path, with a number where another one is called so already. */
export function namedFiles(paths: readonly string[]): readonly NamedFile[] {
  const taken = new Set<string>()
  return [...new Set(paths)].map((path, index) => {
    const plain = (path.split(/[\\/]/).at(-1) ?? '').replaceAll(/[^\w.-]/g, '_')
    const name = taken.has(plain) ? `${index}-${plain}` : plain
    taken.add(name)
    return {path, name}
  })
}
