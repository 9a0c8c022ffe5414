// Loaded before a program (`node --import`): at its end, writes its peak memory in KB to the file that BENCH_PEAK names.
import {writeFileSync} from 'node:fs'

const file = process.env.BENCH_PEAK
if (file !== undefined) process.on('exit', () => writeFileSync(file, String(process.resourceUsage().maxRSS)))
