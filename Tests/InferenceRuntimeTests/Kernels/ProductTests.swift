import CKernels
import COpenBLAS
import Testing

@testable import InferenceRuntime

/// Products of a packed matrix against sums in double precision, for each instruction set of this CPU.
struct ProductTests {
    /// Around the panels of 16 rows, the pairs and groups of columns, and the tiles of 1, 2, 4 and 8 tokens and more.
    struct Shape: Sendable {
        let rows: Int
        let columns: Int
        let tokens: Int
        let group: Int

        static func all(_ form: SampleMatrix.Form) -> [Shape] {
            let rows = [1, 15, 16, 17, 33, 80, 129]
            let tokens = [1, 2, 3, 5, 7, 8, 9, 13, 31]
            return rows.indices.flatMap { r in
                tokens.indices.map { t in
                    let group = [32, 64, 128][(r + t) % 3]
                    let columns = form.isAffine ? group * (1 + t % 3) : [1, 2, 7, 64, 129][(r + t) % 5]
                    return Shape(rows: rows[r], columns: columns, tokens: tokens[t], group: group)
                }
            }
        }
    }

    /// Inputs and outputs have a few elements between their rows, which nobody may write.
    private static let padding = 3
    private static let untouched: Float = 7

    private static func product(
        _ pool: KernelPool, _ matrix: PackedMatrix, _ input: [Float], tokens: Int, into output: inout [Float], accumulate: Bool
    ) {
        var descriptor = matrix.descriptor
        ck_matmul(
            pool.handle, &descriptor, input, Int64(matrix.columns + padding), &output, Int64(matrix.rows + padding), Int64(tokens), accumulate)
    }

    /// Each sum, and the sum of its terms' magnitudes, by which its error is measured.
    private static func reference(_ matrix: SampleMatrix, _ input: [Float], tokens: Int) -> [(sum: Double, size: Double)] {
        let (rows, columns) = (matrix.packed.rows, matrix.packed.columns)
        return matrix.elements.withUnsafeBufferPointer { elements in
            input.withUnsafeBufferPointer { input in
                var sums: [(sum: Double, size: Double)] = []
                sums.reserveCapacity(rows * tokens)
                for token in 0..<tokens {
                    for row in 0..<rows {
                        var sum = 0.0
                        var size = 0.0
                        for column in 0..<columns {
                            let term = Double(elements[row * columns + column]) * Double(input[token * (columns + padding) + column])
                            sum += term
                            size += term.magnitude
                        }
                        sums.append((sum, size))
                    }
                }
                return sums
            }
        }
    }

    @Test(arguments: SampleMatrix.Form.allCases)
    func productsAreThoseOfDoublePrecision(_ form: SampleMatrix.Form) throws {
        let pools = try KernelPool.allHere()
        var random = RandomNumbers(seed: 1)
        for shape in Shape.all(form) {
            let matrix = try SampleMatrix(form, rows: shape.rows, columns: shape.columns, group: shape.group, &random)
            let input = random.floats(shape.tokens * (shape.columns + Self.padding))
            let expected = Self.reference(matrix, input, tokens: shape.tokens)
            let stride = shape.rows + Self.padding
            for pool in pools {
                for accumulate in [false, true] {
                    var output = [Float](repeating: Self.untouched, count: shape.tokens * stride)
                    Self.product(pool, matrix.packed, input, tokens: shape.tokens, into: &output, accumulate: accumulate)
                    var worst = 0.0
                    var isOutsideUntouched = true
                    for token in 0..<shape.tokens {
                        for row in 0..<shape.rows {
                            let (sum, size) = expected[token * shape.rows + row]
                            let before = accumulate ? Double(Self.untouched) : 0
                            let error = (sum + before - Double(output[token * stride + row])).magnitude / (size + before + 1e-3)
                            // A NaN must not pass for the smaller one.
                            if !(error <= worst) { worst = error }
                        }
                        for row in shape.rows..<stride where output[token * stride + row] != Self.untouched { isOutsideUntouched = false }
                    }
                    #expect(worst < 3e-6, "\(pool.instructionSet) \(form) \(shape) accumulate \(accumulate)")
                    #expect(isOutsideUntouched, "\(pool.instructionSet) \(form) \(shape)")
                }
            }
        }
    }

    /// A token's result is the same alone and among others, bit for bit, with one thread or several.
    @Test(arguments: SampleMatrix.Form.allCases)
    func otherTokensAndThreadsChangeNothing(_ form: SampleMatrix.Form) throws {
        let pools = try KernelPool.allHere()
        let single = try KernelPool.allHere(threads: 1)
        var random = RandomNumbers(seed: 2)
        for shape in Shape.all(form) {
            let matrix = try SampleMatrix(form, rows: shape.rows, columns: shape.columns, group: shape.group, &random)
            let width = shape.columns + Self.padding
            let stride = shape.rows + Self.padding
            let input = random.floats(shape.tokens * width)
            for (pool, single) in zip(pools, single) {
                var together = [Float](repeating: 0, count: shape.tokens * stride)
                Self.product(pool, matrix.packed, input, tokens: shape.tokens, into: &together, accumulate: false)
                var alone: [Float] = []
                for token in 0..<shape.tokens {
                    var output = [Float](repeating: 0, count: stride)
                    let row = Array(input[token * width..<(token + 1) * width])
                    Self.product(single, matrix.packed, row, tokens: 1, into: &output, accumulate: false)
                    alone += output
                }
                #expect(together.map(\.bitPattern) == alone.map(\.bitPattern), "\(pool.instructionSet) \(form) \(shape)")
            }
        }
    }

    @Test(arguments: SampleMatrix.Form.allCases)
    func aRowIsWhatWasPacked(_ form: SampleMatrix.Form) throws {
        var random = RandomNumbers(seed: 3)
        for shape in Shape.all(form) {
            let matrix = try SampleMatrix(form, rows: shape.rows, columns: shape.columns, group: shape.group, &random)
            var descriptor = matrix.packed.descriptor
            for row in Set([0, shape.rows / 2, shape.rows - 1]) {
                var values = [Float](repeating: 0, count: shape.columns)
                ck_matrix_row(&descriptor, Int64(row), &values)
                let expected = matrix.elements[row * shape.columns..<(row + 1) * shape.columns]
                // One rounding or two, by whether the compiler fuses q * scale + bias.
                #expect(zip(values, expected).allSatisfy { ($0 - $1).magnitude <= 4e-6 }, "\(form) \(shape) row \(row)")
            }
        }
    }

    /// An implementation that is not ours, for a size of which OpenBLAS makes blocks.
    @Test func productsAreThoseOfOpenBLAS() throws {
        let (rows, columns, tokens) = (257, 300, 33)
        var random = RandomNumbers(seed: 4)
        let matrix = try SampleMatrix(.f32, rows: rows, columns: columns, group: 0, &random)
        let width = columns + Self.padding
        let stride = rows + Self.padding
        let input = random.floats(tokens * width)
        var expected = [Float](repeating: 0, count: tokens * stride)
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(tokens), Int32(rows), Int32(columns), 1, input, Int32(width), matrix.elements,
            Int32(columns), 0, &expected, Int32(stride))
        for pool in try KernelPool.allHere() {
            var output = [Float](repeating: 0, count: tokens * stride)
            Self.product(pool, matrix.packed, input, tokens: tokens, into: &output, accumulate: false)
            // 300 terms below 1: f32 sums in another order differ by a few units of 2^-24 of their size.
            #expect(zip(output, expected).allSatisfy { ($0 - $1).magnitude < 5e-5 }, "\(pool.instructionSet)")
        }
    }
}
