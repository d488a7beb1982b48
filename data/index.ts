// The door of scan data: for macro servers, gateways and authors of recorders.

export { type PublishOutcome, ScanPublisher, type ScanPublisherOptions } from './broker/publisher.ts'
export { pruneScanLogs, type RetentionOptions, ScanFolder } from './broker/scan-folder.ts'
export { newScanId } from './broker/scan-id.ts'
export { replay, ScanLogReader } from './broker/scan-log.ts'
export { type ScanNews, ScanSubscriber, type ScanSubscriberOptions } from './broker/subscriber.ts'
export { type UnfinishedScan, unfinishedScans } from './broker/unfinished.ts'
export { bytesText, checkFolder, freeBytes } from './disk-space.ts'
export type {
  ScanColumn,
  ScanDocument,
  ScanEnd,
  ScanEndReason,
  ScanPoints,
  ScanStart,
  SnapshotEntry,
} from './documents/index.ts'
export { decodeDocument, encodeDocument, scanTableHeader, scanTableRows } from './documents/index.ts'
export type { H5Block, H5Group, H5Node } from './hdf5/h5-tree.ts'
export { type H5File, H5Writer } from './hdf5/h5-writer.ts'
export { addToMaster } from './hdf5/master-file.ts'
export { type NexusCreator, type NexusLayout, nexusBlocks, nexusEnd, nexusTree } from './hdf5/nexus-tree.ts'
export { type ClaimedFile, defineRecorder, type Recorder, type RecorderContext, type Recording } from './recorder.ts'
export type { DataLog, Timers } from './timers.ts'
