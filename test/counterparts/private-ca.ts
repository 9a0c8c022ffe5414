import {execFile} from 'node:child_process'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'

export interface PrivateCa {
  /** For NODE_EXTRA_CA_CERTS. */
  readonly file: string
  readonly ca: string
  /** Of a server that is called localhost and 127.0.0.1. */
  readonly key: string
  readonly cert: string
}

/** An authority that nobody knows, and the TLS certificate that it gave a server on this machine. */
export async function makePrivateCa(folder: string): Promise<PrivateCa> {
  const path = (name: string) => join(folder, name)
  // Arguments hold no spaces but those of the name.
  const run = (line: string, ...more: readonly string[]) =>
    promisify(execFile)('openssl', [...line.split(' '), ...more], {cwd: folder})
  await run(
    'req -x509 -nodes -newkey rsa:2048 -keyout ca.key -out ca.pem -days 30 -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign',
    '-subj',
    '/CN=Example private CA',
  )
  await run('req -nodes -newkey rsa:2048 -keyout tls.key -out tls.csr -subj /CN=localhost')
  await writeFile(path('tls.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n')
  await run(
    'x509 -req -in tls.csr -out tls.pem -days 30 -extfile tls.ext -CA ca.pem -CAkey ca.key -CAcreateserial',
  )
  const [ca, key, cert] = await Promise.all(
    ['ca.pem', 'tls.key', 'tls.pem'].map((name) => readFile(path(name), 'utf8')),
  )
  return {file: path('ca.pem'), ca: ca ?? '', key: key ?? '', cert: cert ?? ''}
}
