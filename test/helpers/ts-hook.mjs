// Lets a child process of a test run TypeScript as it stands: Node strips the types, this turns './x.js' into './x.ts'.
import {registerHooks} from 'node:module'

registerHooks({
  resolve(specifier, context, next) {
    if (
      specifier.startsWith('.') &&
      specifier.endsWith('.js') &&
      !context.parentURL?.includes('/node_modules/')
    ) {
      try {
        return next(specifier.replace(/\.js$/, '.ts'), context)
      } catch {
        // A real .js file.
      }
    }
    return next(specifier, context)
  },
})
