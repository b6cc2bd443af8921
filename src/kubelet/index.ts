export { linuxHost, type NodeHost, simulatedHost } from './host/node-host.ts'
export { Kubelet, startKubelet } from './kubelet.ts'
export type { KubeletOptions } from './options.ts'
