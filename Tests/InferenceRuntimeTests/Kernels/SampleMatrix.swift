import CKernels

@testable import InferenceRuntime

/// A packed matrix of random elements, and what each of them stands for.
struct SampleMatrix {
    let packed: PackedMatrix
    /// (rows, columns)
    let elements: [Float]

    /// How the elements are kept.
    enum Form: Sendable, CaseIterable {
        case f32, bf16, affine4, affine8, affine4WithPlainScales, affine8WithPlainScales

        var isAffine: Bool { self != .f32 && self != .bf16 }
        var bits: Int { self == .affine4 || self == .affine4WithPlainScales ? 4 : 8 }
        var hasPlainScales: Bool { self == .affine4WithPlainScales || self == .affine8WithPlainScales }
    }

    /// - Parameter group: 32, 64 or 128, a divisor of `columns`; for affine forms.
    init(_ form: Form, rows: Int, columns: Int, group: Int, _ random: inout RandomNumbers) throws {
        guard form.isAffine else {
            (packed, elements) = try Self.plain(form, rows, columns, &random)
            return
        }
        (packed, elements) = try Self.affine(form, rows, columns, group, &random)
    }

    private static func plain(
        _ form: Form, _ rows: Int, _ columns: Int, _ random: inout RandomNumbers
    ) throws -> (PackedMatrix, [Float]) {
        let packed = try PackedMatrix(rows: rows, columns: columns, kind: form == .f32 ? .f32 : .bf16)
        let drawn = random.floats(rows * columns)
        if form == .f32 {
            // In runs of 16 rows, as a loader may read them.
            drawn.withUnsafeBufferPointer { source in
                for first in stride(from: 0, to: rows, by: 16) {
                    ck_pack_rows(
                        PackedMatrix.Kind.f32.rawValue, Int32(CK_SOURCE_F32.rawValue), source.baseAddress.map { $0 + first * columns }, Int64(first),
                        Int64(min(16, rows - first)), Int64(columns), packed.data)
                }
            }
            return (packed, drawn)
        }
        let halves = drawn.map(\.roundedToBF16)
        ck_pack_rows(
            PackedMatrix.Kind.bf16.rawValue, Int32(CK_SOURCE_BF16.rawValue), halves, 0, Int64(rows), Int64(columns), packed.data)
        return (packed, halves.map(Float.init(bf16:)))
    }

    /// MLX's `w = q * scale + bias`, lowest bits first.
    private static func affine(
        _ form: Form, _ rows: Int, _ columns: Int, _ group: Int, _ random: inout RandomNumbers
    ) throws -> (PackedMatrix, [Float]) {
        let scaleKind: PackedMatrix.Kind = form.hasPlainScales ? .f32 : .bf16
        let packed = try PackedMatrix(rows: rows, columns: columns, kind: form.bits == 4 ? .q4 : .q8, group: group, scaleKind: scaleKind)
        let words = columns * form.bits / 32
        let groups = columns / group
        let source = (0..<rows * words).map { _ in UInt32(truncatingIfNeeded: random.next()) }
        ck_pack_rows(packed.kind.rawValue, Int32(CK_SOURCE_U32.rawValue), source, 0, Int64(rows), Int64(columns), packed.data)
        var parts: [[Float]] = []
        for (isBias, size) in [(false, Float(0.1)), (true, 1)] {
            let drawn = random.floats(rows * groups).map { $0 * size }
            let halves = drawn.map(\.roundedToBF16)
            if form.hasPlainScales {
                ck_pack_scales(
                    scaleKind.rawValue, Int32(CK_SOURCE_F32.rawValue), drawn, 0, Int64(rows), Int64(groups), isBias, packed.scales)
            } else {
                ck_pack_scales(
                    scaleKind.rawValue, Int32(CK_SOURCE_BF16.rawValue), halves, 0, Int64(rows), Int64(groups), isBias, packed.scales)
            }
            parts.append(form.hasPlainScales ? drawn : halves.map(Float.init(bf16:)))
        }
        var elements: [Float] = []
        elements.reserveCapacity(rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                let bit = column * form.bits
                let level = source[row * words + bit / 32] >> UInt32(bit % 32) & (1 << UInt32(form.bits) - 1)
                let scale = row * groups + column / group
                elements.append(Float(level) * parts[0][scale] + parts[1][scale])
            }
        }
        return (packed, elements)
    }
}

extension RandomNumbers {
    /// `count` numbers between -1 and 1.
    mutating func floats(_ count: Int) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(count)
        for _ in 0..<count { result.append(Float(unit() * 2 - 1)) }
        return result
    }
}

extension Float {
    /// The upper half of the nearest f32 that has one alone, ties to even.
    var roundedToBF16: UInt16 { UInt16(truncatingIfNeeded: (bitPattern + 0x7FFF + (bitPattern >> 16 & 1)) >> 16) }

    init(bf16 bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }
}

extension KernelPool {
    /// One for each instruction set of this CPU.
    static func allHere(threads: Int = 2) throws -> [KernelPool] {
        try InstructionSet.allCases.filter { $0.rawValue <= ck_level_detected() }.map { try KernelPool(threads: threads, instructionSet: $0) }
    }
}
