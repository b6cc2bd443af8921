/** The version of this program; `package.json` says the same. */
export const coxswainVersion = '0.1.0'

/** The Kubernetes version that we speak, as `/version` and nodes report it. */
export const kubernetesVersion = { major: '1', minor: '36', gitVersion: `v1.36.4+coxswain-${coxswainVersion}` }
