import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

import {XMLParser, XMLValidator} from 'fast-xml-parser'
import {describe, expect, it} from 'vitest'
import {parse} from 'yaml'

import {serviceDefinition, SERVICE_FORMATS} from '../../src/lib/sync/service-definitions.js'

const WORDS = ['sync', 'run', '--group', 'R&D "pilot" 100% $HOME <x>', '--source', 'C:\\data\\']
const LISTEN = {host: '127.0.0.1', port: 9464}
const FILES = ['/etc/mfa/seeds 1.csv', '/srv/other/seeds 1.csv', '/etc/mfa/map.csv']
const WITH_FILES = {
  words: ['sync', 'run', '--source', '/srv/export', ...FILES.flatMap((file) => ['--seed-file', file])],
  bundle: '/srv/export',
  files: FILES,
}
const systemd = spawnSync('systemd-analyze', ['--version']).status === 0

describe('the definition of a service', () => {
  it.each(SERVICE_FORMATS)('%s says what to do with it and holds no secret', (format) => {
    const made = serviceDefinition(format, {words: WORDS, listen: LISTEN})
    expect(made.steps.length).toBeGreaterThan(1)
    // Names of secrets, never one.
    expect(made.text).not.toMatch(/PASSWORD *[=:] *\w|BEGIN|SECRET_KEY/)
  })

  it('for systemd quotes what systemd would read as something else', () => {
    const {text} = serviceDefinition('systemd', {words: WORDS})
    expect(text).toContain('--group "R&D \\"pilot\\" 100%% $$HOME <x>"')
  })

  it('for systemd leaves files to root, and hands copies to the service', () => {
    const {text, steps} = serviceDefinition('systemd', WITH_FILES)
    expect(text).toContain('LoadCredential=seeds_1.csv:/etc/mfa/seeds 1.csv\n')
    expect(text).toContain('LoadCredential=1-seeds_1.csv:/srv/other/seeds 1.csv\n')
    expect(text).toContain('--seed-file %d/seeds_1.csv --seed-file %d/1-seeds_1.csv --seed-file %d/map.csv\n')
    expect(text).toContain('--source /srv/export ')
    expect(steps.join('\n')).toContain('Let a group of its own read /srv/export')
    const hidden = serviceDefinition('systemd', {words: WORDS, bundle: '/home/admin/export'}).steps
    expect(hidden.join('\n')).toContain('The service cannot see /home/admin/export')
  })

  it.skipIf(!systemd)('for systemd is taken by systemd-analyze verify', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mfa-unit-'))
    try {
      const {text} = serviceDefinition('systemd', WITH_FILES)
      const unit = join(folder, 'mfa-sync.service')
      // The program is not installed here; everything else is as it will be.
      writeFileSync(unit, text.replace('/usr/local/bin/mfa', process.execPath))
      const {stderr, status} = spawnSync('systemd-analyze', ['verify', unit], {encoding: 'utf8'})
      const ours = stderr.split('\n').filter((line) => line.includes('mfa-sync'))
      expect({status, ours}).toEqual({status: 0, ours: []})
    } finally {
      rmSync(folder, {recursive: true})
    }
  })

  it.each(['windows-task', 'windows-service'] as const)('%s is XML that gives the words back', (format) => {
    const {text} = serviceDefinition(format, {words: WORDS})
    expect(XMLValidator.validate(text)).toBe(true)
    const read = new XMLParser({trimValues: true}).parse(text) as Record<string, never>
    const line = JSON.stringify(read)
    expect(line).toContain(JSON.stringify('"R&D \\"pilot\\" 100% $HOME <x>"').slice(1, -1))
    // A backslash before the closing quote would take the quote with it.
    expect(text).toContain('C:\\data\\')
  })

  it('for Kubernetes is YAML with the words as they are, and probes where there is something to ask', () => {
    const {text} = serviceDefinition('kubernetes', {words: WORDS, listen: LISTEN})
    const read = parse(text) as {
      spec: {template: {spec: {containers: {args: string[]; readinessProbe?: unknown}[]}}}
    }
    const [container] = read.spec.template.spec.containers
    expect(container?.args).toEqual(WORDS)
    expect(container?.readinessProbe).toEqual({httpGet: {path: '/ready', port: 'health'}, periodSeconds: 30})
    expect(serviceDefinition('kubernetes', {words: WORDS}).text).not.toContain('Probe')
  })

  it('for Kubernetes can be asked from outside, and has the files where the words say', () => {
    const words = [...WITH_FILES.words, '--listen', '127.0.0.1:9464']
    const {text, steps} = serviceDefinition('kubernetes', {...WITH_FILES, words, listen: LISTEN})
    const {spec} = parse(text) as {
      spec: {
        replicas: number
        template: {
          spec: {
            containers: {
              args: string[]
              volumeMounts: {name: string; mountPath: string; subPath?: string}[]
            }[]
            volumes: {name: string}[]
          }
        }
      }
    }
    const {containers, volumes} = spec.template.spec
    expect(containers[0]?.args.slice(-2)).toEqual(['--listen', '0.0.0.0:9464'])
    expect(steps.join('\n')).toContain('--listen is 0.0.0.0:9464')
    const mounts = containers[0]?.volumeMounts ?? []
    expect(mounts.find(({name}) => name === 'bundle')?.mountPath).toBe('/srv/export')
    const files = mounts.filter(({name}) => name === 'files')
    expect(files.map(({mountPath}) => mountPath)).toEqual(FILES)
    expect(new Set(files.map(({subPath}) => subPath)).size).toBe(3)
    const there = new Set(volumes.map(({name}) => name))
    expect(mounts.filter(({name}) => !there.has(name))).toEqual([])
  })

  it('for Kubernetes runs twice where the state is shared, with its password by reference', () => {
    const {text} = serviceDefinition('kubernetes', {words: WORDS, shared: true})
    const read = parse(text) as {spec: {replicas: number; strategy?: unknown}}
    expect(read.spec).toMatchObject({replicas: 2})
    expect(read.spec.strategy).toBeUndefined()
    expect(text).toContain('{name: PGPASSWORD, valueFrom: {secretKeyRef:')
  })

  it('for containers has the words in the exec form', () => {
    const {text} = serviceDefinition('container', {words: WORDS, listen: LISTEN})
    expect(text).toContain(`CMD ${JSON.stringify(WORDS)}`)
    expect(text).toContain('HEALTHCHECK')
  })
})
