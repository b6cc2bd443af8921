/** What tests say about a cluster's Pods, in any test runner. */
export { expectPod, type ExpectationOptions, type PodExpectation, type PodName } from './pod-expectation.ts'
