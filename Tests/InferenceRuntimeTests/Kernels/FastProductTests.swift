import CKernels
import Testing

@testable import InferenceRuntime

/// Products with activations in bytes and in bf16: what is multiplied is exactly what the conversion says, and any rows share the work.
struct FastProductTests {
    private static func pools(_ form: SampleMatrix.Form) throws -> [KernelPool] {
        try KernelPool.allHere().filter {
            let level = $0.instructionSet.rawValue
            return form.isAffine ? ck_level_has_bytes(level) : form == .bf16 && ck_level_has_bf16(level)
        }
    }

    /// Rows of activations in the form that `matrix` takes, and the numbers that this form stands for.
    private final class Converted {
        var bytes: [Int8]
        var scales: [Float]
        var pairs: [UInt32]
        var numbers: [Float]
        let columns: Int
        let part: Int

        init(_ pool: KernelPool, _ input: [Float], _ columns: Int, part: Int?) {
            let rows = input.count / columns
            self.columns = columns
            self.part = part ?? columns
            bytes = Array(repeating: 0, count: part == nil ? 0 : input.count * 2)
            scales = Array(repeating: 0, count: part.map { input.count / $0 * 2 } ?? 0)
            pairs = Array(repeating: 0, count: part == nil ? rows * ((columns + 1) / 2) : 0)
            numbers = input
            guard let part else {
                ck_to_pairs(pool.handle, input, Int64(rows), Int64(columns), &pairs)
                numbers = input.map { Float(bf16: $0.roundedToBF16) }
                return
            }
            withBytes { descriptor in
                var descriptor = descriptor
                ck_to_bytes(pool.handle, input, Int64(rows), &descriptor)
            }
            for index in input.indices {
                let place = index / part * part * 2 + index % part
                numbers[index] = (Float(bytes[place]) * 256 + Float(bytes[place + part])) * scales[index / part * 2]
            }
        }

        func withBytes<R>(_ body: (ck_bytes) throws -> R) rethrows -> R {
            try bytes.withUnsafeMutableBufferPointer { bytes in
                try scales.withUnsafeMutableBufferPointer { scales in
                    try body(ck_bytes(bytes: bytes.baseAddress, scales: scales.baseAddress, columns: Int64(columns), part: Int64(part)))
                }
            }
        }

        func product(_ pool: KernelPool, _ matrix: PackedMatrix, rows: Int, into output: inout [Float], accumulate: Bool) {
            var descriptor = matrix.descriptor
            withBytes { bytes in
                withUnsafePointer(to: bytes) { bytes in
                    withUnsafePointer(to: &descriptor) { matrix in
                        pairs.withUnsafeBufferPointer { pairs in
                            output.withUnsafeMutableBufferPointer { output in
                                var product = ck_product(
                                    matrix: matrix, bytes: pairs.isEmpty ? bytes : nil, pairs: pairs.isEmpty ? nil : pairs.baseAddress,
                                    rows: Int64(rows), y: output.baseAddress, y_stride: matrix.pointee.rows, accumulate: accumulate)
                                ck_multiply(pool.handle, &product, 1)
                            }
                        }
                    }
                }
            }
        }
    }

    @Test(arguments: SampleMatrix.Form.allCases)
    func productsAreThoseOfWhatIsMultiplied(_ form: SampleMatrix.Form) throws {
        var random = RandomNumbers(seed: 21)
        for shape in ProductTests.Shape.all(form) {
            let matrix = try SampleMatrix(form, rows: shape.rows, columns: shape.columns, group: shape.group, &random)
            let input = random.floats(shape.tokens * shape.columns)
            for pool in try Self.pools(form) {
                let converted = Converted(pool, input, shape.columns, part: form.isAffine ? min(shape.group, 64) : nil)
                for accumulate in [false, true] {
                    var output = [Float](repeating: 7, count: shape.tokens * shape.rows)
                    converted.product(pool, matrix.packed, rows: shape.tokens, into: &output, accumulate: accumulate)
                    let expected = Self.sums(matrix, converted.numbers, shape)
                    let worst =
                        output.indices.map { index in
                            let (sum, size) = expected[index]
                            let error = (sum + (accumulate ? 7 : 0) - Double(output[index])).magnitude / (size + 1)
                            return error.isNaN ? .infinity : error
                        }.max() ?? 0
                    #expect(worst < 3e-6, "\(pool.instructionSet) \(form) \(shape) accumulate \(accumulate)")
                }
            }
        }
    }

    private static func sums(_ matrix: SampleMatrix, _ input: [Float], _ shape: ProductTests.Shape) -> [(sum: Double, size: Double)] {
        matrix.elements.withUnsafeBufferPointer { elements in
            input.withUnsafeBufferPointer { input in
                var sums: [(sum: Double, size: Double)] = []
                for token in 0..<shape.tokens {
                    for row in 0..<shape.rows {
                        var sum = 0.0
                        var size = 0.0
                        for column in 0..<shape.columns {
                            let term = Double(elements[row * shape.columns + column]) * Double(input[token * shape.columns + column])
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

    /// Alone and among others, with one thread or two, and in bytes by each instruction set: every bit is the same.
    @Test(arguments: SampleMatrix.Form.allCases)
    func rowsThreadsAndInstructionSetsChangeNothing(_ form: SampleMatrix.Form) throws {
        var random = RandomNumbers(seed: 22)
        for shape in ProductTests.Shape.all(form) {
            let matrix = try SampleMatrix(form, rows: shape.rows, columns: shape.columns, group: shape.group, &random)
            let input = random.floats(shape.tokens * shape.columns)
            let part = form.isAffine ? min(shape.group, 64) : nil
            var results: Set<[UInt32]> = []
            for pool in try Self.pools(form) {
                var together = [Float](repeating: 0, count: shape.tokens * shape.rows)
                Converted(pool, input, shape.columns, part: part).product(
                    pool, matrix.packed, rows: shape.tokens, into: &together, accumulate: false)
                let single = try KernelPool(threads: 1, instructionSet: pool.instructionSet)
                var alone: [Float] = []
                for token in 0..<shape.tokens {
                    var output = [Float](repeating: 0, count: shape.rows)
                    let row = Array(input[token * shape.columns..<(token + 1) * shape.columns])
                    Converted(single, row, shape.columns, part: part).product(single, matrix.packed, rows: 1, into: &output, accumulate: false)
                    alone += output
                }
                results.insert(together.map(\.bitPattern))
                results.insert(alone.map(\.bitPattern))
            }
            #expect(results.count <= 1, "\(form) \(shape)")
        }
    }

    /// A product that is damaged says so; a row of zeros is one.
    @Test func conversionsKeepWhatIsNotANumber() throws {
        for pool in try Self.pools(.affine4) {
            for damage in [Float.nan, .infinity, -.infinity] {
                var row = [Float](repeating: 0.5, count: 128)
                row[77] = damage
                let converted = Converted(pool, row, 128, part: 64)
                #expect(converted.scales[0].isFinite && converted.scales[2].isNaN, "\(pool.instructionSet)")
            }
            let zeros = Converted(pool, Array(repeating: 0, count: 64), 64, part: 64)
            #expect(zeros.bytes.allSatisfy { $0 == 0 } && zeros.scales == [0, 0])
            let extremes = Converted(pool, (0..<64).map { $0 % 2 == 0 ? 1 : -1 }, 64, part: 64)
            #expect(Set(extremes.bytes) == [127, -127, 0])
            // Two bytes: as near as 16 bits are.
            var random = RandomNumbers(seed: 24)
            let drawn = random.floats(6400)
            let converted = Converted(pool, drawn, 6400, part: 64)
            let isNear = drawn.indices.allSatisfy { (drawn[$0] - converted.numbers[$0]).magnitude <= 1 / 127 / 255 }
            #expect(isNear, "\(pool.instructionSet)")
        }
    }

    /// Several products at once: the rows of each, whatever the sizes of the others.
    @Test func productsAtOnceAreThoseOfEachAlone() throws {
        var random = RandomNumbers(seed: 23)
        let shapes = [(16, 1), (200, 3), (33, 40), (1, 13), (80, 0), (129, 2)]
        for pool in try Self.pools(.affine4) {
            let matrices = try shapes.map { try SampleMatrix(.affine4, rows: $0.0, columns: 128, group: 64, &random).packed }
            let inputs = shapes.map { Converted(pool, random.floats($0.1 * 128), 128, part: 64) }
            var expected: [[Float]] = []
            for (index, shape) in shapes.enumerated() {
                var output = [Float](repeating: 0, count: shape.0 * shape.1)
                inputs[index].product(pool, matrices[index], rows: shape.1, into: &output, accumulate: false)
                expected.append(output)
            }
            let outputs = try shapes.map { try AlignedMemory(count: max(1, $0.0 * $0.1 * 4)) }
            var descriptors = matrices.map(\.descriptor)
            var bytes = inputs.map { $0.withBytes { $0 } }
            descriptors.withUnsafeMutableBufferPointer { descriptors in
                bytes.withUnsafeMutableBufferPointer { bytes in
                    let products = shapes.indices.map { index in
                        ck_product(
                            matrix: descriptors.baseAddress.map { UnsafePointer($0 + index) },
                            bytes: bytes.baseAddress.map { UnsafePointer($0 + index) },
                            pairs: nil, rows: Int64(shapes[index].1), y: outputs[index].floats, y_stride: Int64(shapes[index].0), accumulate: false)
                    }
                    ck_multiply(pool.handle, products, Int64(products.count))
                }
            }
            withExtendedLifetime((matrices, inputs)) {}
            for (index, wanted) in expected.enumerated() {
                let found = Array(UnsafeBufferPointer(start: outputs[index].floats, count: wanted.count))
                #expect(found.elementsEqual(wanted), "\(pool.instructionSet) \(shapes[index])")
            }
        }
    }
}
