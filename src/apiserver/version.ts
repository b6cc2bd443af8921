import { kubernetesVersion } from '#base/version.ts'
import type { PathHandler } from './path-handler.ts'
import { jsonBody } from './request/api-response.ts'

/** What `/version` tells, as `kubectl version` reads it. */
export interface VersionInfo {
  major: string
  minor: string
  gitVersion: string
  gitCommit: string
  gitTreeState: string
  buildDate: string
  goVersion: string
  compiler: string
  platform: string
}

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

/** The version of the whole program, which nodes report too. */
export function versionInfo(): VersionInfo {
  return {
    ...kubernetesVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '2026-01-01T00:00:00Z',
    goVersion: `node${process.versions.node}`,
    compiler: 'v8',
    platform: `${process.platform}/${architectures[process.arch] ?? process.arch}`,
  }
}

export function versionHandler(info: VersionInfo): PathHandler {
  return { path: '/version', handle: () => ({ status: 200, body: jsonBody(info) }) }
}
