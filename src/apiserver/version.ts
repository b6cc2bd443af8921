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

/** @param release the version of this program: it becomes build metadata, `v1.36.0+coxswain-0.1.0` */
export function versionInfo(release: string): VersionInfo {
  return {
    major: '1',
    minor: '36',
    gitVersion: `v1.36.0+coxswain-${release}`,
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
