import {defineConfig} from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    disableConsoleIntercept: true,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Many tests wait for processes of their own: on two cores the default of one worker leaves half of them idle.
    maxWorkers: 2,
  },
})
