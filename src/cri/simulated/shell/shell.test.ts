import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerFiles, Output } from '../image.ts'
import { asStream, type ShellHost } from './host.ts'
import { Shell } from './shell.ts'

interface Case {
  run: string | string[]
  stdin?: string
  stdout?: string
  stderr?: string
  code?: number
  lenient?: boolean
}

const cases: Case[] = [
  { run: 'echo one two', stdout: 'one two\n' },
  { run: `echo 'single $A' "double $A \\"q\\"" es\\ caped`, stdout: 'single $A double 1 "q" es caped\n' },
  { run: 'echo -n x; echo $A${A}$NONE${NONE:-other}', stdout: 'x11other\n' },
  { run: 'exit 7', code: 7 },
  { run: 'false; echo $?', stdout: '1\n' },
  { run: 'true && echo yes || echo no', stdout: 'yes\n' },
  { run: 'false && echo yes || echo no', stdout: 'no\n' },
  { run: '! false', code: 0 },
  { run: 'X=5; if [ $X -gt 3 ]; then echo big; elif false; then :; else echo small; fi', stdout: 'big\n' },
  { run: 'if test -f /none; then echo yes; else echo no; fi', stdout: 'no\n' },
  {
    run: 'echo text > /tmp/f; echo more >> /tmp/f; cat /tmp/f; rm /tmp/f; cat /tmp/f',
    stdout: 'text\nmore\n',
    stderr: "cat: can't open '/tmp/f': No such file or directory\n",
    code: 1,
  },
  { run: 'echo out; echo err >&2', stdout: 'out\n', stderr: 'err\n' },
  { run: 'echo err > /dev/stderr; echo gone > /dev/null', stderr: 'err\n' },
  { run: 'echo through | cat', stdout: 'through\n' },
  { run: 'cat < /etc/motd', stdout: 'hello\n' },
  { run: 'while ! test -f /tmp/x; do touch /tmp/x; echo round; done', stdout: 'round\n' },
  { run: '(echo group; exit 2)', stdout: 'group\n', code: 2 },
  { run: '{ echo a; echo b; } | cat # a comment', stdout: 'a\nb\n' },
  { run: 'date; date +%s; date "+%F %T"', stdout: 'Fri Jan  2 03:04:05 UTC 2026\n1767323045\n2026-01-02 03:04:05\n' },
  { run: 'for i in $(seq 3); do echo $i; done; seq 4 -2 0', stdout: '1\n2\n3\n4\n2\n0\n' },
  { run: 'ls /etc; ls /none', stdout: 'motd\nscript\n', stderr: 'ls: /none: No such file or directory\n', code: 1 },
  { run: 'test -d /etc && ! test -d /etc/motd && echo folder', stdout: 'folder\n' },
  {
    run: 'cp /etc/motd /tmp/x; cat /tmp/x; cp /none /tmp/y',
    stdout: 'hello\n',
    stderr: "cp: can't stat '/none': No such file or directory\n",
    code: 1,
  },
  {
    run: 'seq 20 | tail -n 2; seq 20 | tail -1; seq 20 | head -n2; head /etc/motd; seq 20 | head | tail -1',
    stdout: '19\n20\n20\n1\n2\nhello\n10\n',
  },
  { run: 'tail /none', stderr: 'tail: /none: No such file or directory\n', code: 1 },
  {
    run: 'seq 12 | grep 1 | wc -l; seq 12 | grep -c 2; grep -q hello /etc/motd && echo found; seq 2 | grep -v 1; grep x /etc/motd',
    stdout: '4\n2\nfound\n2\n',
    code: 1,
  },
  {
    run: 'mkdir -p /data/in; echo one > /data/in/a; echo two > /data/b; tar cf - /data | tar xmf - -C /copy; cat /copy/data/in/a /copy/data/b',
    stdout: 'one\ntwo\n',
  },
  { run: 'tar cf - /none', stderr: 'tar: /none: No such file or directory\n', code: 1 },
  { run: 'whoami; id', stdout: 'root\nuid=0(root) gid=0(root) groups=0(root)\n' },
  {
    run: 'env; echo $HOSTNAME',
    stdout: `${['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOSTNAME=box', 'HOME=/root', 'A=1', 'box'].join('\n')}\n`,
  },
  { run: 'hostname', stdout: 'box\n' },
  { run: 'printenv A; printenv NONE', stdout: '1\n', code: 1 },
  { run: 'nonesuch', stderr: 'sh: nonesuch: not found\n', code: 127 },
  { run: 'nonesuch --flag', lenient: true },
  { run: 'cat /none', lenient: true },
  { run: 'constructor', stderr: 'sh: constructor: not found\n', code: 127 },
  { run: 'echo "open', stderr: 'sh: syntax error: unterminated quoted string\n', code: 2 },
  { run: 'if true; then echo', stderr: 'sh: syntax error: unexpected end of file\n', code: 2 },
  { run: 'echo "$(echo a b)" $(echo c; exit 3) $?', stdout: 'a b c 0\n' },
  { run: 'echo "$(echo "$(echo ")")")"', stdout: ')\n' },
  { run: 'echo $(echo one', stderr: 'sh: syntax error: unterminated quoted string\n', code: 2 },
  { run: 'i=0; while [ $i -lt 3 ]; do echo "$i: $((i * 2 + 1))"; i=$((i+1)); done', stdout: '0: 1\n1: 3\n2: 5\n' },
  { run: 'echo $(( (1 + 2) * 3 )) $((-7 / 2)) $((7 % 4 == 3)) $((1 < 2))', stdout: '9 -3 1 1\n' },
  { run: 'echo $((1 +)); echo never', stderr: 'sh: arithmetic syntax error\n', code: 2 },
  { run: 'for i in 9 8 7; do echo $i; done', stdout: '9\n8\n7\n' },
  { run: 'L="a b"; for x in $L "$L" $NONE; do echo "<$x>"; done', stdout: '<a>\n<b>\n<a b>\n' },
  { run: 'for x in a\ndo\necho $x\ndone', stdout: 'a\n' },
  { run: '`date`', stderr: 'sh: backquotes are not supported: $(…) is the same\n', code: 2 },
  { run: 'echo job & wait; echo done', stdout: 'job\ndone\n' },
  { run: ['cat'], stdin: 'input', stdout: 'input' },
  { run: ['sh'], stdin: 'echo typed; exit 4', stdout: 'typed\n', code: 4 },
  { run: ['sh'], stdin: 'cat\nrest\n', stdout: 'rest\n' },
  { run: ['sh'], stdin: 'if true\nthen echo lines\nfi\n', stdout: 'lines\n' },
  { run: ['sh'], stdin: 'if true\n', stderr: 'sh: syntax error: unexpected end of file\n', code: 2 },
  { run: ['sh', '/etc/script'], stdout: 'scripted\n' },
  { run: ['sh', '/none'], stderr: "sh: can't open '/none': No such file or directory\n", code: 2 },
  { run: ['bash', '-c', 'echo x'], stdout: 'x\n', lenient: true },
  { run: ['bash', '-c', 'echo x'], stderr: 'sh: bash: not found\n', code: 127 },
  { run: ['/bin/echo', 'path'], stdout: 'path\n' },
  { run: 'sleep x', stderr: "sleep: invalid number 'x'\n", code: 1 },
]

for (const { run, stdin = '', stdout = '', stderr = '', code = 0, lenient = false } of cases) {
  test(`shell: ${typeof run === 'string' ? run : run.join(' ')}${lenient ? ' (lenient)' : ''}`, async () => {
    const [out, err] = [new Text(), new Text()]
    const shell = new Shell(host({ lenient }))
    const argv = typeof run === 'string' ? ['sh', '-c', run] : run
    const exitCode = await shell.run(argv, { stdin: asStream(Buffer.from(stdin)), stdout: out, stderr: err })
    assert.deepEqual({ stdout: out.text, stderr: err.text, code: exitCode }, { stdout, stderr, code })
  })
}

const traps: { trap: string; signal: string; stdout: string }[] = [
  { trap: 'trap "echo term; exit 3" TERM; while :; do sleep 1; done', signal: 'SIGTERM', stdout: 'term\n' },
  { trap: 'trap "echo term; exit 3" 15; sleep infinity & wait; echo never', signal: 'SIGTERM', stdout: 'term\n' },
]
for (const { trap, signal, stdout } of traps) {
  test(`shell: ${trap}`, async () => {
    const out = new Text()
    const shell = new Shell(host({ sleep: ms => (ms === Number.POSITIVE_INFINITY ? new Promise(() => undefined) : nextTurn()) }))
    const running = shell.run(['sh', '-c', trap], { stdin: asStream(Buffer.alloc(0)), stdout: out, stderr: out })
    await nextTurn()
    shell.signal(signal)
    assert.equal(await running, 3)
    assert.equal(out.text, stdout)
  })
}

class Text implements Output {
  text = ''

  async write(data: string | Uint8Array): Promise<void> {
    this.text += Buffer.from(data).toString()
  }
}

function host(options: Partial<ShellHost>): ShellHost {
  const contents = new Map<string, Buffer>([
    ['/etc/motd', Buffer.from('hello\n')],
    ['/etc/script', Buffer.from('echo scripted\n')],
  ])
  const files: ContainerFiles = {
    read: async path => contents.get(path),
    write: async (path, content, { append = false } = {}) => {
      contents.set(path, Buffer.concat([(append && contents.get(path)) || Buffer.alloc(0), Buffer.from(content)]))
    },
    list: async path => [...contents.keys()].filter(each => each.startsWith(`${path}/`)).map(each => each.slice(path.length + 1)),
    remove: async path => contents.delete(path),
  }
  return { env: { A: '1' }, hostname: 'box', files, lenient: false, now: () => Date.UTC(2026, 0, 2, 3, 4, 5), sleep: nextTurn, ...options }
}

function nextTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
