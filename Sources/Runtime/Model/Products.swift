import CKernels

/// One of several products of the same rows of activations, or of some of them.
struct Product {
    var matrix: PackedMatrix
    var output: UnsafeMutablePointer<Float>  // (rows, matrix.rows)
    var accumulate = false
    /// All where nil.
    var rows: Range<Int>?
}

/// Rows of activations and their products with weights: in f32, or in the form that a matrix is multiplied fastest with. A form is made
/// once for all products of the same rows.
///
/// Not for two threads at once. What `floats` points at must stay as it is until the next `take`.
final class Products {
    private let pool: OpaquePointer
    private let hasBytes: Bool
    private let hasPairs: Bool
    private let bytes: AlignedMemory  // (rows, columns, 2) of Int8
    private let scales: AlignedMemory  // (rows, columns / smallest part, 2)
    private let pairs: AlignedMemory  // (rows, columns / 2) of two bf16
    private var floats: UnsafeMutablePointer<Float>?
    private var columns = 0
    private var rows = 0
    private var made: Form?

    /// How a matrix takes the activations.
    enum Form: Equatable {
        case floats
        /// So many columns share a scale.
        case bytes(part: Int)
        case pairs
    }

    /// - Parameter columns: the most that any matrix has.
    init(_ model: LanguageModel, rows: Int, columns: Int) throws(RuntimeError) {
        pool = model.pool.handle
        let level = model.pool.instructionSet.rawValue
        let isFast = model.precision == .fast
        hasBytes = isFast && ck_level_has_bytes(level)
        hasPairs = isFast && ck_level_has_bf16(level)
        bytes = try AlignedMemory(count: hasBytes ? rows * columns * 2 : 1)
        scales = try AlignedMemory(count: hasBytes ? rows * columns / Self.smallestPart * 8 : 1)
        pairs = try AlignedMemory(count: hasPairs ? rows * (columns + 1) / 2 * 4 : 1)
    }

    private static let smallestPart = 32
    /// Coarser scales cost accuracy, finer ones time.
    private static let largestPart = 64

    func form(of matrix: PackedMatrix) -> Form {
        switch matrix.kind {
        case .q4, .q8: hasBytes ? .bytes(part: min(matrix.group, Self.largestPart)) : .floats
        case .bf16: hasPairs ? .pairs : .floats
        case .f32: .floats
        }
    }

    // MARK: What is multiplied

    /// These rows, as they are.
    func take(_ floats: UnsafeMutablePointer<Float>, rows: Int, columns: Int) {
        self.floats = floats
        self.rows = rows
        self.columns = columns
        made = nil
    }

    /// The norm of `input`, which goes to `floats`; in one pass with the form that `matrix` takes.
    func takeNorm(
        of input: UnsafePointer<Float>, _ weight: [Float], epsilon: Float, floats: UnsafeMutablePointer<Float>, rows: Int, for matrix: PackedMatrix
    ) {
        take(floats, rows: rows, columns: weight.count)
        guard case .bytes(let part) = form(of: matrix) else {
            return ck_rms_norm(pool, input, weight, floats, Int64(weight.count), Int64(rows), epsilon)
        }
        var to = asBytes(part)
        ck_rms_norm_to_bytes(pool, input, weight, floats, Int64(rows), epsilon, &to)
        made = .bytes(part: part)
    }

    /// silu(gate) * up, which takes the place of the gate.
    func takeGated(_ gate: UnsafeMutablePointer<Float>, _ up: UnsafePointer<Float>, rows: Int, columns: Int, for matrix: PackedMatrix) {
        take(gate, rows: rows, columns: columns)
        guard case .bytes(let part) = form(of: matrix) else { return ck_silu_multiply(pool, gate, up, Int64(columns), Int64(rows)) }
        var to = asBytes(part)
        ck_silu_multiply_to_bytes(pool, gate, up, Int64(rows), &to)
        made = .bytes(part: part)
    }

    // MARK: Products

    func multiply(_ products: [Product]) {
        var rest = products[...]
        while let first = rest.first {
            let form = form(of: first.matrix)
            let same = rest.prefix { self.form(of: $0.matrix) == form }
            multiply(same, form)
            rest = rest.dropFirst(same.count)
        }
    }

    private func multiply(_ products: ArraySlice<Product>, _ form: Form) {
        guard let floats else { return }
        var matrices = products.map(\.matrix.descriptor)
        if form == .floats {
            for (index, product) in products.enumerated() {
                let taken = product.rows ?? 0..<rows
                ck_matmul(
                    pool, &matrices[index], floats + taken.lowerBound * columns, Int64(columns), product.output, Int64(product.matrix.rows),
                    Int64(taken.count), product.accumulate)
            }
            return
        }
        make(form, from: floats)
        let bytes = products.map { asBytes(Self.part(form), from: $0.rows?.lowerBound ?? 0) }
        let pairs = UnsafePointer(pairs.base.assumingMemoryBound(to: UInt32.self))
        matrices.withUnsafeBufferPointer { matrices in
            bytes.withUnsafeBufferPointer { bytes in
                let described = zip(products, matrices.indices).map { product, index in
                    ck_product(
                        matrix: matrices.baseAddress.map { $0 + index }, bytes: form == .pairs ? nil : bytes.baseAddress.map { $0 + index },
                        pairs: form == .pairs ? pairs + (product.rows?.lowerBound ?? 0) * ((columns + 1) / 2) : nil,
                        rows: Int64(product.rows?.count ?? rows), y: product.output, y_stride: Int64(product.matrix.rows),
                        accumulate: product.accumulate)
                }
                ck_multiply(pool, described, Int64(described.count))
            }
        }
    }

    private func make(_ form: Form, from floats: UnsafeMutablePointer<Float>) {
        guard made != form else { return }
        made = form
        switch form {
        case .floats: break
        case .bytes(let part):
            var to = asBytes(part)
            ck_to_bytes(pool, floats, Int64(rows), &to)
        case .pairs: ck_to_pairs(pool, floats, Int64(rows), Int64(columns), pairs.base.assumingMemoryBound(to: UInt32.self))
        }
    }

    private static func part(_ form: Form) -> Int { if case .bytes(let part) = form { part } else { largestPart } }

    private func asBytes(_ part: Int, from row: Int = 0) -> ck_bytes {
        ck_bytes(
            bytes: bytes.base.assumingMemoryBound(to: Int8.self) + row * columns * 2, scales: scales.floats + row * (columns / part) * 2,
            columns: Int64(columns), part: Int64(part))
    }
}
