// Generated from hack/generate/containerd.proto by "npm run generate" (hack/generate/cri.ts). Do not edit.

import type { GenEnum, GenFile, GenMessage } from "@bufbuild/protobuf/codegenv2";
import { enumDesc, fileDesc, messageDesc } from "@bufbuild/protobuf/codegenv2";
import type { Any, Timestamp } from "@bufbuild/protobuf/wkt";
import { file_google_protobuf_any, file_google_protobuf_timestamp } from "@bufbuild/protobuf/wkt";
import type { Message, UnknownEnum } from "@bufbuild/protobuf";

export const file_source: GenFile = /*@__PURE__*/
  fileDesc("Cgxzb3VyY2UucHJvdG8SCmNvbnRhaW5lcmQiIwoQU3Vic2NyaWJlUmVxdWVzdBIPCgdmaWx0ZXJzGAEgAygJIkQKDlB1Ymxpc2hSZXF1ZXN0Eg0KBXRvcGljGAEgASgJEiMKBWV2ZW50GAIgASgLMhQuZ29vZ2xlLnByb3RvYnVmLkFueSKAAQoIRW52ZWxvcGUSLQoJdGltZXN0YW1wGAEgASgLMhouZ29vZ2xlLnByb3RvYnVmLlRpbWVzdGFtcBIRCgluYW1lc3BhY2UYAiABKAkSDQoFdG9waWMYAyABKAkSIwoFZXZlbnQYBCABKAsyFC5nb29nbGUucHJvdG9idWYuQW55Ih0KD0NvbnRhaW5lckNoYW5nZRIKCgJpZBgBIAEoCSIuCglUYXNrU3RhcnQSFAoMY29udGFpbmVyX2lkGAEgASgJEgsKA3BpZBgCIAEoDSJ9CghUYXNrRXhpdBIUCgxjb250YWluZXJfaWQYASABKAkSCgoCaWQYAiABKAkSCwoDcGlkGAMgASgNEhMKC2V4aXRfc3RhdHVzGAQgASgNEi0KCWV4aXRlZF9hdBgFIAEoCzIaLmdvb2dsZS5wcm90b2J1Zi5UaW1lc3RhbXAiHwoHVGFza09PTRIUCgxjb250YWluZXJfaWQYASABKAkiPgoKRGVzY3JpcHRvchISCgptZWRpYV90eXBlGAEgASgJEg4KBmRpZ2VzdBgCIAEoCRIMCgRzaXplGAMgASgDIvsBCgVJbWFnZRIMCgRuYW1lGAEgASgJEi0KBmxhYmVscxgCIAMoCzIdLmNvbnRhaW5lcmQuSW1hZ2UuTGFiZWxzRW50cnkSJgoGdGFyZ2V0GAMgASgLMhYuY29udGFpbmVyZC5EZXNjcmlwdG9yEi4KCmNyZWF0ZWRfYXQYByABKAsyGi5nb29nbGUucHJvdG9idWYuVGltZXN0YW1wEi4KCnVwZGF0ZWRfYXQYCCABKAsyGi5nb29nbGUucHJvdG9idWYuVGltZXN0YW1wGi0KC0xhYmVsc0VudHJ5EgsKA2tleRgBIAEoCRINCgV2YWx1ZRgCIAEoCToCOAEiHwoPR2V0SW1hZ2VSZXF1ZXN0EgwKBG5hbWUYASABKAkiMQoNSW1hZ2VSZXNwb25zZRIgCgVpbWFnZRgBIAEoCzIRLmNvbnRhaW5lcmQuSW1hZ2UiMAoMSW1hZ2VSZXF1ZXN0EiAKBWltYWdlGAEgASgLMhEuY29udGFpbmVyZC5JbWFnZSL2AQoTV3JpdGVDb250ZW50UmVxdWVzdBInCgZhY3Rpb24YASABKA4yFy5jb250YWluZXJkLldyaXRlQWN0aW9uEgsKA3JlZhgCIAEoCRINCgV0b3RhbBgDIAEoAxIQCghleHBlY3RlZBgEIAEoCRIOCgZvZmZzZXQYBSABKAMSDAoEZGF0YRgGIAEoDBI7CgZsYWJlbHMYByADKAsyKy5jb250YWluZXJkLldyaXRlQ29udGVudFJlcXVlc3QuTGFiZWxzRW50cnkaLQoLTGFiZWxzRW50cnkSCwoDa2V5GAEgASgJEg0KBXZhbHVlGAIgASgJOgI4ASJfChRXcml0ZUNvbnRlbnRSZXNwb25zZRInCgZhY3Rpb24YASABKA4yFy5jb250YWluZXJkLldyaXRlQWN0aW9uEg4KBm9mZnNldBgEIAEoAxIOCgZkaWdlc3QYBiABKAkicQoFTGVhc2USCgoCaWQYASABKAkSLQoGbGFiZWxzGAMgAygLMh0uY29udGFpbmVyZC5MZWFzZS5MYWJlbHNFbnRyeRotCgtMYWJlbHNFbnRyeRILCgNrZXkYASABKAkSDQoFdmFsdWUYAiABKAk6AjgBIosBChJDcmVhdGVMZWFzZVJlcXVlc3QSCgoCaWQYASABKAkSOgoGbGFiZWxzGAMgAygLMiouY29udGFpbmVyZC5DcmVhdGVMZWFzZVJlcXVlc3QuTGFiZWxzRW50cnkaLQoLTGFiZWxzRW50cnkSCwoDa2V5GAEgASgJEg0KBXZhbHVlGAIgASgJOgI4ASI3ChNDcmVhdGVMZWFzZVJlc3BvbnNlEiAKBWxlYXNlGAEgASgLMhEuY29udGFpbmVyZC5MZWFzZSIuChJEZWxldGVMZWFzZVJlcXVlc3QSCgoCaWQYASABKAkSDAoEc3luYxgCIAEoCCIiChBMaXN0VGFza3NSZXF1ZXN0Eg4KBmZpbHRlchgBIAEoCSI0ChFMaXN0VGFza3NSZXNwb25zZRIfCgV0YXNrcxgBIAMoCzIQLmNvbnRhaW5lcmQuVGFzayI6CgRUYXNrEgoKAmlkGAIgASgJEiYKBnN0YXR1cxgEIAEoDjIWLmNvbnRhaW5lcmQuVGFza1N0YXR1cyouCgtXcml0ZUFjdGlvbhIICgRTVEFUEAASCQoFV1JJVEUQARIKCgZDT01NSVQQAipZCgpUYXNrU3RhdHVzEgsKB1VOS05PV04QABILCgdDUkVBVEVEEAESCwoHUlVOTklORxACEgsKB1NUT1BQRUQQAxIKCgZQQVVTRUQQBBILCgdQQVVTSU5HEAViBnByb3RvMw", [file_google_protobuf_any, file_google_protobuf_timestamp]);

export type SubscribeRequest = Message<"containerd.SubscribeRequest"> & {
  filters: string[];
};

export const SubscribeRequestSchema: GenMessage<SubscribeRequest> = /*@__PURE__*/
  messageDesc(file_source, 0);

export type PublishRequest = Message<"containerd.PublishRequest"> & {
  topic: string;

  event?: Any | undefined;
};

export const PublishRequestSchema: GenMessage<PublishRequest> = /*@__PURE__*/
  messageDesc(file_source, 1);

export type Envelope = Message<"containerd.Envelope"> & {
  timestamp?: Timestamp | undefined;

  namespace: string;

  topic: string;

  event?: Any | undefined;
};

export const EnvelopeSchema: GenMessage<Envelope> = /*@__PURE__*/
  messageDesc(file_source, 2);

export type ContainerChange = Message<"containerd.ContainerChange"> & {
  id: string;
};

export const ContainerChangeSchema: GenMessage<ContainerChange> = /*@__PURE__*/
  messageDesc(file_source, 3);

export type TaskStart = Message<"containerd.TaskStart"> & {
  containerId: string;

  pid: number;
};

export const TaskStartSchema: GenMessage<TaskStart> = /*@__PURE__*/
  messageDesc(file_source, 4);

export type TaskExit = Message<"containerd.TaskExit"> & {
  containerId: string;

  id: string;

  pid: number;

  exitStatus: number;

  exitedAt?: Timestamp | undefined;
};

export const TaskExitSchema: GenMessage<TaskExit> = /*@__PURE__*/
  messageDesc(file_source, 5);

export type TaskOOM = Message<"containerd.TaskOOM"> & {
  containerId: string;
};

export const TaskOOMSchema: GenMessage<TaskOOM> = /*@__PURE__*/
  messageDesc(file_source, 6);

export type Descriptor = Message<"containerd.Descriptor"> & {
  mediaType: string;

  digest: string;

  size: bigint;
};

export const DescriptorSchema: GenMessage<Descriptor> = /*@__PURE__*/
  messageDesc(file_source, 7);

export type Image = Message<"containerd.Image"> & {
  name: string;

  labels: { [key: string]: string };

  target?: Descriptor | undefined;

  createdAt?: Timestamp | undefined;

  updatedAt?: Timestamp | undefined;
};

export const ImageSchema: GenMessage<Image> = /*@__PURE__*/
  messageDesc(file_source, 8);

export type GetImageRequest = Message<"containerd.GetImageRequest"> & {
  name: string;
};

export const GetImageRequestSchema: GenMessage<GetImageRequest> = /*@__PURE__*/
  messageDesc(file_source, 9);

export type ImageResponse = Message<"containerd.ImageResponse"> & {
  image?: Image | undefined;
};

export const ImageResponseSchema: GenMessage<ImageResponse> = /*@__PURE__*/
  messageDesc(file_source, 10);

export type ImageRequest = Message<"containerd.ImageRequest"> & {
  image?: Image | undefined;
};

export const ImageRequestSchema: GenMessage<ImageRequest> = /*@__PURE__*/
  messageDesc(file_source, 11);

export type WriteContentRequest = Message<"containerd.WriteContentRequest"> & {
  action: WriteAction;

  ref: string;

  total: bigint;

  expected: string;

  offset: bigint;

  data: Uint8Array;

  labels: { [key: string]: string };
};

export const WriteContentRequestSchema: GenMessage<WriteContentRequest> = /*@__PURE__*/
  messageDesc(file_source, 12);

export type WriteContentResponse = Message<"containerd.WriteContentResponse"> & {
  action: WriteAction;

  offset: bigint;

  digest: string;
};

export const WriteContentResponseSchema: GenMessage<WriteContentResponse> = /*@__PURE__*/
  messageDesc(file_source, 13);

export type Lease = Message<"containerd.Lease"> & {
  id: string;

  labels: { [key: string]: string };
};

export const LeaseSchema: GenMessage<Lease> = /*@__PURE__*/
  messageDesc(file_source, 14);

export type CreateLeaseRequest = Message<"containerd.CreateLeaseRequest"> & {
  id: string;

  labels: { [key: string]: string };
};

export const CreateLeaseRequestSchema: GenMessage<CreateLeaseRequest> = /*@__PURE__*/
  messageDesc(file_source, 15);

export type CreateLeaseResponse = Message<"containerd.CreateLeaseResponse"> & {
  lease?: Lease | undefined;
};

export const CreateLeaseResponseSchema: GenMessage<CreateLeaseResponse> = /*@__PURE__*/
  messageDesc(file_source, 16);

export type DeleteLeaseRequest = Message<"containerd.DeleteLeaseRequest"> & {
  id: string;

  sync: boolean;
};

export const DeleteLeaseRequestSchema: GenMessage<DeleteLeaseRequest> = /*@__PURE__*/
  messageDesc(file_source, 17);

export type ListTasksRequest = Message<"containerd.ListTasksRequest"> & {
  filter: string;
};

export const ListTasksRequestSchema: GenMessage<ListTasksRequest> = /*@__PURE__*/
  messageDesc(file_source, 18);

export type ListTasksResponse = Message<"containerd.ListTasksResponse"> & {
  tasks: Task[];
};

export const ListTasksResponseSchema: GenMessage<ListTasksResponse> = /*@__PURE__*/
  messageDesc(file_source, 19);

export type Task = Message<"containerd.Task"> & {
  id: string;

  status: TaskStatus;
};

export const TaskSchema: GenMessage<Task> = /*@__PURE__*/
  messageDesc(file_source, 20);

export const WriteAction = {
  STAT: 0,

  WRITE: 1,

  COMMIT: 2,
} as const;

export type WriteAction = (typeof WriteAction)[keyof typeof WriteAction] | UnknownEnum;

export const WriteActionSchema: GenEnum<WriteAction> = /*@__PURE__*/
  enumDesc(file_source, 0);

export const TaskStatus = {
  UNKNOWN: 0,

  CREATED: 1,

  RUNNING: 2,

  STOPPED: 3,

  PAUSED: 4,

  PAUSING: 5,
} as const;

export type TaskStatus = (typeof TaskStatus)[keyof typeof TaskStatus] | UnknownEnum;

export const TaskStatusSchema: GenEnum<TaskStatus> = /*@__PURE__*/
  enumDesc(file_source, 1);

