import { mkdirSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Etcd } from './etcd.ts'
import { type Load, runLoad } from './load.ts'
import { LoadClient } from './load-client.ts'
import { median } from './median.ts'
import { configMap, configMapsPath, namespace, objectKilobytes } from './objects.ts'
import { plainSqlitePerSecond } from './plain-sqlite.ts'
import { type Budget, type Comparison, type Row, withReason } from './row.ts'
import { ServerProcess } from './server-process.ts'
import { benchWatch } from './watch.ts'

const clients = 64
const connections = 8
const listedObjects = 10_000
const lists = 7

/** The API through HTTPS against a server in another process that stores on disk, beside SQLite and etcd on the same disk. */
export async function benchAPI(): Promise<Row[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'coxswain-bench-'))
  const sqlite = { what: 'plain SQLite', value: plainSqlitePerSecond(join(folder.path, 'plain.db'), { valueBytes, count: 2_000 }) }
  const etcd = await etcdPerSecond(join(folder.path, 'etcd'))
  await using server = await ServerProcess.start(join(folder.path, 'storage'))
  using client = await LoadClient.open(server.config, { connections })
  const bench = new APIBench(server, client)
  await bench.warmUp()
  return [
    ...(await bench.creates([sqlite, ...etcd.alone], [sqlite, ...etcd.many])),
    await bench.loneGets(),
    await bench.gets(),
    await bench.mergePatches(),
    await bench.applies(),
    ...(await bench.lists()),
    await benchWatch(server),
  ]
}

const valueBytes = objectKilobytes * 1000

async function etcdPerSecond(folder: string): Promise<{ alone: Comparison[]; many: Comparison[] }> {
  if (!Etcd.isInstalled) return { alone: [], many: [] }
  mkdirSync(folder, { mode: 0o700 })
  await using etcd = await Etcd.start(folder)
  const value = Buffer.alloc(valueBytes, 'x')
  let turn = 0
  const put = () => etcd.put(Buffer.from(`/registry/configmaps/bench/${turn++}`), value)
  await runLoad(clients, 500, put)
  const alone = await runLoad(1, 1_000, put)
  const many = await runLoad(clients, 6_000, put)
  return { alone: [{ what: 'bare etcd', value: alone.perSecond }], many: [{ what: 'bare etcd', value: many.perSecond }] }
}

class APIBench {
  readonly #server: ServerProcess
  readonly #client: LoadClient
  #created = 0

  constructor(server: ServerProcess, client: LoadClient) {
    this.#server = server
    this.#client = client
  }

  /** Lets the server's and our own code get compiled, on every path that is measured. */
  async warmUp(): Promise<void> {
    for (const name of ['warm', 'alone', 'bench']) await this.#client.create(0, '/api/v1/namespaces', namespace(name))
    await runLoad(clients, 3_000, client => this.#create(client, 'warm'))
    const own = (client: number) => `${configMapsPath('warm')}/object-${client}`
    await runLoad(clients, 2_000, async client => void (await this.#client.get(client, own(client))))
    await runLoad(clients, 2_000, client => this.#mergePatch(client, own(client)))
    await runLoad(clients, 1_000, client => this.#apply(client, 'warm', `applied-${client}`))
  }

  async creates(besideAlone: Comparison[], besideMany: Comparison[]): Promise<Row[]> {
    const alone = await this.#measure('durable creates', 1, 3_000, { atLeast: 3_000 }, client => this.#create(client, 'alone'))
    this.#created = 0
    const many = await this.#measure('durable creates', clients, listedObjects, { atLeast: 10_000 }, client =>
      this.#create(client, 'bench'),
    )
    const reason = 'a lone request has nobody to share two thread wake-ups and a disk sync with, see the lone get'
    return [withReason({ ...alone, beside: besideAlone }, reason), { ...many, beside: besideMany }]
  }

  /** The round trip alone. */
  loneGets(): Promise<Row> {
    return this.#measure('gets', 1, 3_000, undefined, client => this.#get(client))
  }

  gets(): Promise<Row> {
    return this.#measure('gets', clients, 40_000, { atLeast: 20_000 }, client => this.#get(client))
  }

  mergePatches(): Promise<Row> {
    return this.#measure('merge patches', clients, 16_000, { atLeast: 8_000 }, client =>
      this.#mergePatch(client, `${configMapsPath('bench')}/object-${client}`),
    )
  }

  applies(): Promise<Row> {
    return this.#measure('server-side applies', clients, 10_000, { atLeast: 5_000 }, client =>
      this.#apply(client, 'bench', `object-${client + clients}`),
    )
  }

  async lists(): Promise<Row[]> {
    const timesMs: number[] = []
    const stallsMs: number[] = []
    let [megabytes, cpuMs] = [0, 0]
    for (let turn = 0; turn < lists; turn++) {
      await this.#server.watchStalls()
      const before = await this.#server.usage()
      const began = performance.now()
      const { body } = await this.#client.get(0, configMapsPath('bench'))
      timesMs.push(performance.now() - began)
      const after = await this.#server.usage()
      stallsMs.push(after.longestStallMs)
      cpuMs += (after.cpuMicroseconds - before.cpuMicroseconds) / 1000 / lists
      megabytes = body.length / 1e6
      const found = JSON.parse(body.toString()).items.length
      // With the kube-root-ca.crt of every namespace.
      if (found !== listedObjects + 1) throw new Error(`the list has ${found} objects`)
    }
    const name = `API: list of ${listedObjects.toLocaleString('en-US')} objects`
    const note = `${megabytes.toFixed(0)} MB to the last byte, median of ${lists}, first ${timesMs[0]!.toFixed(0)} ms; server ${cpuMs.toFixed(0)} ms CPU`
    const stallNote = `median of ${lists} lists, worst ${Math.max(...stallsMs).toFixed(0)} ms`
    return [
      { name, value: median(timesMs), unit: 'ms', budget: { atMost: 60 }, note },
      { name: `${name}: longest stall of the event loop`, value: median(stallsMs), unit: 'ms', budget: { atMost: 10 }, note: stallNote },
    ]
  }

  async #get(client: number): Promise<void> {
    await this.#client.get(client, `${configMapsPath('bench')}/object-${this.#created++ % listedObjects}`)
  }

  #create(client: number, inNamespace: string): Promise<void> {
    const object = configMap(inNamespace, `object-${this.#created++}`)
    return this.#client.create(client, configMapsPath(inNamespace), object).then(() => {})
  }

  async #mergePatch(client: number, path: string): Promise<void> {
    await this.#client.patch(client, path, 'merge', { data: { turn: String(this.#created++) } })
  }

  /** Changes a field each time: an apply that changes nothing writes nothing. */
  async #apply(client: number, inNamespace: string, name: string): Promise<void> {
    const object = configMap(inNamespace, name)
    object.data!['turn'] = String(this.#created++)
    await this.#client.patch(client, `${configMapsPath(inNamespace)}/${name}?fieldManager=bench&force=true`, 'apply', object)
  }

  async #measure(
    what: string,
    count: number,
    operations: number,
    budget: Budget | undefined,
    operation: (client: number) => Promise<void>,
  ): Promise<Row> {
    const before = await this.#server.usage()
    const load = await runLoad(count, operations, operation)
    const after = await this.#server.usage()
    const all = (after.cpuMicroseconds - before.cpuMicroseconds) / operations
    const main = (after.mainThreadMicroseconds - before.mainThreadMicroseconds) / operations
    const note = `server ${all.toFixed(0)} µs CPU each (${main.toFixed(0)} main thread), ${loadText(load)}`
    const name = `API: ${what}, ${count} client${count === 1 ? '' : 's'}`
    const row: Row = { name, value: load.perSecond, unit: '/s', note, ...(budget !== undefined && { budget }) }
    if (count === 1) return row
    const ceiling = Math.min((availableParallelism() * 1e6) / (all + load.threadCPUMicroseconds), 1e6 / main)
    return withReason(row, `at this CPU ${ceiling.toFixed(0)}/s is the most that ${availableParallelism()} cores with the generator can do`)
  }
}

function loadText({ p50Ms, p99Ms, perSecond, threadCPUMicroseconds }: Load): string {
  const generatorPercent = (perSecond * threadCPUMicroseconds) / 1e4
  return `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, generator ${generatorPercent.toFixed(0)} % of a core`
}
