import JSON

/// Diagnostics as SARIF 2.1.0 (OASIS), the format of code scanning: one run, its rules, results with related places and fixes.
public struct SARIFRenderer: Sendable {
    private let version: String

    /// - Parameter version: the program's own.
    public init(version: String) { self.version = version }

    public func render(_ report: Report) -> JSON {
        let codes = Set(report.diagnostics.map(\.code)).sorted { $0.rawValue < $1.rawValue }
        let indices = Dictionary(uniqueKeysWithValues: codes.enumerated().map { ($1, $0) })
        var fingerprints = Fingerprints()
        let results = report.inputs.flatMap { input in
            input.diagnostics.map { SARIFResult(input: input).json($0, rule: indices[$0.code] ?? 0, &fingerprints) }
        }
        let driver: JSON = [
            "name": "anyclaude", "version": .string(version), "semanticVersion": .string(version), "rules": .array(codes.map(rule)),
        ]
        return [
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
            "runs": [["tool": ["driver": driver], "columnKind": "unicodeCodePoints", "results": .array(results)]],
        ]
    }

    private func rule(_ code: DiagnosticCode) -> JSON {
        [
            "id": .string(code.rawValue),
            "shortDescription": ["text": .string(code.page.title)],
            "fullDescription": ["text": .string(code.page.text)],
            "help": ["text": .string(code.explanation)],
            "defaultConfiguration": ["level": .string(code.page.severity.rawValue)],
            "properties": ["tags": [.string(code.stage.title)]],
        ]
    }

    /// Tells a result again when lines above it come and go: the code, the text of its line, and which of the equal ones it is.
    struct Fingerprints {
        private var seen: [UInt64: Int] = [:]

        mutating func next(_ code: DiagnosticCode, line: String) -> String {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325  // FNV-1a
            for byte in "\(code.rawValue)\n\(line)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            seen[hash, default: 0] += 1
            return "\(String(hash, radix: 16)):\(seen[hash] ?? 1)"
        }
    }
}
