import JSON

/// The table of one safetensors file. Every name, type, shape and range has been checked: the ranges follow each other from the
/// header to the end of the file without a gap or an overlap, as the format demands.
struct SafetensorsHeader {
    let file: String
    let fileSize: Int
    /// The JSON text as it stands in the file.
    let text: [UInt8]
    let tensors: [TensorInfo]

    private static let remedy = "download the file again"
    /// The format's own bound.
    private static let maximumTextSize = 100_000_000

    init(file path: String) throws(CheckpointError) {
        let input = try InputFile(path)
        file = path
        fileSize = input.size
        guard fileSize >= 8 else {
            throw CheckpointError("has \(fileSize) bytes, a safetensors file has at least 8", hint: Self.remedy, file: path)
        }
        let length = try input.read(count: 8, at: 0).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(Self.maximumTextSize) else {
            throw CheckpointError("claims a header of \(length) bytes", hint: "this is not a safetensors file", file: path)
        }
        guard Int(length) <= fileSize - 8 else {
            throw CheckpointError(
                "is truncated: it has \(fileSize) bytes and a header of \(length)", hint: Self.remedy, file: path)
        }
        text = try input.read(count: Int(length), at: 8)
        let root: JSON
        do throws(JSONError) {
            root = try JSON(parsing: text, maximumDepth: 8)
        } catch {
            throw CheckpointError("has a header that is not JSON: \(error)", hint: Self.remedy, file: path)
        }
        guard let members = root.objectValue else {
            throw CheckpointError("has a header that is \(root.typeName), not a mapping", hint: Self.remedy, file: path)
        }
        let dataStart = 8 + Int(length)
        var tensors: [TensorInfo] = []
        for member in members where member.key != "__metadata__" {
            tensors.append(try Self.tensor(member.key, member.value, dataStart: dataStart, fileSize: fileSize, file: path))
        }
        try Self.checkCover(tensors, dataStart: dataStart, fileSize: fileSize, file: path)
        self.tensors = tensors
    }

    private static func tensor(_ name: String, _ entry: JSON, dataStart: Int, fileSize: Int, file: String) throws(CheckpointError) -> TensorInfo {
        func wrong(_ message: String, hint: String = Self.remedy) -> CheckpointError {
            CheckpointError("tensor `\(name)` \(message)", hint: hint, file: file)
        }
        guard let typeName = entry["dtype"]?.stringValue else { throw wrong("has no dtype") }
        guard let type = DataType(rawValue: typeName) else {
            throw wrong("has the unknown dtype `\(typeName)`", hint: "known: \(DataType.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        guard let dimensions = entry["shape"]?.arrayValue, dimensions.count <= 16 else { throw wrong("has no shape") }
        var shape: [Int] = []
        var bytes = type.size
        for dimension in dimensions {
            guard let extent = dimension.intValue, extent >= 0 else { throw wrong("has the extent \(dimension.text) in its shape") }
            let (product, overflow) = bytes.multipliedReportingOverflow(by: extent)
            guard !overflow else { throw wrong("has a shape larger than any file") }
            bytes = product
            shape.append(extent)
        }
        guard let offsets = entry["data_offsets"]?.arrayValue, offsets.count == 2, let begin = offsets[0].intValue, let end = offsets[1].intValue,
            begin >= 0, end >= begin
        else { throw wrong("has no valid data_offsets") }
        guard end - begin == bytes else { throw wrong("has \(end - begin) bytes, its shape and dtype need \(bytes)") }
        guard end <= fileSize - dataStart else {
            throw wrong("ends at byte \(end) of the data, the file has \(fileSize - dataStart)", hint: "the file is truncated, download it again")
        }
        return TensorInfo(name: name, type: type, shape: shape, file: file, range: dataStart + begin..<dataStart + end)
    }

    private static func checkCover(_ tensors: [TensorInfo], dataStart: Int, fileSize: Int, file: String) throws(CheckpointError) {
        func wrong(_ message: String) -> CheckpointError { CheckpointError(message, hint: Self.remedy, file: file) }
        var covered = dataStart
        var last = "the header"
        for tensor in tensors.sorted(by: { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }) {
            if tensor.range.lowerBound < covered { throw wrong("tensor `\(tensor.name)` overlaps \(last)") }
            if tensor.range.lowerBound > covered {
                throw wrong("has \(tensor.range.lowerBound - covered) bytes between \(last) and tensor `\(tensor.name)`")
            }
            covered = tensor.range.upperBound
            last = "tensor `\(tensor.name)`"
        }
        if covered < fileSize { throw wrong("has \(fileSize - covered) bytes after \(last)") }
    }
}
