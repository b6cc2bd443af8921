/** Numbers of the kubelet, in one place. Upstream's values unless a comment says otherwise. */
export const limits = {
  /** Delay before a crashed container is started again: doubles from the first to the second. */
  crashBackOffInitialMs: 10_000,
  crashBackOffMaxMs: 300_000,
  /** The same for image pulls. */
  imageBackOffInitialMs: 10_000,
  imageBackOffMaxMs: 300_000,
  /** The failure itself (`Error`, `ErrImagePull`) is shown this long before the back-off that follows it; upstream's next sync does it. */
  failureShownMs: 1_000,
  /** Statuses of a pod that is just being started are written this late at most, so that passing ones cost no write. */
  passingStatusMs: 50,
  /** Wait after a failed step (sandbox, container creation) before it is tried again: doubles from the first to the second. */
  stepRetryInitialMs: 500,
  stepRetryMaxMs: 10_000,
  /** The same for volumes. */
  volumeRetryInitialMs: 500,
  volumeRetryMaxMs: 122_000,
  /** A container that must stop is always given this long. */
  gracePeriodSecondsMin: 2,
  terminationMessageBytesMax: 4096,
  terminationMessageLogBytesMax: 2048,
  terminationMessageLogLinesMax: 80,
  leaseDurationSeconds: 40,
  leaseRenewMs: 10_000,
  /** Node status is written when it changes, and this often when it does not. */
  nodeStatusReportMs: 300_000,
  /** The machine and the runtime are looked at this often for the node's status. */
  nodeStatusCheckMs: 10_000,
  nodeImagesMax: 50,
  /** Safety net: the runtime's events are what normally wakes us. */
  relistMs: 60_000,
  /** The runtime counts as unhealthy when nothing was heard from it for this long. */
  plegHealthyMs: 180_000,
  /** Volumes that may hold only so much are looked at this often: a folder tells nobody that it grows. */
  volumeCheckMs: 10_000,
  /** Of a pod that takes more of the node than it may. */
  evictionGraceSeconds: 1,
  /** Pulls at the same time. */
  imagePullsMax: 4,
  serviceAccountTokenMinSeconds: 600,
  /** A token is renewed when this share of its life has passed. */
  tokenRefreshShare: 0.8,
} as const
