/// MLX's affine form of some weights: groups of consecutive ones share a scale and a bias, `w = q * scale + bias`, lowest bits first.
struct AffineMatrix {
    /// Words of 32 bits, as they are stored.
    private(set) var weight: [UInt8] = []
    /// One of each group, exact in bf16.
    private(set) var scales: [Float] = []
    private(set) var biases: [Float] = []

    /// - Parameter group: divides the columns, and so the number of values.
    init(_ values: [Float], bits: Int, group: Int) {
        let most = Float(1 << bits - 1)
        for start in stride(from: 0, to: values.count, by: group) {
            let part = values[start..<start + group]
            let bias = Self.rounded(part.min() ?? 0)
            let scale = Self.rounded(max((part.max() ?? 0) - bias, 1e-6) / most)
            scales.append(scale)
            biases.append(bias)
            var byte: UInt8 = 0
            for (index, value) in part.enumerated() {
                let place = index * bits % 8
                let step = ((value - bias) / scale).rounded()
                byte |= UInt8(min(max(step, 0), most)) << UInt8(place)
                guard place + bits == 8 else { continue }
                weight.append(byte)
                byte = 0
            }
        }
    }

    private static func rounded(_ value: Float) -> Float { Float(bitPattern: value.bitPattern & 0xFFFF_0000) }
}
