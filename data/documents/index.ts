// The pure door of scan data.

export { decodeDocument, documentOf, encodeDocument, jsonOf } from './document-codec.ts'
export type {
  ScanColumn,
  ScanDocument,
  ScanEnd,
  ScanEndReason,
  ScanPoints,
  ScanStart,
  SnapshotEntry,
} from './scan-documents.ts'
export { scanTableHeader, scanTableRows, shortText } from './scan-table.ts'
