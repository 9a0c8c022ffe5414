#!/usr/bin/env node
const [major] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `error: mfa needs Node.js 24 or newer; this is ${process.versions.node}\n` +
      '  Install Node.js 24, or run it through npx in a folder where the npm package "node" (24) is installed.\n',
  )
  process.exit(64)
}
const {quickVersion} = await import('../dist/quick-version.js')
const version = process.argv.length === 3 && process.argv[2] === '--version' ? quickVersion() : undefined
if (version === undefined) {
  const {keepCompiledCode} = await import('../dist/compile-cache.js')
  keepCompiledCode()
  const {run} = await import('../dist/cli.js')
  await run(process.argv.slice(2), import.meta.url)
} else process.stdout.write(`${version}\n`)
