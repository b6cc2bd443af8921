import { parseTime } from '#apimachinery/meta/v1/time.ts'
import type { TokenRequest } from '#api/authentication/v1/types.gen.ts'
import type { Pod } from '#api/core/v1/types.gen.ts'
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import { shared } from '#base/shared-text.ts'
import { SmallMap } from '#base/small-map.ts'
import type { Client } from '#client/client.ts'
import { limits } from '../limits.ts'

export interface ServiceAccountToken {
  token: string
  /** When to ask for the next one. */
  refreshAtMs: number
}

/** The tokens that are held, by pod UID, then by audience and lifetime. */
export type TokensState = ReadonlyMap<string, SmallMap<string, ServiceAccountToken>>

interface TokenManagerOptions {
  client: Client
  clock: Clock
  random: Random
}

const dayMs = 86_400_000
const jitterMs = 10_000

/** Service account tokens bound to pods, kept until a fifth of their life is left. */
export class TokenManager {
  readonly #options: TokenManagerOptions
  /** By pod UID, then by audience and lifetime. */
  readonly #tokens = new SmallMap<string, SmallMap<string, Promise<ServiceAccountToken> | ServiceAccountToken>>()

  /** @param state of a manager that this one takes the place of */
  constructor(options: TokenManagerOptions, state: TokensState = new Map()) {
    this.#options = options
    for (const [uid, tokens] of state) this.#tokens.set(uid, new SmallMap(tokens))
  }

  /** A copy. Tokens that were asked for and are not here yet are asked for again. */
  get state(): TokensState {
    const state = new Map<string, SmallMap<string, ServiceAccountToken>>()
    for (const [uid, tokens] of this.#tokens) {
      const held = [...tokens].filter((entry): entry is [string, ServiceAccountToken] => !(entry[1] instanceof Promise))
      state.set(uid, new SmallMap(held))
    }
    return state
  }

  async get(pod: Pod, request: { audience: string; expirationSeconds: number }, signal: AbortSignal): Promise<ServiceAccountToken> {
    const uid = pod.metadata.uid ?? ''
    let ofPod = this.#tokens.get(uid)
    if (ofPod === undefined) this.#tokens.set(uid, (ofPod = new SmallMap()))
    const key = shared(JSON.stringify(request))
    const held = ofPod.get(key)
    if (held !== undefined) {
      const token = await held
      if (token.refreshAtMs > this.#options.clock.now()) return token
    }
    const asked = this.#request(pod, request, signal)
    ofPod.set(key, asked)
    asked.then(
      token => ofPod.set(key, token),
      () => ofPod.delete(key),
    )
    return asked
  }

  forget(uid: string): void {
    this.#tokens.delete(uid)
  }

  async #request(
    pod: Pod,
    { audience, expirationSeconds }: { audience: string; expirationSeconds: number },
    signal: AbortSignal,
  ): Promise<ServiceAccountToken> {
    const { client, clock, random } = this.#options
    const { name, namespace, uid } = pod.metadata
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', namespace, name: pod.spec.serviceAccountName || 'default' }
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: {},
      spec: {
        ...(audience !== '' && { audiences: [audience] }),
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
      },
    }
    const { status } = await client.createSubresource<TokenRequest>(account, 'token', body, signal)
    if (status?.token === undefined) throw new Error('the API server answered a token request without a token')
    const nowMs = clock.now()
    const lifeMs = (parseTime(status.expirationTimestamp) ?? nowMs + expirationSeconds * 1000) - nowMs
    // Jitter keeps the pods of a node from asking all at once.
    return { token: status.token, refreshAtMs: nowMs + Math.min(lifeMs * limits.tokenRefreshShare, dayMs) - random.next() * jitterMs }
  }
}
