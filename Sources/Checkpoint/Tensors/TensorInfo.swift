/// Types of the elements of a safetensors file.
public enum DataType: String, Sendable, CaseIterable {
    case bool = "BOOL"
    case u8 = "U8"
    case i8 = "I8"
    case f8e4m3 = "F8_E4M3"
    case f8e5m2 = "F8_E5M2"
    case u16 = "U16"
    case i16 = "I16"
    case f16 = "F16"
    case bf16 = "BF16"
    case u32 = "U32"
    case i32 = "I32"
    case f32 = "F32"
    case u64 = "U64"
    case i64 = "I64"
    case f64 = "F64"

    /// Bytes of one element.
    public var size: Int {
        switch self {
        case .bool, .u8, .i8, .f8e4m3, .f8e5m2: 1
        case .u16, .i16, .f16, .bf16: 2
        case .u32, .i32, .f32: 4
        case .u64, .i64, .f64: 8
        }
    }

    public var isFloat: Bool { self == .f32 || self == .bf16 || self == .f16 }
}

/// Where a tensor is, row-major, and what it holds. The range is checked against the file's size.
public struct TensorInfo: Sendable, Equatable {
    public var name: String
    public var type: DataType
    public var shape: [Int]
    /// The path of the safetensors file.
    public var file: String
    /// Bytes from the start of the file; the length is that of `shape` and `type`.
    public var range: Range<Int>

    /// One of `count` equal parts along the first dimension, which has this extent.
    func part(_ index: Int, of count: Int) -> TensorInfo {
        let size = range.count / count
        let start = range.lowerBound + index * size
        return TensorInfo(name: name, type: type, shape: Array(shape.dropFirst()), file: file, range: start..<start + size)
    }
}
