import CKernels
import Glibc
import Testing

@testable import InferenceRuntime

/// Functions of one row, against double precision.
struct ElementwiseTests {
    private static let sizes = [1, 2, 15, 16, 17, 128, 250]

    @Test(arguments: [1, 8, 9, 20])
    func rowsAreNormalised(_ rows: Int) throws {
        var random = RandomNumbers(seed: 7)
        for size in Self.sizes {
            let input = random.floats(rows * size)
            let weight = random.floats(size)
            for pool in try KernelPool.allHere() {
                var output = [Float](repeating: 0, count: rows * size)
                ck_rms_norm(pool.handle, input, weight, &output, Int64(size), Int64(rows), 1e-6)
                for row in 0..<rows {
                    let mean = (0..<size).reduce(0.0) { $0 + Double(input[row * size + $1]) * Double(input[row * size + $1]) } / Double(size)
                    let isClose = (0..<size).allSatisfy { index in
                        let expected = Double(input[row * size + index]) / (mean + 1e-6).squareRoot() * Double(weight[index])
                        return (expected - Double(output[row * size + index])).magnitude <= 2e-6 * max(1, expected.magnitude)
                    }
                    #expect(isClose, "\(pool.instructionSet) size \(size) row \(row)")
                }
            }
        }
    }

    @Test func gatesAreThoseOfSiLU() throws {
        var random = RandomNumbers(seed: 8)
        for size in Self.sizes {
            // As far out as exp goes in f32, and beyond.
            let gate = random.floats(3 * size).map { $0 * 100 }
            let up = random.floats(3 * size)
            for pool in try KernelPool.allHere() {
                var output = gate
                ck_silu_multiply(pool.handle, &output, up, Int64(size), 3)
                let isClose = gate.indices.allSatisfy { index in
                    let expected = Double(gate[index]) / (1 + exp(-Double(gate[index]))) * Double(up[index])
                    return (expected - Double(output[index])).magnitude <= 2e-6 * max(1, expected.magnitude)
                }
                #expect(isClose, "\(pool.instructionSet) size \(size)")
            }
        }
    }

    @Test func rotationsAreThoseOfThePositions() {
        let positions: [Int64] = [0, 1, 2, 255, 256, 8191]
        for (size, theta) in [(16, 10000.0), (64, 10000.0), (128, 1_000_000.0)] {
            var cosines = [Float](repeating: 0, count: positions.count * size / 2)
            var sines = cosines
            let frequencies = (0..<size / 2).map { Float(pow(theta, -2 * Double($0) / Double(size))) }
            ck_rope_table(positions, Int64(positions.count), Int32(size / 2), frequencies, &cosines, &sines)
            for (row, position) in positions.enumerated() {
                for i in 0..<size / 2 {
                    let angle = Double(position) * pow(theta, -2 * Double(i) / Double(size))
                    // The reference implementation rounds frequency and angle to f32: an error of 2^-23 of the angle.
                    let bound = 1e-6 + angle * 2.5e-7
                    #expect((Double(cosines[row * size / 2 + i]) - cos(angle)).magnitude <= bound, "position \(position) pair \(i)")
                    #expect((Double(sines[row * size / 2 + i]) - sin(angle)).magnitude <= bound, "position \(position) pair \(i)")
                }
            }
        }
    }

    @Test func logitsAreSummedAndCompared() {
        var random = RandomNumbers(seed: 9)
        for size in Self.sizes {
            let logits = random.floats(size).map { $0 * 10 }
            let expected = log(logits.reduce(0.0) { $0 + exp(Double($1)) })
            #expect((expected - Double(ck_log_sum_exp(logits, Int64(size)))).magnitude < 1e-5, "size \(size)")
            #expect(logits[Int(ck_argmax(logits, Int64(size)))] == logits.max())
        }
        #expect(ck_argmax([1, 3, 3, 2], 4) == 1)
        #expect(ck_argmax([.nan, -5, .nan], 3) == 1)
        #expect(ck_log_sum_exp([-.infinity, -.infinity], 2) == -.infinity)
    }

    /// RFC 3720, appendix B.4, and the check value of the catalogue of CRCs; in one piece and in two.
    @Test func checksumsAreCRC32C() {
        #expect(ck_crc32c(0, Array("123456789".utf8), 9) == 0xE306_9283)
        #expect(ck_crc32c(0, [UInt8](repeating: 0, count: 32), 32) == 0x8A91_36AA)
        #expect(ck_crc32c(0, [UInt8](repeating: 0xFF, count: 32), 32) == 0x62A8_AB43)
        let bytes = [UInt8](0..<32)
        #expect(ck_crc32c(0, bytes, 32) == 0x46DD_794E)
        for cut in 0...32 {
            #expect(ck_crc32c(ck_crc32c(0, Array(bytes[..<cut]), cut), Array(bytes[cut...]), 32 - cut) == 0x46DD_794E)
        }
    }

    /// Three chains at once give what one gives, whatever the length.
    @Test func aChecksumOfPartsIsThatOfTheWhole() {
        var random = RandomNumbers(seed: 3)
        let bytes = (0..<60_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        for count in [0, 1, 7, 4095, 12_287, 12_288, 12_289, 24_576, 36_863, 59_999, 60_000] {
            var sum: UInt32 = 0
            for start in stride(from: 0, to: count, by: 999) {
                let part = Array(bytes[start..<min(start + 999, count)])
                sum = ck_crc32c(sum, part, part.count)
            }
            #expect(ck_crc32c(0, bytes, count) == sum, "\(count) bytes")
        }
    }
}
