import { type LayerEntry, type ImageConfig } from './oci-image.ts'

/** A layer as what goes into it. */
export interface LayerRecipe {
  packages: string[]
  /** Suite of Debian's archive; the machine's own when missing. */
  suite?: string
  /** Names the applets of the BusyBox in the layer by links. */
  busyboxLinks?: boolean
  entries: LayerEntry[]
}

/** Images that stand in for well-known names where no registry can be reached. */
export interface StandInRecipe {
  repository: string
  tags: string[]
  /** Names of layers, the lowest first. */
  layers: string[]
  config: ImageConfig
  /** The package whose version tells what is really inside. */
  mainPackage: string
}

const path = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const nginxUser = 101
const redisUser = 999

function accounts(...extra: { name: string; id: number; home: string }[]): LayerEntry[] {
  const all = [
    { name: 'root', id: 0, home: '/root', shell: '/bin/sh' },
    ...extra.map(user => ({ ...user, shell: '/usr/sbin/nologin' })),
    { name: 'nobody', id: 65534, home: '/', shell: '/usr/sbin/nologin' },
  ]
  const lines = (format: (user: (typeof all)[number]) => string) => `${all.map(format).join('\n')}\n`
  return [
    { path: 'etc/passwd', content: lines(({ name, id, home, shell }) => `${name}:x:${id}:${id}:${name}:${home}:${shell}`) },
    { path: 'etc/group', content: lines(({ name, id }) => `${name === 'nobody' ? 'nogroup' : name}:x:${id}:`) },
    { path: 'etc/shadow', mode: 0o640, content: lines(({ name }) => `${name}:*:::::::`) },
  ]
}

const skeleton: LayerEntry[] = [
  ...[
    'dev',
    'etc',
    'home',
    'mnt',
    'opt',
    'proc',
    'run',
    'srv',
    'sys',
    'usr',
    'usr/local',
    'usr/local/bin',
    'usr/local/sbin',
    'var',
    'var/cache',
    'var/lib',
    'var/log',
  ].map(path => ({ path })),
  { path: 'root', mode: 0o700 },
  { path: 'tmp', mode: 0o1777 },
  { path: 'var/tmp', mode: 0o1777 },
  { path: 'var/run', link: '/run' },
  { path: 'etc/nsswitch.conf', content: 'passwd: files\ngroup: files\nhosts: files dns\n' },
]

const nginxConfig = `user nginx;
worker_processes auto;
error_log /var/log/nginx/error.log notice;
pid /run/nginx.pid;

events {
  worker_connections 1024;
}

http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
  access_log /var/log/nginx/access.log main;
  sendfile on;
  keepalive_timeout 65;
  include /etc/nginx/conf.d/*.conf;
}
`

const nginxSite = `server {
  listen 80;
  server_name localhost;

  location / {
    root /usr/share/nginx/html;
    index index.html index.htm;
  }

  error_page 500 502 503 504 /50x.html;
  location = /50x.html {
    root /usr/share/nginx/html;
  }
}
`

const nginxPage = `<!DOCTYPE html>
<html>
<head><title>Welcome to nginx!</title></head>
<body>
<h1>Welcome to nginx!</h1>
<p>This server runs in a container of Coxswain, from an image that stands in for the one named in the Pod.</p>
</body>
</html>
`

/** Without a password, Redis talks only to its own machine unless told otherwise; a container is reached from others. */
const redisEntrypoint = `#!/bin/sh
set -e
case "\${1:-}" in
-* | *.conf) set -- redis-server "$@" ;;
esac
[ "\${1:-}" != redis-server ] || set -- "$@" --protected-mode no
exec "$@"
`

const alpineRelease = `NAME="Alpine Linux (stand-in: BusyBox of Debian)"
ID=alpine
PRETTY_NAME="Alpine Linux (stand-in: BusyBox of Debian)"
`

export const layerRecipes: Record<string, LayerRecipe> = {
  tools: {
    packages: ['base-files', 'bash', 'coreutils', 'findutils', 'grep', 'hostname', 'iproute2', 'ncurses-base', 'procps', 'sed', 'tar'],
    entries: [...skeleton, ...accounts(), { path: 'usr/bin/sh', link: 'bash' }],
  },
  nginx: {
    packages: ['nginx'],
    entries: [
      ...accounts({ name: 'nginx', id: nginxUser, home: '/nonexistent' }),
      { path: 'etc/nginx/nginx.conf', content: nginxConfig },
      { path: 'etc/nginx/conf.d' },
      { path: 'etc/nginx/conf.d/default.conf', content: nginxSite },
      { path: 'usr/share/nginx/html/index.html', content: nginxPage },
      { path: 'var/log/nginx' },
      { path: 'var/log/nginx/access.log', link: '/dev/stdout' },
      { path: 'var/log/nginx/error.log', link: '/dev/stderr' },
    ],
  },
  redis: {
    packages: ['redis-server'],
    entries: [
      ...accounts({ name: 'redis', id: redisUser, home: '/data' }),
      { path: 'data', uid: redisUser, gid: redisUser },
      { path: 'usr/local/bin/docker-entrypoint.sh', mode: 0o755, content: redisEntrypoint },
    ],
  },
  busybox: {
    packages: ['busybox-static'],
    // The one of Debian 12 crashes in wget.
    suite: 'sid',
    busyboxLinks: true,
    entries: [...skeleton, ...accounts()],
  },
  alpine: {
    packages: [],
    entries: [
      { path: 'etc/os-release', content: alpineRelease },
      { path: 'etc/alpine-release', content: '3\n' },
    ],
  },
}

export const standInRecipes: StandInRecipe[] = [
  {
    repository: 'docker.io/library/nginx',
    tags: ['1.14', '1.14.2', '1.16', '1.17', 'latest'],
    layers: ['tools', 'nginx'],
    config: { Env: [path], Cmd: ['nginx', '-g', 'daemon off;'], ExposedPorts: { '80/tcp': {} }, StopSignal: 'SIGQUIT' },
    mainPackage: 'nginx',
  },
  {
    repository: 'docker.io/library/redis',
    tags: ['3.2', 'latest'],
    layers: ['tools', 'redis'],
    config: {
      Env: [path],
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['redis-server'],
      WorkingDir: '/data',
      ExposedPorts: { '6379/tcp': {} },
      Volumes: { '/data': {} },
    },
    mainPackage: 'redis-server',
  },
  {
    repository: 'docker.io/library/busybox',
    tags: ['latest'],
    layers: ['busybox'],
    config: { Env: [path], Cmd: ['sh'] },
    mainPackage: 'busybox-static',
  },
  {
    repository: 'docker.io/library/alpine',
    tags: ['latest'],
    layers: ['busybox', 'alpine'],
    config: { Env: [path], Cmd: ['/bin/sh'] },
    mainPackage: 'busybox-static',
  },
]

/** Dependencies that only matter to the installation of a package. */
export const excludedPackages =
  /^(adduser|debconf.*|debianutils|dpkg|gcc-\d+-base|init-system-helpers|libaudit.*|libcap-ng0|libdb5.*|libgdbm.*|libpam.*|libperl.*|lib.*-perl|libsemanage.*|libsepol.*|lsb-base|mawk|passwd|perl.*|sensible-utils|sysvinit-utils|usr-is-merged|usrmerge)$/
