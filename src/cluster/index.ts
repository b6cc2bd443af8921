/** Coxswain as a library: a whole cluster in this process. */
export { Cluster, type ClusterOptions, startCluster } from './start-cluster.ts'
