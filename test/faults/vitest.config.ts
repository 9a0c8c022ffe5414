import {fileURLToPath} from 'node:url'
import {defineConfig} from 'vitest/config'

// By hand (npm run test:faults); MFA_FAULT_SEED=7 or 7,8 for some seeds alone.
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/faults/**/*.faults.ts'],
    disableConsoleIntercept: true,
    testTimeout: 1_800_000,
    hookTimeout: 120_000,
    // They wait most of the time.
    maxConcurrency: 10,
    fileParallelism: false,
  },
})
