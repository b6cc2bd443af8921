import { VirtualClock } from '#base/clock.ts'
import { SeededRandom } from '#base/random.ts'
import { describeConformance, type Subject } from '../conformance.ts'
import { simulatedEnvironment } from './environment.ts'
import { MemoryLogStore } from './log-store.ts'
import { SimulatedRuntime } from './runtime.ts'

describeConformance('simulated runtime', async (): Promise<Subject> => {
  const clock = new VirtualClock()
  const logs = new MemoryLogStore()
  const environment = simulatedEnvironment({ clock, logs })
  const runtime = new SimulatedRuntime({ environment, random: new SeededRandom(1), podCIDR: '10.0.0.0/24' })
  await runtime.pullImage({ image: { image: 'busybox' } }, AbortSignal.any([]))
  return {
    runtime,
    image: 'busybox',
    sandbox: {},
    container: {},
    logDirectory: '/var/log/pods',
    readLog: async path => logs.read(path, 0, logs.extent(path).end).toString(),
    pause: () => clock.sleep(5, AbortSignal.any([])),
    async settle(promise) {
      let isSettled = false
      const settled = () => {
        isSettled = true
      }
      promise.then(settled, settled)
      while (!isSettled) await clock.advance(10)
      return promise
    },
    async [Symbol.asyncDispose]() {
      runtime[Symbol.dispose]()
    },
  }
})
