# Holds the namespaces of a pod: waits for signals, ends at SIGINT and SIGTERM, reaps every child (it is process 1 of pods that share
# their process namespace). Makes no use of memory beside its stack. Assembled by hack/generate/pause.ts.
.intel_syntax noprefix
.set SYS_rt_sigprocmask, 14
.set SYS_wait4, 61
.set SYS_rt_sigtimedwait, 128
.set SYS_exit, 60
.set SIGINT, 2
.set SIGTERM, 15
.set SIGCHLD, 17
.set WNOHANG, 1
.set MASK_BYTES, 8

_start:
  push -1                       # a mask of all signals, on the stack
  mov rbx, rsp
  mov eax, SYS_rt_sigprocmask
  xor edi, edi                  # SIG_BLOCK
  mov rsi, rbx
  xor edx, edx
  mov r10d, MASK_BYTES
  syscall
wait_signal:
  mov eax, SYS_rt_sigtimedwait
  mov rdi, rbx
  xor esi, esi                  # no details
  xor edx, edx                  # no time limit
  mov r10d, MASK_BYTES
  syscall
  cmp eax, SIGCHLD
  je reap
  cmp eax, SIGTERM
  je end
  cmp eax, SIGINT
  jne wait_signal
end:
  mov eax, SYS_exit
  xor edi, edi
  syscall
reap:
  mov eax, SYS_wait4
  mov edi, -1
  xor esi, esi
  mov edx, WNOHANG
  xor r10d, r10d
  syscall
  test eax, eax
  jg reap                       # several children may have ended for one signal
  jmp wait_signal
