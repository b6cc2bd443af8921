import { forked } from './forked.ts'
import { median } from './median.ts'
import { packagedLibrary } from './packaged-library.ts'
import type { Row } from './row.ts'

const runs = 3

/** What an idle cluster of the packaged library takes above a Node.js that does nothing, resident, after a collection. */
export async function benchIdleCluster(): Promise<Row[]> {
  const library = await packagedLibrary()
  const measure = async (nodes: number | 'none') => {
    const all: number[] = []
    for (let run = 0; run < runs; run++) all.push(await forked<number>('idle-cluster-main.ts', [library, nodes]))
    return median(all) / 1e6
  }
  const bareMegabytes = await measure('none')
  const row = async (what: string, nodes: number): Promise<Row> => {
    const megabytes = await measure(nodes)
    return {
      name: `idle cluster: memory above bare Node.js, ${what}`,
      value: megabytes - bareMegabytes,
      unit: 'MB',
      budget: { atMost: 60 },
      note: `${megabytes.toFixed(0)} MB and ${bareMegabytes.toFixed(0)} MB resident; median of ${runs}`,
    }
  }
  return [await row('control plane', 0), await row('with 3 simulated nodes', 3)]
}
