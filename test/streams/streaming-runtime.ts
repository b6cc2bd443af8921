import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { acceptPortForward } from '../../src/apimachinery/httpstream/portforward/server.ts'
import { sendRawError } from '../../src/apimachinery/httpstream/raw-response.ts'
import { type AcceptOptions, acceptRemoteCommand } from '../../src/apimachinery/httpstream/remotecommand/server.ts'
import { resultOfError } from '../../src/apimachinery/httpstream/remotecommand/result.ts'
import { isSPDYRequest } from '../../src/apimachinery/httpstream/spdy/upgrade.ts'
import { RealClock } from '../../src/base/clock.ts'
import type { KubeletHost, PortForwardTarget, RemoteCommandTarget } from '../../src/kubelet/server/host.ts'
import type { RemoteCommandOptions } from '../../src/apimachinery/httpstream/remotecommand/session.ts'

/** A streaming server as a CRI runtime has: one URL for each prepared stream, SPDY only. What runs is another host's work. */
export class StreamingRuntime implements AsyncDisposable {
  readonly #server = createServer((_request, response) => response.writeHead(404).end('no such stream'))
  readonly #prepared = new Map<string, { target: RemoteCommandTarget; options: RemoteCommandOptions } | { target: PortForwardTarget }>()
  #tokens = 0
  #url = ''

  async listen(): Promise<void> {
    this.#server.on('upgrade', (request, socket, head) => {
      this.#serve({ request, socket, head, clock: new RealClock() }).catch(() => socket.destroy())
    })
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** A host whose streams are carried by this server. */
  wrap(host: KubeletHost): KubeletHost {
    return {
      pods: () => host.pods(),
      containerLog: (...args) => host.containerLog(...args),
      exec: async (container, options) => this.#prepare({ target: await host.exec(container, options), options }),
      attach: async (container, options) => this.#prepare({ target: await host.attach(container, options), options }),
      portForward: async (pod, ports) => this.#prepare({ target: await host.portForward(pod, ports) }),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise(resolve => this.#server.close(resolve))
  }

  async #serve(accept: AcceptOptions): Promise<void> {
    const { request, socket } = accept
    const prepared = this.#prepared.get(request.url!)
    this.#prepared.delete(request.url!)
    if (prepared === undefined || !isSPDYRequest(request.headers)) {
      sendRawError(socket, 404, 'no such stream')
    } else if ('options' in prepared && 'session' in prepared.target) {
      const session = await acceptRemoteCommand(accept, prepared.options)
      if (session !== undefined) await session.finish(await prepared.target.session(session).catch(resultOfError))
    } else if (!('options' in prepared) && 'session' in prepared.target) {
      const session = await acceptPortForward(accept, [])
      if (session !== undefined) await prepared.target.session(session)
    }
  }

  #prepare(prepared: { target: RemoteCommandTarget; options: RemoteCommandOptions } | { target: PortForwardTarget }): { url: string } {
    const path = `/stream/${this.#tokens++}`
    this.#prepared.set(path, prepared)
    return { url: this.#url + path }
  }
}
