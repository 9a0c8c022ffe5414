import {openBundle} from '../../src/lib/source/bundle/bundle-source.js'
import {openSeedFiles} from '../../src/lib/source/seed-file/seed-index.js'
import {withSeeds} from '../../src/lib/source/seed-file/with-seeds.js'
import {memoryScratch} from '../fakes/memory-scratch.js'
import {type CsvStyle, PLAIN, temporaryFolder, writeBundle} from '../helpers/bundle-files.js'
import {sourceContract, type SourceFixture} from './source.contract.js'
import type {ServerUser} from '../../src/lib/model/server-user.js'

const bundle =
  (style: CsvStyle) =>
  async (users: readonly ServerUser[]): Promise<SourceFixture> => {
    const {path, remove} = await temporaryFolder()
    await writeBundle(path, users, style)
    const source = await openBundle(path, {scratch: memoryScratch()})
    return {
      source,
      replace: async (later) => writeBundle(path, later, style),
      close: async () => {
        await source.close()
        await remove()
      },
    }
  }

sourceContract('bundle', bundle(PLAIN))
sourceContract(
  'bundle as a spreadsheet writes it',
  bundle({delimiter: ';', newline: '\r\n', bom: true, quoted: true}),
)
sourceContract('bundle with no seed files', async (users) => {
  const fixture = await bundle(PLAIN)(users)
  return {...fixture, source: withSeeds(fixture.source, await openSeedFiles([]))}
})
