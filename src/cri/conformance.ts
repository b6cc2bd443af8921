import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ContainerConfigInit, ImageService, PodSandboxConfigInit, RuntimeEvent, RuntimeService } from './cri.ts'
import { CRIError, type CRIErrorCode } from './error.ts'
import { type ContainerStatus, ContainerState, PodSandboxState } from './gen/runtime.gen.ts'

/** A runtime under test. */
export interface Subject extends AsyncDisposable {
  runtime: RuntimeService & ImageService
  /** Name of an image that is on the node; containers of it, made with `container`, can run `sh`. */
  image: string
  /** What sandboxes and containers must have to run here. */
  sandbox: Pick<PodSandboxConfigInit, 'linux'>
  container: ConfigPart
  /** Folder for logs, as the runtime sees it. */
  logDirectory: string
  readLog(path: string): Promise<string>
  /** Lets some milliseconds pass. */
  pause(): Promise<void>
  /** Waits for the promise; time goes on meanwhile. */
  settle<T>(promise: Promise<T>): Promise<T>
}

type ConfigPart = Partial<Pick<ContainerConfigInit, 'metadata' | 'image' | 'mounts' | 'logPath' | 'linux'>>

/** What every runtime must do: states, reasons, exit codes, errors and events, as the kubelet builds on them. */
export function describeConformance(name: string, open: () => Promise<Subject>): void {
  describe(`${name}: CRI`, () => {
    let subject: Subject
    before(async () => {
      subject = await open()
    })
    after(async () => {
      await subject[Symbol.asyncDispose]()
    })
    for (const [area, cases] of Object.entries({ sandboxes, containers, endings, commands, events, images })) {
      describe(area, () => {
        for (const [title, run] of Object.entries(cases)) {
          it(title, () => subject.settle(Scene.with(subject, run)))
        }
      })
    }
  })
}

type Cases = Record<string, (scene: Scene) => Promise<void>>

const signal = AbortSignal.any([])
const shell = (script: string) => ['sh', '-c', script]
const forEver = 'trap "exit 0" TERM; while :; do sleep 0.05; done'
const unknownID = 'f'.repeat(64)
let sceneCount = 0

/** The sandboxes of one case, which are removed after it. */
class Scene {
  readonly subject: Subject
  readonly runtime: Subject['runtime']
  readonly label = { scene: String(++sceneCount) }
  readonly events: Watcher
  readonly #sandboxes: string[] = []

  constructor(subject: Subject) {
    this.subject = subject
    this.runtime = subject.runtime
    this.events = new Watcher(subject.runtime)
  }

  static async with(subject: Subject, run: (scene: Scene) => Promise<void>): Promise<void> {
    await using scene = new Scene(subject)
    await scene.events.until('Subscribed', '')
    await run(scene)
  }

  sandboxConfig(attempt = 0) {
    const { sandbox, logDirectory } = this.subject
    const metadata = { name: 'pod', namespace: 'default', uid: `uid-${this.label.scene}`, attempt }
    return { ...sandbox, metadata, logDirectory, labels: this.label, annotations: { note: 'kept' } }
  }

  async runSandbox(attempt = 0): Promise<string> {
    const { podSandboxId } = await this.runtime.runPodSandbox({ config: this.sandboxConfig(attempt) }, signal)
    this.#sandboxes.push(podSandboxId)
    return podSandboxId
  }

  async create(podSandboxId: string, command: string[], more: ConfigPart = {}): Promise<string> {
    const metadata = { name: 'main', attempt: 0 }
    const image = { image: this.subject.image }
    const config = { metadata, image, command, labels: this.label, annotations: { note: 'kept' }, ...this.subject.container, ...more }
    const { containerId } = await this.runtime.createContainer({ podSandboxId, config, sandboxConfig: this.sandboxConfig() }, signal)
    return containerId
  }

  async start(podSandboxId: string, command: string[], more: ConfigPart = {}): Promise<string> {
    const containerId = await this.create(podSandboxId, command, more)
    await this.runtime.startContainer({ containerId }, signal)
    return containerId
  }

  /** A container in a sandbox of its own. */
  async run(command: string[], more: ConfigPart = {}): Promise<string> {
    return this.start(await this.runSandbox(), command, more)
  }

  async status(containerId: string): Promise<ContainerStatus> {
    const { status } = await this.runtime.containerStatus({ containerId }, signal)
    assert(status)
    return status
  }

  /** State, code and reason of a container once it has ended. */
  async ending(containerId: string): Promise<{ exitCode: number; reason: string }> {
    await this.events.until('Stopped', containerId)
    const { state, exitCode, reason, startedAt, finishedAt, createdAt } = await this.status(containerId)
    assert.equal(state, ContainerState.CONTAINER_EXITED)
    // Not in order for a program that is quicker than the runtime's own report of its start.
    assert(createdAt > 0n && createdAt <= startedAt && createdAt <= finishedAt)
    return { exitCode, reason }
  }

  /** Runs until the program has set its traps. */
  async runTrapping(script: string): Promise<string> {
    const id = await this.run(shell(`${script}; echo ready; while :; do sleep 0.05; done`), { logPath: `${this.label.scene}.log` })
    const path = `${this.subject.logDirectory}/${this.label.scene}.log`
    while (!(await this.subject.readLog(path)).includes('ready')) await this.subject.pause()
    return id
  }

  stop(containerId: string, seconds: number): Promise<void> {
    return this.runtime.stopContainer({ containerId, timeout: BigInt(seconds) }, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.events[Symbol.asyncDispose]()
    for (const podSandboxId of this.#sandboxes) await this.runtime.removePodSandbox({ podSandboxId }, signal)
  }
}

/** Reads events as they come. */
class Watcher implements AsyncDisposable {
  readonly seen: RuntimeEvent[] = []
  readonly #left = new AbortController()
  readonly #reading: Promise<void>
  #wake = Promise.withResolvers<void>()

  constructor(runtime: RuntimeService) {
    this.#reading = this.#read(runtime).catch(() => undefined)
  }

  async until(type: RuntimeEvent['type'], containerID: string): Promise<void> {
    while (!this.seen.some(event => event.type === type && event.containerID === containerID)) await this.#wake.promise
  }

  of(containerID: string): string[] {
    return this.seen.filter(event => event.containerID === containerID).map(({ type }) => type)
  }

  async #read(runtime: RuntimeService): Promise<void> {
    for await (const event of runtime.containerEvents(this.#left.signal)) {
      this.seen.push(event)
      this.#wake.resolve()
      this.#wake = Promise.withResolvers()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#left.abort(new Error('enough'))
    await this.#reading
  }
}

async function rejects(promise: Promise<unknown>, code: CRIErrorCode, description: RegExp = /./): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert(error instanceof CRIError)
    assert.equal(error.code, code)
    assert.match(error.description, description)
    return true
  })
}

const sandboxes: Cases = {
  'is ready when it runs': async scene => {
    const podSandboxId = await scene.runSandbox()
    const { status } = await scene.runtime.podSandboxStatus({ podSandboxId }, signal)
    assert(status)
    const { name, namespace, uid, attempt } = status.metadata!
    assert.deepEqual({ name, namespace, uid, attempt }, { name: 'pod', namespace: 'default', uid: `uid-${scene.label.scene}`, attempt: 0 })
    assert.equal(status.state, PodSandboxState.SANDBOX_READY)
    assert.deepEqual({ ...status.labels }, scene.label)
    assert.deepEqual({ ...status.annotations }, { note: 'kept' })
    assert(status.createdAt > 0n)
    assert.match(podSandboxId, /^[0-9a-f]{64}$/)
  },
  'the same name and attempt is refused as long as it exists': async scene => {
    const podSandboxId = await scene.runSandbox()
    await rejects(
      scene.runSandbox(),
      'Unknown',
      /^failed to reserve sandbox name "pod_default_uid-\d+_0": name .* is reserved for "[0-9a-f]{64}"$/,
    )
    await scene.runSandbox(1)
    await scene.runtime.removePodSandbox({ podSandboxId }, signal)
    await scene.runSandbox()
  },
  'a runtime that nobody configured is refused': async scene => {
    const request = { config: scene.sandboxConfig(), runtimeHandler: 'nonesuch' }
    await rejects(
      scene.runtime.runPodSandbox(request, signal),
      'Unknown',
      /^failed to get sandbox runtime: no runtime for "nonesuch" is configured$/,
    )
  },
  'stopping leaves it not ready; stopping again is fine': async scene => {
    const podSandboxId = await scene.runSandbox()
    for (const id of [podSandboxId, podSandboxId]) await scene.runtime.stopPodSandbox({ podSandboxId: id }, signal)
    const { status } = await scene.runtime.podSandboxStatus({ podSandboxId }, signal)
    assert.equal(status?.state, PodSandboxState.SANDBOX_NOTREADY)
    assert.equal(status?.network?.ip, '')
  },
  'removing forgets it; removing again is fine': async scene => {
    const podSandboxId = await scene.runSandbox()
    for (const id of [podSandboxId, podSandboxId, unknownID]) await scene.runtime.removePodSandbox({ podSandboxId: id }, signal)
    await rejects(scene.runtime.podSandboxStatus({ podSandboxId }, signal), 'NotFound')
  },
  'are listed by ID, state and label': async scene => {
    const [first, second] = [await scene.runSandbox(0), await scene.runSandbox(1)]
    await scene.runtime.stopPodSandbox({ podSandboxId: first }, signal)
    const list = async (filter: object) => (await scene.runtime.listPodSandbox({ filter }, signal)).items.map(({ id }) => id).toSorted()
    const labelSelector = scene.label
    assert.deepEqual(await list({ labelSelector }), [first, second].toSorted())
    assert.deepEqual(await list({ labelSelector, state: { state: PodSandboxState.SANDBOX_READY } }), [second])
    assert.deepEqual(await list({ id: first }), [first])
    assert.deepEqual(await list({ id: unknownID }), [])
  },
}

const containers: Cases = {
  'waits until it is started': async scene => {
    const id = await scene.create(await scene.runSandbox(), shell(forEver))
    const { state, startedAt, finishedAt, exitCode, reason, metadata, labels, annotations } = await scene.status(id)
    assert.deepEqual(
      { state, startedAt, finishedAt, exitCode, reason },
      { state: 0, startedAt: 0n, finishedAt: 0n, exitCode: 0, reason: '' },
    )
    assert.deepEqual([metadata?.name, metadata?.attempt, { ...labels }, { ...annotations }], ['main', 0, scene.label, { note: 'kept' }])
  },
  'runs, with the image it was made of': async scene => {
    const { image } = await scene.runtime.imageStatus({ image: { image: scene.subject.image } }, signal)
    const status = await scene.status(await scene.run(shell(forEver)))
    assert.equal(status.state, ContainerState.CONTAINER_RUNNING)
    assert(status.startedAt >= status.createdAt && status.finishedAt === 0n)
    assert.equal(status.image?.image, image?.repoTags[0])
    assert(status.imageRef === image?.repoDigests[0] || status.imageRef === image?.id)
  },
  'is not started twice': async scene => {
    const containerId = await scene.run(shell(forEver))
    const again = scene.runtime.startContainer({ containerId }, signal)
    await rejects(again, 'Unknown', /^failed to set starting state for container "[0-9a-f]{64}": container is in CONTAINER_RUNNING state$/)
  },
  'needs a sandbox, an image and a name of its own': async scene => {
    const podSandboxId = await scene.runSandbox()
    await rejects(scene.create(unknownID, shell('true')), 'NotFound', /^failed to find sandbox id /)
    await rejects(scene.create(podSandboxId, shell('true'), { image: { image: 'nonesuch:1' } }), 'NotFound')
    await scene.create(podSandboxId, shell('true'))
    await rejects(
      scene.create(podSandboxId, shell('true')),
      'Unknown',
      /^failed to reserve container name "main_pod_default_uid-\d+_0": name /,
    )
  },
  'has no place in a sandbox that was stopped': async scene => {
    const podSandboxId = await scene.runSandbox()
    await scene.runtime.stopPodSandbox({ podSandboxId }, signal)
    await assert.rejects(scene.start(podSandboxId, shell('true')), CRIError)
  },
  'removing ends and forgets it; removing again is fine': async scene => {
    const containerId = await scene.run(shell(forEver))
    for (const id of [containerId, containerId, unknownID]) await scene.runtime.removeContainer({ containerId: id }, signal)
    await rejects(scene.runtime.containerStatus({ containerId }, signal), 'NotFound')
    await rejects(scene.runtime.startContainer({ containerId }, signal), 'NotFound')
  },
  'are listed by ID, state, sandbox and label': async scene => {
    const podSandboxId = await scene.runSandbox()
    const [first, second] = [
      await scene.start(podSandboxId, shell(forEver)),
      await scene.create(podSandboxId, shell('true'), { metadata: { name: 'b' } }),
    ]
    const list = async (filter: object) =>
      (await scene.runtime.listContainers({ filter }, signal)).containers.map(({ id }) => id).toSorted()
    assert.deepEqual(await list({ podSandboxId }), [first, second].toSorted())
    assert.deepEqual(await list({ labelSelector: scene.label, state: { state: ContainerState.CONTAINER_RUNNING } }), [first])
    assert.deepEqual(await list({ id: second }), [second])
    assert.deepEqual(await list({ podSandboxId: unknownID }), [])
  },
  'logs lines of both streams': async scene => {
    const logPath = `${scene.label.scene}-lines.log`
    await scene.ending(await scene.run(shell('echo out; echo err >&2; echo -n rest'), { logPath }))
    const lines = (await scene.subject.readLog(`${scene.subject.logDirectory}/${logPath}`)).split('\n').filter(line => line !== '')
    for (const line of lines) assert.match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d) std(out|err) [FP] /)
    assert.deepEqual(lines.map(line => line.replace(/^\S+ /, '')).toSorted(), ['stderr F err', 'stdout F out', 'stdout P rest'])
  },
}

const endings: Cases = {
  'an end with 0 is Completed': async scene => {
    assert.deepEqual(await scene.ending(await scene.run(shell('exit 0'))), { exitCode: 0, reason: 'Completed' })
  },
  'any other code is an Error': async scene => {
    assert.deepEqual(await scene.ending(await scene.run(shell('exit 3'))), { exitCode: 3, reason: 'Error' })
  },
  'a program that is not there is a StartError': async scene => {
    const podSandboxId = await scene.runSandbox()
    const containerId = await scene.create(podSandboxId, ['/nonesuch'])
    await rejects(
      scene.runtime.startContainer({ containerId }, signal),
      'Unknown',
      /^failed to create containerd task: .*exec: "\/nonesuch": stat \/nonesuch: no such file or directory/,
    )
    const { state, exitCode, reason, startedAt, finishedAt, message } = await scene.status(containerId)
    assert.deepEqual(
      { state, exitCode, reason, startedAt },
      { state: ContainerState.CONTAINER_EXITED, exitCode: 128, reason: 'StartError', startedAt: 0n },
    )
    assert(finishedAt > 0n)
    assert.match(message, /exec: "\/nonesuch"/)
  },
  'stopping without grace kills': async scene => {
    const id = await scene.run(shell(forEver))
    await scene.stop(id, 0)
    assert.deepEqual(await scene.ending(id), { exitCode: 137, reason: 'Error' })
  },
  'a program without handler is killed after the grace period': async scene => {
    const id = await scene.run(shell('while :; do sleep 0.05; done'))
    await scene.stop(id, 1)
    const { exitCode, reason, startedAt, finishedAt } = await scene.status(id)
    assert.deepEqual({ exitCode, reason }, { exitCode: 137, reason: 'Error' })
    assert(finishedAt - startedAt >= 999_000_000n)
  },
  'the handler of the stop signal decides about the code': async scene => {
    const graceful = await scene.runTrapping('trap "exit 0" TERM')
    await scene.stop(graceful, 20)
    assert.deepEqual(await scene.ending(graceful), { exitCode: 0, reason: 'Completed' })
  },
  'a shell that was ended by a signal says 143': async scene => {
    const id = await scene.runTrapping('trap "exit 143" TERM')
    await scene.stop(id, 20)
    assert.deepEqual(await scene.ending(id), { exitCode: 143, reason: 'Error' })
  },
  'stopping what has ended or was not started is fine': async scene => {
    const podSandboxId = await scene.runSandbox()
    const ended = await scene.start(podSandboxId, shell('exit 0'))
    await scene.ending(ended)
    const created = await scene.create(podSandboxId, shell('true'), { metadata: { name: 'b' } })
    for (const id of [ended, created]) await scene.stop(id, 1)
    assert.equal((await scene.status(created)).state, ContainerState.CONTAINER_CREATED)
  },
  'stopping the sandbox kills what runs in it': async scene => {
    const podSandboxId = await scene.runSandbox()
    const id = await scene.start(podSandboxId, shell(forEver))
    await scene.runtime.stopPodSandbox({ podSandboxId }, signal)
    assert.deepEqual(await scene.ending(id), { exitCode: 137, reason: 'Error' })
  },
  'removing the sandbox removes what is in it': async scene => {
    const podSandboxId = await scene.runSandbox()
    const containerId = await scene.start(podSandboxId, shell(forEver))
    await scene.runtime.removePodSandbox({ podSandboxId }, signal)
    await rejects(scene.runtime.containerStatus({ containerId }, signal), 'NotFound')
  },
}

const commands: Cases = {
  'answers output and code': async scene => {
    const containerId = await scene.run(shell(forEver))
    const cmd = shell('echo out; echo err >&2; exit 3')
    const { exitCode, stdout, stderr } = await scene.runtime.execSync({ containerId, cmd, timeout: 20n }, signal)
    assert.deepEqual([exitCode, String(Buffer.from(stdout)), String(Buffer.from(stderr))], [3, 'out\n', 'err\n'])
  },
  'ends after its time': async scene => {
    const containerId = await scene.run(shell(forEver))
    await rejects(
      scene.runtime.execSync({ containerId, cmd: ['sleep', '30'], timeout: 1n }, signal),
      'DeadlineExceeded',
      /timeout 1s exceeded/,
    )
  },
  'a program that is not there is an error of the call': async scene => {
    const containerId = await scene.run(shell(forEver))
    const call = scene.runtime.execSync({ containerId, cmd: ['nonesuch'] }, signal)
    await rejects(
      call,
      'Unknown',
      /^failed to exec in container: failed to start exec "[0-9a-f]{64}": OCI runtime exec failed: exec failed: .*"nonesuch": executable file not found in \$PATH: unknown$/,
    )
  },
  'needs a container that runs': async scene => {
    const containerId = await scene.run(shell('exit 0'))
    await scene.ending(containerId)
    await rejects(scene.runtime.execSync({ containerId, cmd: ['true'] }, signal), 'Unknown', /container is in CONTAINER_EXITED state/)
    await rejects(scene.runtime.execSync({ containerId: unknownID, cmd: ['true'] }, signal), 'NotFound')
  },
}

const events: Cases = {
  'tell the whole life in order, and what they tell is true by then': async scene => {
    const watched = scene.events
    const podSandboxId = await scene.runSandbox()
    const containerId = await scene.start(podSandboxId, shell(forEver))
    await watched.until('Started', containerId)
    await scene.stop(containerId, 0)
    await watched.until('Stopped', containerId)
    assert.equal((await scene.status(containerId)).exitCode, 137)
    await scene.runtime.removeContainer({ containerId }, signal)
    await watched.until('Deleted', containerId)
    await scene.runtime.stopPodSandbox({ podSandboxId }, signal)
    await watched.until('Stopped', podSandboxId)
    await scene.runtime.removePodSandbox({ podSandboxId }, signal)
    await watched.until('Deleted', podSandboxId)
    assert.equal(watched.seen[0]?.type, 'Subscribed')
    assert.deepEqual(watched.of(containerId), ['Created', 'Started', 'Stopped', 'Deleted'])
    assert.deepEqual(
      watched.of(podSandboxId).filter(type => type === 'Stopped' || type === 'Deleted'),
      ['Stopped', 'Deleted'],
    )
    const stopped = watched.seen.find(event => event.containerID === containerId && event.type === 'Stopped')
    assert.equal(stopped?.podSandboxID, podSandboxId)
  },
  'an aborted stream ends with the reason': async scene => {
    const controller = new AbortController()
    const reason = new Error('enough')
    await assert.rejects(
      async () => {
        for await (const { type } of scene.runtime.containerEvents(controller.signal)) if (type === 'Subscribed') controller.abort(reason)
      },
      error => error === reason,
    )
  },
}

const images: Cases = {
  'are found by name and ID': async scene => {
    const { image } = await scene.runtime.imageStatus({ image: { image: scene.subject.image } }, signal)
    assert.match(image?.id ?? '', /^sha256:[0-9a-f]{64}$/)
    const byID = await scene.runtime.imageStatus({ image: { image: image!.id } }, signal)
    assert.equal(byID.image?.id, image?.id)
    const { images: listed } = await scene.runtime.listImages({ filter: { image: { image: scene.subject.image } } }, signal)
    assert.deepEqual(
      listed.map(({ id }) => id),
      [image?.id],
    )
  },
  'what is not there is no error': async scene => {
    assert.equal((await scene.runtime.imageStatus({ image: { image: 'nonesuch:1' } }, signal)).image, undefined)
    await scene.runtime.removeImage({ image: { image: 'nonesuch:1' } }, signal)
  },
  'an aborted call rejects with the reason': async scene => {
    const reason = new Error('enough')
    await assert.rejects(scene.runtime.version(AbortSignal.abort(reason)), error => error === reason)
  },
}
