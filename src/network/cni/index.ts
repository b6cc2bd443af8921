export { outwardMTU, readResolvers, readRoutes } from './machine.ts'
export { bridgeName, type Egress, isOwnRoute, type PodNetworkOptions, type PodNetworkPlan, planPodNetwork } from './plan.ts'
export { choosePodCIDR, nodePodCIDR, type PodCIDROptions, type Route } from './pod-cidr.ts'
export { type PodNetworkFolders, removePodNetwork, setUpPodNetwork } from './pod-network.ts'
