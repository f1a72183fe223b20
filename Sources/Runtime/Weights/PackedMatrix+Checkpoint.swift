import Checkpoint

extension PackedMatrix {
    /// The kernels' form of a checkpoint's matrix: bf16 and quantised weights as they are, f16 widened.
    private static func form(of info: MatrixInfo) -> (kind: Kind, group: Int, scaleKind: Kind) {
        switch info.source {
        case .dense(let tensor): (tensor.type == .bf16 ? .bf16 : .f32, 0, .f32)
        case .affine(_, let scales, _, let scheme): (scheme.bits == 8 ? .q8 : .q4, scheme.groupSize, scales.type == .bf16 ? .bf16 : .f32)
        }
    }

    static func bytes(of info: MatrixInfo) -> Int {
        let form = form(of: info)
        return bytes(rows: info.rows, columns: info.columns, kind: form.kind, group: form.group, scaleKind: form.scaleKind)
    }

    static func bytes(of map: WeightMap) -> Int { map.matrices.reduce(0) { $0 + bytes(of: $1) } }

    init(_ info: MatrixInfo, in memory: AlignedMemory, at offset: Int) {
        let form = Self.form(of: info)
        self.init(
            rows: info.rows, columns: info.columns, kind: form.kind, group: form.group, scaleKind: form.scaleKind, in: memory, at: offset)
    }
}
