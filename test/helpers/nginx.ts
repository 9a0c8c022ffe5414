import {readFile, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

const MODULES = '/usr/lib/nginx/modules'
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

/**
 * Arguments that let nginx run a whole configuration in a folder of its own, with no trace elsewhere. Who is not root
 * also gets folders for temporary files, which nginx has no argument for: those lines go into the file's http block.
 */
export async function nginxIn(
  folder: string,
  config: string,
): Promise<{readonly check: readonly string[]; readonly serve: readonly string[]}> {
  // Debian's own file names its modules relative to the prefix.
  await symlink(MODULES, join(folder, 'modules')).catch(() => {})
  if (process.getuid?.() !== 0) {
    const lines = TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')
    const text = await readFile(config, 'utf8')
    await writeFile(config, text.replace('http {', `http { access_log off; ${lines}`))
  }
  const common = ['-p', folder, '-e', 'error.log', '-c', config, '-g']
  const pid = `pid ${folder}/nginx.pid;`
  return {check: ['-t', ...common, pid], serve: [...common, `${pid} daemon off;`]}
}
