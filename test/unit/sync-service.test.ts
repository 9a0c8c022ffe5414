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
const systemd = spawnSync('systemd-analyze', ['--version']).status === 0

describe('the definition of a service', () => {
  it.each(SERVICE_FORMATS)('%s says what to do with it and holds no secret', (format) => {
    const made = serviceDefinition(format, {words: WORDS, listen: LISTEN})
    expect(made.steps.length).toBeGreaterThan(1)
    expect(made.text).not.toMatch(/PASSWORD|BEGIN|SECRET_KEY/)
  })

  it('for systemd quotes what systemd would read as something else', () => {
    const {text} = serviceDefinition('systemd', {words: WORDS})
    expect(text).toContain('--group "R&D \\"pilot\\" 100%% $$HOME <x>"')
  })

  it.skipIf(!systemd)('for systemd is taken by systemd-analyze verify', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mfa-unit-'))
    try {
      const {text} = serviceDefinition('systemd', {words: WORDS})
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

  it('for containers has the words in the exec form', () => {
    const {text} = serviceDefinition('container', {words: WORDS, listen: LISTEN})
    expect(text).toContain(`CMD ${JSON.stringify(WORDS)}`)
    expect(text).toContain('HEALTHCHECK')
  })
})
