import { type Clock, VirtualClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import type { Transport, TransportRequest, TransportResponse } from '#client/transport.ts'
import { MemoryStorage } from '#storage/memory/memory-storage.ts'
import { InProcessTransport } from '../inprocess/transport.ts'
import type { Resource, UserInfo } from '../registry/resource.ts'
import { APIServer, type APIServerOptions } from '../server.ts'
import { widgetRegistry, widgetResource } from './widget.ts'
import type { ObjectStorage, StoredObject } from '../storage/stored-object.ts'

export const testUser: UserInfo = { name: 'tester', groups: ['system:masters', 'system:authenticated'] }

/** An API server for widgets, in memory, that allows everything. */
export async function startTestServer(
  options: { resources?: Resource[]; clock?: Clock; storage?: ObjectStorage; server?: Partial<APIServerOptions> } = {},
): Promise<{ server: APIServer; transport: Transport; storage: ObjectStorage; clock: Clock; call: TestCall } & AsyncDisposable> {
  const clock = options.clock ?? new VirtualClock()
  const storage = options.storage ?? new MemoryStorage<StoredObject>()
  const server = new APIServer({
    storage,
    clock,
    random: new SeededRandom(1),
    resources: options.resources ?? [widgetResource()],
    schemas: widgetRegistry,
    authenticator: { authenticate: async () => testUser },
    authorizer: { authorize: async () => ({ decision: 'allow', reason: '' }) },
    ...options.server,
  })
  await server.start()
  const transport = new InProcessTransport(server, testUser, 'test/1.0')
  return {
    server,
    transport,
    storage,
    clock,
    call: (method, path, body, more) => transport.request({ method, path, body, ...more }, new AbortController().signal),
    async [Symbol.asyncDispose]() {
      server[Symbol.dispose]()
      await storage.close()
    },
  }
}

export type TestCall = (
  method: TransportRequest['method'],
  path: string,
  body?: unknown,
  more?: Partial<TransportRequest>,
) => Promise<TransportResponse>

export const widgetsPath = '/apis/test.example/v1/namespaces/default/widgets'
