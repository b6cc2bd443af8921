// Holds the namespaces of a pod: waits for signals, ends at SIGINT and SIGTERM, reaps every child (it is process 1 of pods that share
// their process namespace). Makes no use of memory beside its stack. Assembled by hack/generate/pause.ts.
.set SYS_rt_sigprocmask, 135
.set SYS_rt_sigtimedwait, 137
.set SYS_wait4, 260
.set SYS_exit, 93
.set SIGINT, 2
.set SIGTERM, 15
.set SIGCHLD, 17
.set WNOHANG, 1
.set MASK_BYTES, 8

_start:
  mov x9, #-1                   // a mask of all signals, on the stack
  str x9, [sp, #-16]!
  mov x19, sp
  mov x8, #SYS_rt_sigprocmask
  mov x0, #0                    // SIG_BLOCK
  mov x1, x19
  mov x2, #0
  mov x3, #MASK_BYTES
  svc #0
wait_signal:
  mov x8, #SYS_rt_sigtimedwait
  mov x0, x19
  mov x1, #0                    // no details
  mov x2, #0                    // no time limit
  mov x3, #MASK_BYTES
  svc #0
  cmp w0, #SIGCHLD
  b.eq reap
  cmp w0, #SIGTERM
  b.eq end
  cmp w0, #SIGINT
  b.ne wait_signal
end:
  mov x8, #SYS_exit
  mov x0, #0
  svc #0
reap:
  mov x8, #SYS_wait4
  mov x0, #-1
  mov x1, #0
  mov x2, #WNOHANG
  mov x3, #0
  svc #0
  cmp w0, #0
  b.gt reap                     // several children may have ended for one signal
  b wait_signal
