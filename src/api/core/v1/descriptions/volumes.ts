import type { TypeDescription, TypeDescriptions } from './type-description.ts'

const mode = 'Permissions of the files, 0 to 0777; 0644 by default.'
const items = 'Keys that become files, and where; all keys under their own names by default.'

const keysAsFiles = (what: string): TypeDescription => ({
  description: `Keys of a ${what} as files.`,
  fields: { items, name: `Name of the ${what}.`, optional: `Whether the ${what} or a key may be missing.` },
})

/** Sources of volumes that a node of this cluster knows, or that are in use elsewhere. */
export const volumes: TypeDescriptions = {
  ConfigMapVolumeSource: {
    description: 'Keys of a config map as files.',
    fields: { ...keysAsFiles('config map').fields, defaultMode: mode },
  },
  SecretVolumeSource: {
    description: 'Keys of a secret as files.',
    fields: { defaultMode: mode, items, optional: 'Whether the secret or a key may be missing.', secretName: 'Name of the secret.' },
  },
  ConfigMapProjection: keysAsFiles('config map'),
  SecretProjection: keysAsFiles('secret'),
  KeyToPath: {
    description: 'A key as a file.',
    fields: { key: 'The key.', mode: 'Permissions of the file, 0 to 0777.', path: 'Path of the file in the volume.' },
  },
  DownwardAPIVolumeSource: { description: 'Fields of the pod as files.', fields: { defaultMode: mode, items: 'The files.' } },
  DownwardAPIProjection: { description: 'Fields of the pod as files.', fields: { items: 'The files.' } },
  DownwardAPIVolumeFile: {
    description: 'A field of the pod as a file; exactly one source is set.',
    fields: {
      fieldRef: 'A field of the pod.',
      mode: 'Permissions of the file, 0 to 0777.',
      path: 'Path of the file in the volume.',
      resourceFieldRef: 'A request or limit of a container.',
    },
  },
  ProjectedVolumeSource: { description: 'Several sources in one folder.', fields: { defaultMode: mode, sources: 'The sources.' } },
  VolumeProjection: {
    description: 'One source of a projected volume; exactly one field is set.',
    fields: {
      clusterTrustBundle: 'Certificates of a trust bundle.',
      configMap: 'Keys of a config map.',
      downwardAPI: 'Fields of the pod.',
      podCertificate: 'A certificate for the pod.',
      secret: 'Keys of a secret.',
      serviceAccountToken: 'A token of the service account, renewed in time.',
    },
  },
  ServiceAccountTokenProjection: {
    description: 'A token of the service account as a file.',
    fields: {
      audience: 'Who the token is for; the API server by default.',
      expirationSeconds: 'How long it is valid, at least 600; 3600 by default.',
      path: 'Path of the file in the volume.',
    },
  },
  ClusterTrustBundleProjection: {
    description: 'Certificates of a trust bundle as a file.',
    fields: {
      name: 'Name of one bundle.',
      optional: 'Whether it may be missing.',
      path: 'Path of the file in the volume.',
      signerName: 'Takes all bundles of this signer.',
    },
  },
  PodCertificateProjection: {
    description: 'A key and certificate made for the pod.',
    fields: {
      certificateChainPath: 'File for the certificates.',
      credentialBundlePath: 'File for key and certificates together.',
      keyPath: 'File for the key.',
      keyType: 'Kind of key: ED25519, ECDSAP256, RSA3072, …',
      maxExpirationSeconds: 'The longest that the certificate may be valid.',
      signerName: 'Who signs it.',
      userAnnotations: 'Further facts for the signer.',
    },
  },
  EphemeralVolumeSource: {
    description: 'A claim that lives as long as the pod.',
    fields: { volumeClaimTemplate: 'What the claim is made from.' },
  },
  PersistentVolumeClaimTemplate: { description: 'What a claim is made from.', fields: { spec: 'The claim.' } },
  PersistentVolumeClaimSpec: {
    description: 'What storage is wanted.',
    fields: {
      accessModes: 'ReadWriteOnce, ReadOnlyMany, ReadWriteMany or ReadWriteOncePod.',
      dataSource: 'What the volume is filled from.',
      dataSourceRef: 'The same, of any kind.',
      resources: 'How much.',
      storageClassName: 'Class of the storage.',
      volumeAttributesClassName: 'Class of attributes that can change later.',
      volumeMode: 'Filesystem or Block.',
      volumeName: 'A certain volume.',
    },
  },
  VolumeResourceRequirements: {
    description: 'How much storage.',
    fields: { limits: 'The most.', requests: 'The least.' },
  },
  TypedLocalObjectReference: {
    description: 'An object of the same namespace.',
    fields: { apiGroup: 'Its group; none for core.', kind: 'Its kind.', name: 'Its name.' },
  },
  TypedObjectReference: {
    description: 'An object.',
    fields: { apiGroup: 'Its group; none for core.', kind: 'Its kind.', name: 'Its name.', namespace: 'Its namespace.' },
  },
  PersistentVolumeClaimVolumeSource: {
    description: 'A claim of the namespace.',
    fields: { claimName: 'Name of the claim.', readOnly: 'Whether it is mounted read-only.' },
  },
  NFSVolumeSource: {
    description: 'A folder of an NFS server.',
    fields: { path: 'The folder.', readOnly: 'Whether it is mounted read-only.', server: 'Name or address of the server.' },
  },
  ImageVolumeSource: {
    description: "A registry image's files.",
    fields: { pullPolicy: 'When the image is pulled: Always, IfNotPresent or Never.', reference: 'Name of the image.' },
  },
  CSIVolumeSource: {
    description: 'Storage of a CSI driver that lives as long as the pod.',
    fields: {
      driver: 'Name of the driver.',
      fsType: 'File system.',
      readOnly: 'Whether it is mounted read-only.',
      volumeAttributes: 'What the driver is told.',
    },
  },
}
