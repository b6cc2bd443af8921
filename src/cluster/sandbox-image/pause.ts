import { pauseCode } from './pause.gen.ts'

export type Machine = keyof typeof pauseCode

const elfHeaderBytes = 64
const programHeaderBytes = 56
const loadAddress = 0x400000n
/** The largest page of both machines: arm64 kernels may use 64 KiB. */
const alignment = 0x10000n
const elfMachine: Record<Machine, number> = { x64: 62, arm64: 183 }

/** A static executable for Linux around the machine code: one segment that may be read and executed. */
export function pauseProgram(machine: Machine): Buffer {
  const code = Buffer.from(pauseCode[machine], 'hex')
  const codeOffset = elfHeaderBytes + programHeaderBytes
  const program = Buffer.alloc(codeOffset + code.length)
  const size = BigInt(program.length)

  program.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]) // ELF, 64 bits, little endian, version 1
  program.writeUInt16LE(2, 16) // executable
  program.writeUInt16LE(elfMachine[machine], 18)
  program.writeUInt32LE(1, 20)
  program.writeBigUInt64LE(loadAddress + BigInt(codeOffset), 24) // entry
  program.writeBigUInt64LE(BigInt(elfHeaderBytes), 32) // where the program headers begin
  program.writeUInt16LE(elfHeaderBytes, 52)
  program.writeUInt16LE(programHeaderBytes, 54)
  program.writeUInt16LE(1, 56)

  program.writeUInt32LE(1, 64) // to be loaded
  program.writeUInt32LE(5, 68) // readable, executable
  program.writeBigUInt64LE(loadAddress, 80)
  program.writeBigUInt64LE(loadAddress, 88)
  program.writeBigUInt64LE(size, 96)
  program.writeBigUInt64LE(size, 104)
  program.writeBigUInt64LE(alignment, 112)

  code.copy(program, codeOffset)
  return program
}
