import { HTTPSTransport } from '#client/https-transport.ts'
import { clientConfigOf, loadKubeconfig } from '#client/kubeconfig/load-kubeconfig.ts'
import { RESTClient } from '#client/rest-client.ts'
import { RESTMapper } from '#client/rest-mapper.ts'
import type { Client } from '#client/client.ts'
import { builtinResourceInfos } from '#api/resources.ts'
import type { Transport } from '#client/transport.ts'
import { coxswainVersion } from '#base/version.ts'

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
