export { type NodeFiles, type SimulatedEnvironment, simulatedEnvironment } from './environment.ts'
export type { SimulatedFaults, Verb } from './faults.ts'
export { FileLogStore } from './file-log-store.ts'
export type {
  ContainerContext,
  ContainerFiles,
  ExecAnswerScript,
  ExecContext,
  ExecFunction,
  HTTPAnswer,
  HTTPAnswerScript,
  HTTPHandler,
  HTTPQuestion,
  ImageFunction,
  ImageOptions,
  ImageScript,
  LogLine,
  Output,
  PullError,
  SimulatedImage,
} from './image.ts'
export { StopSignal } from './image.ts'
export type { MachineListener } from './node.ts'
export { SimulatedImages, type SimulatedImagesOptions } from './images.ts'
export { type LogSource, type LogStore, MemoryLogStore } from './log-store.ts'
export { type Address, ConnectError, SimulatedNetwork } from './network.ts'
export type { SimulatedNodeState } from './node-state.ts'
export { SimulatedRuntime, type SimulatedRuntimeOptions } from './runtime.ts'
