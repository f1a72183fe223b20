import CUTF8Proc
import Glibc
import JSON

/// What is done to text before it is split: Unicode normal forms, in order (`normalizer` of tokenizer.json).
struct Normalizer: Sendable {
    private enum Step: String {
        case composed = "NFC"
        case decomposed = "NFD"
        case compatibleComposed = "NFKC"
        case compatibleDecomposed = "NFKD"
    }
    private let steps: [Step]

    init(_ json: JSON?) throws(RuntimeError) { steps = try Self.steps(json) }

    private static func steps(_ json: JSON?) throws(RuntimeError) -> [Step] {
        guard let json, !json.isNull else { return [] }
        let type = json["type"]?.stringValue ?? "without a type"
        if type == "Sequence" {
            var steps: [Step] = []
            for element in json["normalizers"]?.arrayValue ?? [] { steps += try Self.steps(element) }
            return steps
        }
        guard let step = Step(rawValue: type) else {
            throw TokenizerFile.unsupported("normalizer `\(type)`", supported: "NFC, NFD, NFKC, NFKD, Sequence")
        }
        return [step]
    }

    /// The normal form of UTF-8 `bytes`. ASCII is its own in all of them.
    func normalize(_ bytes: [UInt8]) throws(RuntimeError) -> [UInt8] {
        guard !steps.isEmpty, bytes.contains(where: { $0 >= 0x80 }) else { return bytes }
        var result = bytes
        for step in steps { result = try Self.apply(step, to: result) }
        return result
    }

    private static func apply(_ step: Step, to bytes: [UInt8]) throws(RuntimeError) -> [UInt8] {
        let form =
            switch step {
            case .composed: UTF8PROC_COMPOSE.rawValue
            case .decomposed: UTF8PROC_DECOMPOSE.rawValue
            case .compatibleComposed: UTF8PROC_COMPOSE.rawValue | UTF8PROC_COMPAT.rawValue
            case .compatibleDecomposed: UTF8PROC_DECOMPOSE.rawValue | UTF8PROC_COMPAT.rawValue
            }
        var output: UnsafeMutablePointer<UInt8>?
        let options = utf8proc_option_t(rawValue: UTF8PROC_STABLE.rawValue | form)
        let length = utf8proc_map(bytes, bytes.count, &output, options)
        guard length >= 0, let output else { throw RuntimeError("cannot normalise the text: \(String(cString: utf8proc_errmsg(length)))") }
        defer { free(output) }
        return Array(UnsafeBufferPointer(start: output, count: length))
    }
}
