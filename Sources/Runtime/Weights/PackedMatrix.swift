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
    let data: AlignedMemory
    let scales: AlignedMemory?

    enum Kind: Int32, Sendable {
        case f32 = 0
        case bf16 = 1
        case q8 = 2
        case q4 = 3
    }

    init(rows: Int, columns: Int, kind: Kind, group: Int = 0, scaleKind: Kind = .f32) throws(RuntimeError) {
        self.rows = rows
        self.columns = columns
        self.kind = kind
        self.group = group
        self.scaleKind = scaleKind
        data = try AlignedMemory(count: ck_matrix_data_bytes(kind.rawValue, Int64(rows), Int64(columns)))
        scales =
            group == 0
            ? nil : try AlignedMemory(count: ck_matrix_scale_bytes(scaleKind.rawValue, Int64(rows), Int64(columns), Int32(group)))
    }

    /// What the kernels take; valid as long as the matrix.
    var descriptor: ck_matrix {
        ck_matrix(
            kind: kind.rawValue, group: Int32(group), scale_kind: scaleKind.rawValue, rows: Int64(rows), columns: Int64(columns), data: data.base,
            scales: scales.map { UnsafeRawPointer($0.base) })
    }

    var bytes: Int { data.count + (scales?.count ?? 0) }
}
