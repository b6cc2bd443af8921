import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FlagDefinitions, parseFlags, UsageError } from './flags.ts'

const definitions = {
  filename: { type: 'strings', short: 'f', description: '' },
  'api-port': { type: 'number', description: '' },
  detach: { type: 'boolean', description: '' },
  'data-dir': { type: 'string', description: '' },
} satisfies FlagDefinitions

const good: { args: string[]; flags: object; rest?: string[] }[] = [
  { args: ['-f', 'a', '-fb', '--filename=c=d'], flags: { filename: ['a', 'b', 'c=d'] } },
  { args: ['--detach', 'x'], flags: { detach: true }, rest: ['x'] },
  { args: ['--detach=false'], flags: { detach: false } },
  { args: ['--api-port', '6443', '--', '--detach'], flags: { 'api-port': 6443 }, rest: ['--detach'] },
]
for (const { args, flags, rest = [] } of good) {
  test(`flags: ${args.join(' ')}`, () => assert.deepEqual(parseFlags(args, definitions), { flags, rest }))
}

const bad: { args: string[]; message: RegExp }[] = [
  { args: ['--nope'], message: /unknown flag: --nope/ },
  { args: ['-x'], message: /unknown flag: -x/ },
  { args: ['--data-dir'], message: /flag needs an argument: --data-dir/ },
  { args: ['--api-port', 'abc'], message: /must be a whole number/ },
  { args: ['--api-port='], message: /must be a whole number/ },
  { args: ['--api-port=1.5'], message: /must be a whole number/ },
  { args: ['--data-dir='], message: /must not be empty/ },
  { args: ['-f', ''], message: /must not be empty/ },
  { args: ['--constructor'], message: /unknown flag: --constructor/ },
  { args: ['--__proto__=x'], message: /unknown flag: --__proto__/ },
  { args: ['--detach=maybe'], message: /must be true or false/ },
]
for (const { args, message } of bad) {
  test(`flags: ${args.join(' ')} is refused`, () => {
    assert.throws(
      () => parseFlags(args, definitions),
      (error: Error) => error instanceof UsageError && message.test(error.message),
    )
  })
}
