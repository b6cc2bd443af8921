import { randomBytes } from 'node:crypto'

/** The only source of randomness; comes through the constructor, so that one seed gives one trace. Not for keys and tokens. */
export interface Random {
  /** A number in [0, 1). */
  next(): number
  /** An RFC 4122 version 4 UUID. */
  uuid(): string
  /** `length` characters of the alphabet that generated names use (no vowels, no look-alikes). */
  suffix(length: number): string
  /** Another one that gives the same from now on. */
  copy(): Random
  /** One of its own, for choices that nobody sees: however often it is used, this one gives the same as without it. */
  branch(): Random
}

/** The 27 characters of k8s.io/apimachinery's `rand.String`: names made of them spell no words. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789'

const uuidBytes = Buffer.alloc(16)
const uuidText = Buffer.alloc(36)
const hexDigits = Buffer.from('0123456789abcdef')
const dash = 45

abstract class RandomBase implements Random {
  abstract next(): number
  abstract copy(): Random
  abstract branch(): Random

  uuid(): string {
    for (let offset = 0; offset < uuidBytes.length; offset += 4) uuidBytes.writeUInt32BE(Math.floor(this.next() * 2 ** 32), offset)
    uuidBytes[6] = (uuidBytes[6]! & 0x0f) | 0x40
    uuidBytes[8] = (uuidBytes[8]! & 0x3f) | 0x80
    // Read out of bytes, since a text that was put together stays in its many pieces.
    let length = 0
    for (let index = 0; index < uuidBytes.length; index++) {
      if (index === 4 || index === 6 || index === 8 || index === 10) uuidText[length++] = dash
      const byte = uuidBytes[index]!
      uuidText[length++] = hexDigits[byte >>> 4]!
      uuidText[length++] = hexDigits[byte & 15]!
    }
    return uuidText.toString('latin1')
  }

  suffix(length: number): string {
    let text = ''
    for (let index = 0; index < length; index++) text += suffixAlphabet[Math.floor(this.next() * suffixAlphabet.length)]
    return text
  }
}

/** The machine's randomness. */
export class SystemRandom extends RandomBase {
  #pool = randomBytes(4096)
  #offset = 0

  next(): number {
    if (this.#offset + 6 > this.#pool.length) {
      this.#pool = randomBytes(4096)
      this.#offset = 0
    }
    const value = this.#pool.readUIntBE(this.#offset, 6)
    this.#offset += 6
    return value / 2 ** 48
  }

  override uuid(): string {
    return crypto.randomUUID()
  }

  copy(): Random {
    return this
  }

  branch(): Random {
    return this
  }
}

/** Any number but 0 makes a branch differ from a copy. */
const branchMark = 0x5f3759df

/** Reproducible randomness (the mulberry32 generator). */
export class SeededRandom extends RandomBase {
  #state: number

  constructor(seed: number) {
    super()
    this.#state = seed >>> 0
  }

  copy(): SeededRandom {
    return new SeededRandom(this.#state)
  }

  branch(): SeededRandom {
    return new SeededRandom(Math.imul(this.#state ^ branchMark, 0x85ebca6b))
  }

  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
