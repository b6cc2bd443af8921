import { clusterFolder, readClusterRecord } from '#cluster/cluster-folder.ts'
import { queryControlStatus } from '#cluster/control-socket.ts'
import { HTTPSTransport } from '#client/https-transport.ts'
import { clientConfigOf, loadKubeconfig } from '#client/kubeconfig/load-kubeconfig.ts'
import { RESTClient } from '#client/rest-client.ts'
import { RESTMapper } from '#client/rest-mapper.ts'
import type { Client } from '#client/client.ts'
import { builtinResourceInfos } from '#api/resources.ts'
import type { Transport } from '#client/transport.ts'
import { coxswainVersion } from '#base/version.ts'
import { dataDirFlag, defaultDataDirectory, noClusterError } from './data-directory.ts'
import type { FlagDefinitions, Flags } from './flags.ts'

/** Which cluster is meant. */
export const clusterFlags = {
  'data-dir': dataDirFlag,
  kubeconfig: {
    type: 'string',
    placeholder: 'FILE',
    description: "Kubeconfig of the cluster's administrator, such as that of a test server, instead of the folder",
  },
} as const satisfies FlagDefinitions

/** The administrator's client of the cluster that the flags name. @throws Error when there is none in the folder, or it does not run */
export async function openRunningCluster(flags: Flags<typeof clusterFlags>): Promise<AdminClient> {
  if (flags.kubeconfig !== undefined) return adminClient(flags.kubeconfig)
  const folder = await clusterFolder(flags['data-dir'] ?? defaultDataDirectory)
  if ((await readClusterRecord(folder)) === undefined) throw noClusterError(folder)
  const status = await queryControlStatus(folder.controlSocket)
  if (status === undefined)
    throw new Error(`the cluster in "${folder.data}" is stopped; "cox up --data-dir ${folder.data}" starts it again`)
  return adminClient(folder.adminKubeconfig)
}

export interface AdminClient extends Disposable {
  client: Client
  transport: Transport
  mapper: RESTMapper
  server: string
}

/** The administrator's client of a running cluster. */
export async function adminClient(kubeconfig: string): Promise<AdminClient> {
  const config = await clientConfigOf(await loadKubeconfig([kubeconfig]))
  const transport = new HTTPSTransport({ ...config, userAgent: `cox/${coxswainVersion}` })
  const mapper = new RESTMapper(transport, builtinResourceInfos)
  const client = new RESTClient(transport, mapper, { fieldManager: 'cox' })
  return { client, transport, mapper, server: config.server, [Symbol.dispose]: () => transport[Symbol.dispose]() }
}
