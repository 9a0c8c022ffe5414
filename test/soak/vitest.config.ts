import {fileURLToPath} from 'node:url'
import {defineConfig} from 'vitest/config'

// By hand (npm run test:soak), a quarter of an hour; MFA_SOAK_SEED, MFA_SOAK_MINUTES and MFA_SOAK_USERS change it.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/soak/**/*.soak.ts'],
    disableConsoleIntercept: true,
    testTimeout: 3_600_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
})
