import type { StatusError } from '#apimachinery/status/status.ts'
import { startTestServer, type TestCall } from '#apiserver/testing/test-server.ts'
import { TokenIssuer } from '#apiserver/authentication/serviceaccount/token-issuer.ts'
import { RBACAuthorizer } from '#apiserver/authorization/rbac/rbac-authorizer.ts'
import { RuleResolver } from '#apiserver/authorization/rbac/rule-resolver.ts'
import type { StoreLookup } from '#apiserver/registry/resource.ts'
import type { APIServer } from '#apiserver/server.ts'
import { schemaRegistry } from '#api/schemas.ts'
import type { VirtualClock } from '#base/clock.ts'
import { VirtualClock as NewVirtualClock } from '#base/clock.ts'
import { ServiceAllocation } from '../core/services/index.ts'
import { builtinResources } from '../index.ts'
import { generateKeyPairSync } from 'node:crypto'

export interface RegistryServer extends AsyncDisposable {
  call: TestCall
  clock: VirtualClock
  server: APIServer
  allocation: ServiceAllocation
  /** What was reached through `pods/NAME/exec` and the like. */
  connected: string[]
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const signingKey = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string

/** An API server with every built-in kind, in memory, that allows everything. */
export async function startRegistryServer(): Promise<RegistryServer> {
  const clock = new NewVirtualClock()
  const connected: string[] = []
  let server: APIServer | undefined
  const stores: StoreLookup = { of: resource => server!.stores.of(resource) }
  const resolver = new RuleResolver(stores)
  const allocation = new ServiceAllocation({ serviceCIDRs: ['10.96.0.0/24'] })
  const reach = (what: string) => async (target: unknown) => {
    connected.push(`${what} ${JSON.stringify(target)}`)
  }
  const resources = builtinResources({
    connect: { log: reach('log'), exec: reach('exec'), attach: reach('attach'), portforward: reach('portforward'), proxy: reach('proxy') },
    tokenIssuer: new TokenIssuer({ signingKey, clock, stores }),
    authorizer: new RBACAuthorizer(resolver),
    resolver,
    serviceAllocation: allocation,
  })
  const started = await startTestServer({ resources, clock, server: { schemas: schemaRegistry } })
  server = started.server
  return { call: started.call, clock, server, allocation, connected, [Symbol.asyncDispose]: () => started[Symbol.asyncDispose]() }
}

/** The message of the Status that the call is refused with. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    return (error as StatusError).message
  }
  throw new Error('the call was not refused')
}
