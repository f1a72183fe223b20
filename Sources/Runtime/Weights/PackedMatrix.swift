import CKernels

/// A weight matrix in the kernels' layout: 16 rows interleaved, whatever the element kind. Immutable once packed.
///
/// The one interface between weights and kernels: a faster path is another kernel for the same bytes.
struct PackedMatrix: Sendable {
    let rows: Int
    let columns: Int
    let kind: Kind
    /// Columns that share a scale; 0 for plain kinds.
    let group: Int
    let scaleKind: Kind
    private let memory: AlignedMemory
    private let offset: Int

    enum Kind: Int32, Sendable {
        case f32 = 0
        case bf16 = 1
        case q8 = 2
        case q4 = 3
    }

    /// A matrix at `offset` of `memory`, which has room for its `bytes` there; a multiple of 64.
    init(rows: Int, columns: Int, kind: Kind, group: Int = 0, scaleKind: Kind = .f32, in memory: AlignedMemory, at offset: Int) {
        self.rows = rows
        self.columns = columns
        self.kind = kind
        self.group = group
        self.scaleKind = scaleKind
        self.memory = memory
        self.offset = offset
    }

    /// A matrix with memory of its own.
    init(rows: Int, columns: Int, kind: Kind, group: Int = 0, scaleKind: Kind = .f32) throws(RuntimeError) {
        let bytes = Self.bytes(rows: rows, columns: columns, kind: kind, group: group, scaleKind: scaleKind)
        self.init(rows: rows, columns: columns, kind: kind, group: group, scaleKind: scaleKind, in: try AlignedMemory(count: bytes), at: 0)
    }

    /// Bytes of data and scales, a multiple of 64.
    static func bytes(rows: Int, columns: Int, kind: Kind, group: Int, scaleKind: Kind) -> Int {
        ck_matrix_data_bytes(kind.rawValue, Int64(rows), Int64(columns))
            + (group == 0 ? 0 : ck_matrix_scale_bytes(scaleKind.rawValue, Int64(rows), Int64(columns), Int32(group)))
    }

    var data: UnsafeMutableRawPointer { memory.base + offset }
    /// Behind the data; nil for plain kinds.
    var scales: UnsafeMutableRawPointer? {
        group == 0 ? nil : data + ck_matrix_data_bytes(kind.rawValue, Int64(rows), Int64(columns))
    }

    /// What the kernels take; valid as long as the matrix.
    var descriptor: ck_matrix {
        ck_matrix(
            kind: kind.rawValue, group: Int32(group), scale_kind: scaleKind.rawValue, rows: Int64(rows), columns: Int64(columns), data: data,
            scales: scales.map { UnsafeRawPointer($0) })
    }

    var bytes: Int { Self.bytes(rows: rows, columns: columns, kind: kind, group: group, scaleKind: scaleKind) }
}
