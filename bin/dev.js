#!/usr/bin/env node
// Runs the sources without a build: Node strips the types. For people who work on mfa.
import {register} from 'node:module'

register(
  'data:text/javascript,' +
    encodeURIComponent(`
export async function resolve(specifier, context, next) {
  try { return await next(specifier, context) } catch (error) {
    if (specifier.startsWith('.') && specifier.endsWith('.js')) return next(specifier.slice(0, -3) + '.ts', context)
    throw error
  }
}`),
)
const {run} = await import('../src/cli.ts')
await run(process.argv.slice(2), import.meta.url)
